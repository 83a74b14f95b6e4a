using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>What can be refused is refused before the first byte, with a sentence that names the limit.</summary>
public sealed class UploadLimitsTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task File_over_the_limit_is_refused_with_the_limit_and_no_card_appears()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:FileBytes", "1500000"));
        await using var anna = await host.EnterAsync("anna", token);
        var refused = await RefuseAsync(host, anna, token, Make.File("small", 1), Make.File("film.mkv", 1_500_001));
        Assert.Equal(RefusalKind.TooLarge, refused.Kind);
        Assert.Contains("film.mkv", refused.Message, StringComparison.Ordinal);
        // Both are 1.5 MB.
        Assert.Contains("1,500,001 B; the limit here is 1,500,000 B", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await host.AllAsync(host.Lobby, token));
        Assert.Empty(host.Uploads.Active);
        Assert.Single(await host.Uploads.BeginAsync(anna, [Make.File("film.mkv", 1_500_000)], Make.ClientId(), token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Too_many_or_no_files_are_refused()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:FilesPerMessage", "3"));
        await using var anna = await host.EnterAsync("anna", token);
        var four = Enumerable.Range(0, 4).Select(i => Make.File($"{i}", 1)).ToArray();
        var refused = await RefuseAsync(host, anna, token, four);
        Assert.Equal(RefusalKind.TooLarge, refused.Kind);
        Assert.Contains('3', refused.Message);
        Assert.Equal(RefusalKind.Invalid, (await RefuseAsync(host, anna, token)).Kind);
        Assert.Equal(RefusalKind.Invalid, (await RefuseAsync(host, anna, token, Make.File("x", -1))).Kind);
        Assert.Equal(3, (await host.Uploads.BeginAsync(anna, four[..3], Make.ClientId(), token)).Length);
        Assert.Equal(["0", "1", "2"], (await host.AllAsync(host.Lobby, token)).Single().Files.Select(file => file.Name));
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(1L << 60)]
    [InlineData(long.MaxValue)]
    public async Task More_than_the_disk_holds_is_refused_also_without_a_limit(long length)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:FileBytes", "0"));
        await using var anna = await host.EnterAsync("anna", token);
        Assert.Equal(RefusalKind.DiskFull, (await RefuseAsync(host, anna, token, Make.File("a", length), Make.File("b", length))).Kind);
        Assert.Empty(host.Uploads.Active);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Bytes_that_were_promised_to_others_are_not_promised_twice()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:FileBytes", "0"));
        await using var anna = await host.EnterAsync("anna", token);
        var most = host.Get<DownloadStore>().FreeBytes * 2 / 3;
        var first = await host.OfferAsync(anna, "a", most, token);
        Assert.Equal(RefusalKind.DiskFull, (await RefuseAsync(host, anna, token, Make.File("b", most))).Kind);
        await first.CancelAsync(anna.Participant.Session, token);
        await host.OfferAsync(anna, "b", most, token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task More_uploads_than_a_minute_allows_are_refused_one_by_one_and_at_once()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:UploadsPerMinute", "5"));
        await using var anna = await host.EnterAsync("anna", token);
        var many = Enumerable.Range(0, 6).Select(i => Make.File($"{i}", 1)).ToArray();
        // More than can ever be allowed at once is a refusal too, and no fault.
        await RefuseAsync(host, anna, token, many);
        await host.Uploads.BeginAsync(anna, many[..5], Make.ClientId(), token);
        var refused = await RefuseAsync(host, anna, token, many[5]);
        Assert.Equal(RefusalKind.TooFast, refused.Kind);
        Assert.NotNull(refused.RetryAfter);
        Assert.Single(await host.AllAsync(host.Lobby, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task One_person_feeds_so_many_uploads_at_a_time_and_others_are_free()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:UploadsPerPerson", "2"));
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = await host.EnterAsync("bert", token);
        var uploads = await host.Uploads.BeginAsync(
            anna, [Make.File("1", 100), Make.File("2", 100), Make.File("3", 100)], Make.ClientId(), token);
        var sources = uploads.Take(2).Select(_ => new ScriptedStream(new byte[50], [10], ScriptedStream.Ending.Stalls)).ToList();
        using var hangUp = new CancellationTokenSource();
        var appends = uploads.Take(2).Zip(sources, (upload, source) => upload.AppendAsync(0, source, hangUp.Token)).ToList();
        foreach (var source in sources)
            await source.Drained.WaitAsync(token);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => uploads[2].AppendAsync(0, new MemoryStream(new byte[100]), token));
        Assert.Equal(RefusalKind.TooFast, refused.Kind);
        Assert.True(uploads[2].IsUnderWay);
        // What needs no feeding needs no place.
        Assert.Equal(FileState.Ready, (await host.ShareAsync(anna, "empty", [], token)).File.State);
        Assert.Equal(FileState.Ready, (await host.ShareAsync(bert, "b", new byte[100], token)).File.State);

        await hangUp.CancelAsync();
        foreach (var append in appends)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        await uploads[2].AppendAsync(0, new MemoryStream(new byte[100]), token);
        Assert.Equal(FileState.Ready, uploads[2].File.State);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Of_many_at_the_same_moment_as_many_are_fed_as_there_are_places()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:UploadsPerPerson", "3"));
        await using var anna = await host.EnterAsync("anna", token);
        var uploads = await host.Uploads.BeginAsync(anna, [.. Enumerable.Range(0, 6).Select(i => Make.File($"{i}", 100))], Make.ClientId(), token);
        for (var round = 0; round < 20; round++)
        {
            using var hangUp = new CancellationTokenSource();
            using var start = new Barrier(uploads.Length);
            var appends = uploads.Select(upload => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait(token);
                    return upload.AppendAsync(0, new ScriptedStream(default, [], ScriptedStream.Ending.Stalls), hangUp.Token);
                },
                token, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()).ToList();
            await Eventually.TrueAsync(() => Task.FromResult(appends.Count(append => append.IsFaulted) >= 3));
            await hangUp.CancelAsync();
            await Task.WhenAll(appends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            Assert.Equal((3, 3), (appends.Count(append => append.IsFaulted), appends.Count(append => append.IsCanceled)));
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Same_announcement_again_makes_no_second_message()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = (await host.Uploads.BeginAsync(anna, [Make.File("f", 3)], "same", token))[0];
        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => host.Uploads.BeginAsync(anna, [Make.File("f", 3)], "same", token));
        Assert.Equal(RefusalKind.Conflict, refused.Kind);
        Assert.Same(upload, host.Uploads.Active.Single());
        Assert.Single(await host.AllAsync(host.Lobby, token));
        await Assert.ThrowsAsync<RefusedException>(() => host.Uploads.BeginAsync(anna, [Make.File("f", 3)], "not an id", token));
        Assert.Single(host.Uploads.Active);
    }

    private static Task<RefusedException> RefuseAsync(
        CoreHost host, RoomSession session, CancellationToken token, params UploadRequest[] files) =>
        Assert.ThrowsAsync<RefusedException>(() => host.Uploads.BeginAsync(session, files, Make.ClientId(), token));
}
