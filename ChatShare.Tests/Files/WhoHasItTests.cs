using System.Net;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

public sealed class WhoHasItTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "", 1)]
    [InlineData("", "bytes=0-", 1)]
    [InlineData("", "bytes=5-", 1)]
    [InlineData("", "bytes=9-", 0)]
    [InlineData("", "bytes=9-9", 0)]
    [InlineData("", "bytes=0-8", 0)]
    [InlineData("", "bytes=0-99", 1)]
    [InlineData("", "bytes=-1", 0)]
    [InlineData("", "bytes=-10", 1)]
    [InlineData("?inline", "", 0)]
    public async Task An_answer_that_ends_with_the_last_byte_counts_once(string query, string range, int expected)
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, annSession) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var upload = await app.ShareAsync(annSession, "digits.txt", "0123456789"u8.ToArray());
        (string, string)[] headers = range.Length > 0 ? [("Range", range)] : [];

        foreach (var client in new[] { bo, bo, ann })
        {
            using var response = await client.BeginGetAsync(upload.Address() + query, headers);
            await response.Content.ReadAsByteArrayAsync(Cancel);
        }

        using (var head = new HttpRequestMessage(HttpMethod.Head, upload.Address()))
            (await bo.SendAsync(head, Cancel)).Dispose();
        await SettledAsync(app);

        Assert.Equal(expected, (await CountAsync(app, upload, annSession)).Count);
    }

    [Fact]
    public async Task A_file_that_was_taken_while_it_came_in_counts_and_so_does_one_in_an_archive()
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var (cy, _) = await app.EnterAsync("Cy");
        var upload = await app.OfferAsync(ann, "half.txt", 10);
        using var response = await bo.BeginGetAsync(upload.Address());
        using var tail = await cy.BeginGetAsync(upload.Address(), ("Range", "bytes=-1"));
        using var last = await cy.BeginGetAsync(upload.Address(), ("Range", "bytes=9-"));
        await upload.AppendAsync(0, new MemoryStream(new byte[10]), Cancel);
        await response.Content.ReadAsByteArrayAsync(Cancel);
        await tail.Content.ReadAsByteArrayAsync(Cancel);
        await last.Content.ReadAsByteArrayAsync(Cancel);
        await SettledAsync(app);
        await TakenAsync(app, upload, ann, 1);

        using var archive = await cy.GetAsync($"/files/archive?with={upload.Id}", Cancel);
        await TakenAsync(app, upload, ann, 2);
        Assert.Equal(["Bo", "Cy"], await app.Get<WhoHasIt>().NamesAsync(upload.Id, ann.Participant.Session, Cancel));
    }

    [Theory]
    [InlineData(65_536, false, 1)]
    [InlineData(65_535, false, 0)]
    [InlineData(1, true, 1)]
    public async Task Whoever_goes_on_has_taken_it_and_not_who_looks_at_the_end(int missing, bool goesOn, int expected)
    {
        await using var app = await RunningApp.StartAsync();
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var upload = await app.ShareAsync(ann, "big.bin", Make.Bytes(200_000));
        (string, string)[] headers = [("Range", $"bytes={200_000 - missing}-"), .. goesOn ? [("If-Range", $"\"{upload.File.Sha256}\"")] : Array.Empty<(string, string)>()];

        using var response = await bo.BeginGetAsync(upload.Address(), headers);
        Assert.Equal(missing, (await response.Content.ReadAsByteArrayAsync(Cancel)).Length);
        await SettledAsync(app);

        Assert.Equal(expected, (await CountAsync(app, upload, ann)).Count);
    }

    [Fact]
    public async Task Only_the_sender_is_told()
    {
        await using var core = await CoreHost.StartAsync(Cancel);
        await using var ann = await core.EnterAsync("Ann", Cancel);
        await using var bo = await core.EnterAsync("Bo", Cancel);
        var upload = await core.ShareAsync(ann, "plan.pdf", [1], Cancel);
        var whoHasIt = core.Get<WhoHasIt>();
        await whoHasIt.TookAsync([upload.Id], bo.Participant.Session);

        Assert.Empty(await whoHasIt.CountAsync([upload.Id], bo.Participant.Session, Cancel));
        var refused = await Assert.ThrowsAsync<RefusedException>(() => whoHasIt.NamesAsync(upload.Id, bo.Participant.Session, Cancel));
        var unknown = await Assert.ThrowsAsync<RefusedException>(() => whoHasIt.NamesAsync(FileId.New(), bo.Participant.Session, Cancel));
        Assert.Equal(unknown.Message, refused.Message);
        Assert.Equal(new TakenFile(upload.Id, 1, 1), Assert.Single(await whoHasIt.CountAsync([upload.Id], ann.Participant.Session, Cancel)));
    }

    [Fact]
    public async Task The_people_whom_it_is_for_are_those_who_read_up_to_it_and_are_still_here()
    {
        await using var core = await CoreHost.StartAsync(Cancel);
        await using var ann = await core.EnterAsync("Ann", Cancel);
        await using var bo = await core.EnterAsync("Bo", Cancel);
        await using var cy = await core.EnterAsync("Cy", Cancel);
        await using var gone = await core.EnterAsync("Gone", Cancel);
        var early = await ann.SayAsync("before", Cancel);
        var upload = await core.ShareAsync(ann, "plan.pdf", [1], Cancel);
        var message = (await core.AllAsync(core.Lobby, Cancel))[^1];
        core.Marks.Mark(ann.Participant.Session.PersonId, message);
        core.Marks.Mark(bo.Participant.Session.PersonId, message);
        core.Marks.Mark(gone.Participant.Session.PersonId, message);
        core.Marks.Mark(cy.Participant.Session.PersonId, early);
        await core.Sessions.EndAsync(gone.Participant.Session.Id, reason: null, Cancel);
        await core.StopAsync(Cancel);
        await core.StartAgainAsync(Cancel);
        var sender = (await core.Sessions.FindAsync(ann.Participant.Session.Id, Cancel))!;
        var reader = (await core.Sessions.FindAsync(bo.Participant.Session.Id, Cancel))!;
        var late = (await core.Sessions.FindAsync(cy.Participant.Session.Id, Cancel))!;
        var whoHasIt = core.Get<WhoHasIt>();

        Assert.Equal(new TakenFile(upload.Id, 0, 1), Assert.Single(await whoHasIt.CountAsync([upload.Id], sender, Cancel)));
        // Nobody waits for a guest who came once, long ago.
        core.Clock.Jump(TimeSpan.FromDays(31));
        Assert.Equal(new TakenFile(upload.Id, 0, 0), Assert.Single(await whoHasIt.CountAsync([upload.Id], sender, Cancel)));
        core.Clock.Jump(-TimeSpan.FromDays(31));
        await whoHasIt.TookAsync([upload.Id], late);
        Assert.Equal(new TakenFile(upload.Id, 1, 2), Assert.Single(await whoHasIt.CountAsync([upload.Id], sender, Cancel)));
        await whoHasIt.TookAsync([upload.Id], reader);
        Assert.Equal(new TakenFile(upload.Id, 2, 2), Assert.Single(await whoHasIt.CountAsync([upload.Id], sender, Cancel)));
    }

    [Fact]
    public async Task The_sender_is_woken_by_the_first_time_alone()
    {
        await using var core = await CoreHost.StartAsync(Cancel);
        await using var ann = await core.EnterAsync("Ann", Cancel);
        await using var bo = await core.EnterAsync("Bo", Cancel);
        var upload = await core.ShareAsync(ann, "plan.pdf", [1], Cancel);
        var whoHasIt = core.Get<WhoHasIt>();
        var (mine, theirs) = (whoHasIt.ChangedFor(ann.Participant.Session.PersonId), whoHasIt.ChangedFor(bo.Participant.Session.PersonId));

        await Task.WhenAll(whoHasIt.TookAsync([upload.Id], bo.Participant.Session), whoHasIt.TookAsync([upload.Id], bo.Participant.Session));
        var version = mine.Version;
        await whoHasIt.TookAsync([upload.Id, FileId.New()], bo.Participant.Session);
        await whoHasIt.TookAsync([upload.Id], ann.Participant.Session);

        Assert.InRange(version, 1, 2);
        Assert.Equal((version, 0), (mine.Version, theirs.Version));
        Assert.Empty(core.Errors);
    }

    [Theory]
    [InlineData("", HttpStatusCode.OK, 1)]
    [InlineData("bytes=0-3", HttpStatusCode.OK, 0)]
    [InlineData("bytes=4-9", HttpStatusCode.OK, 1)]
    [InlineData("bytes=-1", HttpStatusCode.OK, 0)]
    [InlineData("bytes=9-", HttpStatusCode.OK, 0)]
    public async Task A_web_server_in_front_is_handed_the_address_and_the_same_headers(string range, HttpStatusCode status, int counted)
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Downloads:AccelRedirectPrefix=/protected");
        var (_, annSession) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var upload = await app.ShareAsync(annSession, "digits.txt", "0123456789"u8.ToArray());
        var hash = upload.File.Sha256!;
        (string, string)[] headers = range.Length > 0 ? [("Range", range)] : [];
        using var response = await bo.BeginGetAsync(upload.Address(), headers);
        using var known = await bo.BeginGetAsync(upload.Address(), ("If-None-Match", $"\"{hash}\""));
        using var arriving = await bo.BeginGetAsync((await app.OfferAsync(annSession, "half.txt", 10)).Address());

        Assert.Equal((status, ""), (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel)));
        Assert.Equal($"/protected/files/{hash[..2]}/{hash}", response.Header("X-Accel-Redirect"));
        Assert.Equal(
            ("text/plain; charset=utf-8", $"\"{hash}\"", "nosniff"),
            (response.Header("Content-Type"), response.Header("ETag"), response.Header("X-Content-Type-Options")));
        Assert.StartsWith("attachment", response.Header("Content-Disposition"), StringComparison.Ordinal);
        Assert.StartsWith("sandbox", response.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.StartsWith("sha-256=:", response.Header("Repr-Digest"), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.NotModified, ""), (known.StatusCode, known.Header("X-Accel-Redirect")));
        Assert.Equal((10L, ""), (arriving.Content.Headers.ContentLength, arriving.Header("X-Accel-Redirect")));
        await TakenAsync(app, upload, annSession, counted);
    }

    [Theory]
    [InlineData("protected")]
    [InlineData("/protected/")]
    [InlineData("/a\r\nb")]
    public async Task A_prefix_that_is_no_path_stops_the_start(string prefix)
    {
        var stopped = await Assert.ThrowsAnyAsync<Exception>(async () => await (await RunningApp.StartAsync($"ChatShare:Downloads:AccelRedirectPrefix={prefix}")).DisposeAsync());

        Assert.Contains("ChatShare:Downloads:AccelRedirectPrefix", stopped.Message, StringComparison.Ordinal);
    }

    private static async Task<TakenFile> CountAsync(RunningApp app, Upload upload, RoomSession sender) =>
        Assert.Single(await app.Get<WhoHasIt>().CountAsync([upload.Id], sender.Participant.Session, Cancel));

    /// <summary>It is written down behind the last byte, when the reader has long gone on.</summary>
    private static Task TakenAsync(RunningApp app, Upload upload, RoomSession sender, int count) =>
        Eventually.TrueAsync(async () => (await CountAsync(app, upload, sender)).Count == count);

    private static Task SettledAsync(RunningApp app) => Eventually.TrueAsync(() => Task.FromResult(!app.Get<ActiveDownloads>().Running.Any()));
}
