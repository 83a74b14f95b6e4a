using System.Net;
using ChatShare.Core.Files;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>Downloads while they run: known, held, called off, ended with their session.</summary>
public sealed class RunningDownloadTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    // More than all buffers between a writer and a reader that does not read.
    private const int Large = 24_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_download_is_known_while_it_runs_and_counts_its_bytes(bool isFinished)
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, boSession) = await app.EnterAsync("Bo");
        var content = Make.Bytes(Large);
        var upload = await app.OfferAsync(ann, "big.bin", Large);
        await upload.AppendAsync(0, new MemoryStream(content, 0, isFinished ? Large : Large / 2), Cancel);

        using var response = await bo.BeginGetAsync(upload.Address());
        var download = await RunningAsync(app);
        await Eventually.TrueAsync(() => Task.FromResult(download.Sent > 0));

        Assert.Equal(("big.bin", boSession.Participant.Session.PersonId, (long)Large), (download.File.Name, download.Who.PersonId, download.Length));
        Assert.Equal(DownloadState.Running, download.State);
        if (!isFinished)
            await upload.AppendAsync(Large / 2, new MemoryStream(content, Large / 2, Large / 2), Cancel);
        Assert.Equal(Make.Sha256(content), Make.Sha256(await response.Content.ReadAsByteArrayAsync(Cancel)));
        await Eventually.TrueAsync(() => Task.FromResult(download.State == DownloadState.Done));
        Assert.Equal(Large, download.Sent);
        Assert.Empty(app.Get<ActiveDownloads>().Running);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disconnect_ends_a_download_within_two_seconds_even_of_a_reader_who_does_not_read(bool isFinished)
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var upload = await app.OfferAsync(ann, "big.bin", Large);
        await upload.AppendAsync(0, new MemoryStream(new byte[isFinished ? Large : Large - 1]), Cancel);
        using var response = await bo.BeginGetAsync(upload.Address());
        var download = await RunningAsync(app);

        await app.EndSessionAsync("Bo", "Enough.").WaitAsync(TimeSpan.FromSeconds(2), Cancel);
        await EndedAsync(download).WaitAsync(TimeSpan.FromSeconds(2), Cancel);

        Assert.Equal(DownloadState.Broken, download.State);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Theory]
    [InlineData(false, FileState.Cancelled)]
    [InlineData(true, FileState.Cancelled)]
    [InlineData(false, FileState.Failed)]
    [InlineData(true, FileState.Deleted)]
    public async Task Upload_that_becomes_no_file_resets_a_reader_who_is_behind_and_does_not_read(bool isPaused, FileState end)
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var upload = await app.OfferAsync(ann, "big.bin", Large);
        await upload.AppendAsync(0, new MemoryStream(new byte[Large - 1]), Cancel);
        using var response = await bo.BeginGetAsync(upload.Address());
        var download = await RunningAsync(app);
        if (isPaused)
            download.Pause();
        await Eventually.TrueAsync(() => Task.FromResult(download.Sent > 0));

        if (end == FileState.Deleted)
            await app.Get<FileRemoval>().DeleteMessageAsync(ann.Room, 1, ann.Participant.Session, Cancel);
        else if (end == FileState.Cancelled)
            await upload.CancelAsync(ann.Participant.Session, Cancel);
        else
            await upload.FailAsync("It broke.", Cancel);

        // Nothing is read before, so that it cannot have come to the end of what is here.
        await EndedAsync(download);
        Assert.InRange(download.Sent, 1, Large - 2);
        Assert.Equal((end, DownloadState.Broken), (upload.File.State, download.State));
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task Upload_that_becomes_the_file_lets_a_reader_who_is_behind_go_on_to_its_end()
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var content = Make.Bytes(Large);
        var upload = await app.OfferAsync(ann, "big.bin", Large);
        await upload.AppendAsync(0, new MemoryStream(content, 0, Large - 1), Cancel);
        using var response = await bo.BeginGetAsync(upload.Address());
        var download = await RunningAsync(app);

        await upload.AppendAsync(Large - 1, new MemoryStream(content, Large - 1, 1), Cancel);

        Assert.Equal((FileState.Ready, DownloadState.Running), (upload.File.State, download.State));
        Assert.Equal(Make.Sha256(content), Make.Sha256(await response.Content.ReadAsByteArrayAsync(Cancel)));
    }

    [Fact]
    public async Task Disconnect_ends_an_archive_too()
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var upload = await app.ShareAsync(ann, "big.bin", new byte[Large]);
        using var response = await bo.BeginGetAsync($"/files/archive?with={upload.Id}");

        await app.EndSessionAsync("Bo", "Enough.");

        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(2), Cancel));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_paused_download_writes_nothing_and_goes_on_to_the_same_file(bool isFinished)
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var content = Make.Bytes(Large);
        var upload = await app.OfferAsync(ann, "big.bin", Large);
        await upload.AppendAsync(0, new MemoryStream(content, 0, isFinished ? Large : Large - 1), Cancel);
        using var response = await bo.BeginGetAsync(upload.Address());
        var download = await RunningAsync(app);

        download.Pause();
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        var read = body.ReadAtLeastAsync(new byte[Large], Large, throwOnEndOfStream: false, Cancel);
        // The reader takes whatever was on its way, and the writer stops behind its block.
        var before = -1L;
        var same = 0;
        await Eventually.TrueAsync(() =>
        {
            same = before == download.Sent ? same + 1 : 0;
            before = download.Sent;
            return Task.FromResult(same == 3);
        });
        Assert.False(read.IsCompleted);
        Assert.Equal(DownloadState.Paused, download.State);
        Assert.InRange(download.Sent, 1, Large - 1);

        download.Resume();
        if (!isFinished)
            await upload.AppendAsync(Large - 1, new MemoryStream(content, Large - 1, 1), Cancel);
        Assert.Equal(Large, await read);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_archive_is_known_while_it_runs_and_can_be_held_and_called_off(bool isCancelled)
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, boSession) = await app.EnterAsync("Bo");
        await app.ShareAsync(ann, "big.bin", new byte[Large]);
        await app.ShareAsync(ann, "small.bin", new byte[10]);
        using var response = await bo.BeginGetAsync("/files/archive?room=Lobby");
        var download = await RunningAsync(app);

        Assert.Equal(
            ("Lobby.zip", "/files/archive?room=Lobby", boSession.Participant.Session.PersonId, Large + 10L),
            (download.File.Name, download.Address, download.Who.PersonId, download.Length));
        download.Pause();
        await Eventually.TrueAsync(() => Task.FromResult(download.Sent > 0));
        if (isCancelled)
            download.Cancel();
        else
            download.Resume();
        if (isCancelled)
            await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync(Cancel));
        else
            Assert.InRange((await response.Content.ReadAsByteArrayAsync(Cancel)).Length, Large + 11, int.MaxValue);
        await EndedAsync(download);
        Assert.Equal(isCancelled ? DownloadState.Cancelled : DownloadState.Done, download.State);
    }

    [Fact]
    public async Task File_that_still_comes_in_has_no_tag_that_could_match()
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var upload = await app.OfferAsync(ann, "big.bin", Large);
        using var tagged = new HttpRequestMessage(HttpMethod.Head, upload.Address()) { Headers = { { "If-Match", "\"other\"" } } };
        using var any = new HttpRequestMessage(HttpMethod.Head, upload.Address()) { Headers = { { "If-Match", "*" } } };

        using var refused = await bo.SendAsync(tagged, Cancel);
        using var told = await bo.SendAsync(any, Cancel);

        Assert.Equal((HttpStatusCode.PreconditionFailed, HttpStatusCode.OK), (refused.StatusCode, told.StatusCode));
    }

    [Fact]
    public async Task A_cancelled_download_is_reset_and_never_ends_short()
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var upload = await app.ShareAsync(ann, "big.bin", new byte[Large]);
        using var response = await bo.BeginGetAsync(upload.Address());
        var download = await RunningAsync(app);
        download.Pause();

        download.Cancel();

        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync(Cancel));
        await EndedAsync(download);
        Assert.Equal(DownloadState.Cancelled, download.State);
        // A browser that goes on by itself is told; a person who begins again is not kept from it.
        using var byItself = await bo.BeginGetAsync(upload.Address(), ("Range", "bytes=5-9"), ("If-Range", $"\"{upload.File.Sha256}\""));
        using var again = await bo.BeginGetAsync(upload.Address(), ("Range", "bytes=5-9"));
        Assert.Equal((HttpStatusCode.Gone, HttpStatusCode.PartialContent), (byItself.StatusCode, again.StatusCode));
        download.Cancel();
        download.Resume();
        Assert.Equal(DownloadState.Cancelled, download.State);
    }

    [Fact]
    public async Task Nobody_finds_the_download_of_somebody_else_or_one_that_has_ended()
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, boSession) = await app.EnterAsync("Bo");
        var upload = await app.ShareAsync(ann, "big.bin", new byte[Large]);
        using var response = await bo.BeginGetAsync(upload.Address());
        var download = await RunningAsync(app);
        var downloads = app.Get<ActiveDownloads>();

        Assert.Null(downloads.Find(download.Id, ann.Participant.Session));
        Assert.Same(download, downloads.Find(download.Id, boSession.Participant.Session));
        download.Cancel();
        await EndedAsync(download);
        Assert.Null(downloads.Find(download.Id, boSession.Participant.Session));
    }

    [Fact]
    public async Task A_stop_of_the_server_does_not_wait_for_a_download()
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var upload = await app.ShareAsync(ann, "big.bin", new byte[Large]);
        using var response = await bo.BeginGetAsync(upload.Address());
        var download = await RunningAsync(app);
        download.Pause();

        // Half of what the test's host grants.
        await app.StopAsync().WaitAsync(TimeSpan.FromSeconds(2.5), Cancel);
    }

    [Theory]
    [InlineData("bytes=0-99", HttpStatusCode.PartialContent, 100)]
    [InlineData("bytes=-100", HttpStatusCode.PartialContent, 100)]
    [InlineData("bytes=1000000-1999999", HttpStatusCode.PartialContent, 1_000_000)]
    [InlineData("lines=0-99", HttpStatusCode.OK, 2_000_000)]
    public async Task A_range_is_what_was_asked_for_over_many_blocks(string range, HttpStatusCode status, int length)
    {
        var app = fixture.App;
        var (ann, session) = await app.EnterAsync(fixture.NewName());
        var content = Make.Bytes(2_000_000);
        var upload = await app.ShareAsync(session, "two.bin", content);
        using var response = await ann.BeginGetAsync(upload.Address(), ("Range", range));

        var got = await response.Content.ReadAsByteArrayAsync(Cancel);
        Assert.Equal((status, length), (response.StatusCode, got.Length));
        var from = (int)(response.Content.Headers.ContentRange?.From ?? 0);
        Assert.True(content.AsSpan(from, length).SequenceEqual(got));
    }

    private static async Task<Download> RunningAsync(RunningApp app)
    {
        var downloads = app.Get<ActiveDownloads>();
        await Eventually.TrueAsync(() => Task.FromResult(downloads.Running.Any()));
        return downloads.Running.Single();
    }

    private static Task EndedAsync(Download download) => Eventually.TrueAsync(() => Task.FromResult(download.IsOver));
}
