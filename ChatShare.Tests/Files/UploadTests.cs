using System.Diagnostics;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

public sealed class UploadTests
{
    private static readonly byte[] Content = Make.Bytes(700_001);

    [Fact(Timeout = Make.Patience)]
    public async Task Bytes_in_any_pieces_become_the_file_everybody_sees()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));

        var upload = await host.OfferAsync(anna, "photo.bin", Content.Length, token);
        var card = (await bert.UntilMessageAsync(m => m.Files.Length == 1, token)).Files[0];
        Assert.Equal((upload.Id, "photo.bin", Content.Length, FileState.Uploading), (card.Id, card.Name, card.Length, card.State));
        Assert.Same(upload, host.Uploads.Find(upload.Id));

        await upload.AppendAsync(0, new ScriptedStream(Content, [1, 99_999, 131_072, 3, 200_000], ScriptedStream.Ending.Ends), token);

        // Everything is done when the append returns.
        var sha256 = Make.Sha256(Content);
        Assert.Equal((FileState.Ready, sha256, "application/octet-stream"), (upload.File.State, upload.File.Sha256, upload.File.MediaType));
        Assert.False(upload.IsUnderWay);
        Assert.Null(host.Uploads.Find(upload.Id));
        Assert.Empty(host.PartialFiles());
        Assert.Equal([sha256], host.Contents());
        var stored = await host.Get<FileDirectory>().FindAsync(upload.Id, bert.Session.Participant.Session, token);
        Assert.Equal(Path.Combine(host.Downloads, "files", sha256[..2], sha256), stored!.Path);
        Assert.Equal(Content, await File.ReadAllBytesAsync(stored.Path, token));
        var changed = await bert.UntilMessageAsync(m => m.Files is [{ State: FileState.Ready }], token);
        Assert.Equal(upload.File, changed.Files[0]);
        Assert.Equal((1L, 2L, 1L), (changed.Number, changed.Changed, changed.Ordinal));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Empty_file_is_ready_after_an_empty_append()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.ShareAsync(anna, "empty", [], token);
        Assert.Equal((FileState.Ready, Make.Sha256([])), (upload.File.State, upload.File.Sha256));
        Assert.Equal([Make.Sha256([])], host.Contents());
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(999)]
    [InlineData(1001)]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task Wrong_offset_is_a_conflict_and_loses_nothing(long wrong)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.OfferAsync(anna, "f", Content.Length, token);
        await upload.AppendAsync(0, new MemoryStream(Content[..1000]), token);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => upload.AppendAsync(wrong, new MemoryStream(Content), token));
        Assert.Equal(RefusalKind.Conflict, refused.Kind);
        Assert.Contains("1000", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1000, upload.Received);

        await upload.AppendAsync(1000, new MemoryStream(Content[1000..]), token);
        Assert.Equal(Make.Sha256(Content), upload.File.Sha256);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_was_here_before_a_restart_came_at_no_speed_and_what_came_by_tcp_does_not_come_any_more()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.OfferAsync(anna, "f", Content.Length, token);
        await upload.AppendAsync(0, new MemoryStream(Content[..5000]), token);
        var old = await host.Uploads.BeginAsync(host.Lobby, await host.JoinAsync("old", token), Door.Tcp, [Make.File("old.bin", 10)], Make.ClientId(), token);
        await old[0].AppendAsync(0, new MemoryStream(new byte[4]), token);

        await host.RestartAsync(token);
        upload = Assert.Single(host.Uploads.Active);
        // Also before it is looked through.
        Assert.Equal(5000, upload.Progress.Received);
        await upload.TakenUp;
        upload.Report();
        Assert.Equal((5000L, 0.0), (upload.Progress.Received, upload.Progress.BytesPerSecond));

        await upload.AppendAsync(upload.Sender, 5000, new MemoryStream(Content[5000..]), checksum: null, token);
        Assert.Equal(Make.Sha256(Content), upload.File.Sha256);
        Assert.Equal(FileState.Failed, (await host.AllAsync(host.Lobby, token)).SelectMany(message => message.Files).Single(file => file.Name == "old.bin").State);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Two_appends_at_once_one_is_a_conflict_and_the_other_goes_on()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.OfferAsync(anna, "f", Content.Length, token);
        using var hangUp = new CancellationTokenSource();
        var source = new ScriptedStream(Content.AsMemory(0, 5000), [700], ScriptedStream.Ending.Stalls);
        var first = upload.AppendAsync(0, source, hangUp.Token);
        await source.Drained.WaitAsync(token);
        Assert.True(upload.IsReceiving);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => upload.AppendAsync(5000, new MemoryStream(Content[5000..]), token));
        Assert.Equal(RefusalKind.Conflict, refused.Kind);

        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal((5000L, true, false), (upload.Received, upload.IsUnderWay, upload.IsReceiving));
        await upload.AppendAsync(5000, new MemoryStream(Content[5000..]), token);
        Assert.Equal(Make.Sha256(Content), upload.File.Sha256);
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(300_000)]
    public async Task More_bytes_than_declared_are_refused_and_never_make_it_complete(int declared)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.OfferAsync(anna, "f", declared, token);

        // In one piece, and in pieces that fit and end where the file should.
        foreach (var cuts in new int[][] { [], [5], [Math.Max(1, declared)] })
        {
            var source = new ScriptedStream(Content.AsMemory((int)upload.Received), cuts, ScriptedStream.Ending.Ends);
            var refused = await Assert.ThrowsAsync<RefusedException>(() => upload.AppendAsync(upload.Received, source, token));
            Assert.Equal(RefusalKind.TooLarge, refused.Kind);
            Assert.True(upload.IsUnderWay);
            Assert.True(upload.Received < declared || declared == 0, $"{upload.Received} of {declared}.");
        }

        await upload.AppendAsync(upload.Received, new MemoryStream(Content, (int)upload.Received, declared - (int)upload.Received), token);
        Assert.Equal((FileState.Ready, Make.Sha256(Content.AsSpan(0, declared).ToArray())), (upload.File.State, upload.File.Sha256));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_file_that_is_being_finished_is_found_by_whoever_waits_for_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var who = anna.Participant.Session;
        var files = host.Get<FileDirectory>();
        var upload = await host.OfferAsync(anna, "f", Content.Length, token);
        Task append;
        Task<StoredFile?> finding;
        using (await host.Get<StoredContents>().HoldAsync(token))
        {
            append = upload.AppendAsync(0, new MemoryStream(Content), token);
            await Eventually.TrueAsync(() => Task.FromResult(!upload.IsUnderWay));
            Assert.Null(await files.OpenArrivingAsync(upload.Id, who, token));
            finding = files.FindAsync(upload.Id, who, token);
            using var impatient = new CancellationTokenSource();
            var gone = files.FindAsync(upload.Id, who, impatient.Token);
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        }

        await append;
        Assert.Equal(Make.Sha256(Content), (await finding)!.File.Sha256);
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_called_off_while_it_becomes_the_file_becomes_none_and_what_is_one_is_not_called_off(bool isInTime)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.OfferAsync(anna, "f", Content.Length, token);
        Task append;
        var cancel = Task.FromResult(false);
        using (await host.Get<StoredContents>().HoldAsync(token))
        {
            append = upload.AppendAsync(0, new MemoryStream(Content), token);
            await Eventually.TrueAsync(() => Task.FromResult(!upload.IsUnderWay));
            if (isInTime)
                cancel = host.Uploads.CancelAsync(upload.Id, anna.Participant.Session, token);
        }

        if (isInTime)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        else
            await append;
        Assert.Equal(isInTime, await cancel);
        // Whoever still has it in hand, and asks too late.
        await upload.CancelAsync(anna.Participant.Session, token);
        var file = (await host.AllAsync(host.Lobby, token)).Single().Files.Single();
        Assert.Equal(isInTime ? FileState.Cancelled : FileState.Ready, file.State);
        Assert.Equal(isInTime ? [] : [Make.Sha256(Content)], host.Contents());
        Assert.Empty(host.PartialFiles());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_reader_never_makes_the_partial_file()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.OfferAsync(anna, "f", Content.Length, token);

        await using var arriving = await host.Get<FileDirectory>().OpenArrivingAsync(upload.Id, anna.Participant.Session, token);

        Assert.NotNull(arriving);
        Assert.Empty(host.PartialFiles());
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(null)]
    public async Task Bytes_that_are_not_there_any_more_fail_the_upload_and_leave_no_hole(int? left)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        var upload = await host.OfferAsync(anna, "f", Content.Length, token);
        await upload.AppendAsync(0, new MemoryStream(Content[..1000]), token);
        var path = Assert.Single(host.PartialFiles());
        if (left is { } bytes)
            await File.WriteAllBytesAsync(path, Content[..bytes], token);
        else
            File.Delete(path);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => upload.AppendAsync(1000, new MemoryStream(Content[1000..]), token));

        Assert.Equal((RefusalKind.Gone, upload.File.Failure), (refused.Kind, refused.Message));
        await AssertGoneAsync(host, upload, FileState.Failed, bert, token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Source_that_ends_early_or_breaks_leaves_the_upload_to_be_continued()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.OfferAsync(anna, "f", Content.Length, token);
        await upload.AppendAsync(0, new ScriptedStream(Content.AsMemory(0, 100_000), [33_333], ScriptedStream.Ending.Ends), token);
        Assert.Equal((100_000L, true), (upload.Received, upload.IsUnderWay));
        await Assert.ThrowsAsync<IOException>(() => upload.AppendAsync(
            100_000, new ScriptedStream(Content.AsMemory(100_000, 50_000), [777], ScriptedStream.Ending.Breaks), token));
        Assert.Equal((150_000L, true), (upload.Received, upload.IsUnderWay));
        Assert.Equal(FileState.Uploading, upload.File.State);
        Assert.Empty(host.Contents());

        await upload.AppendAsync(150_000, new MemoryStream(Content[150_000..]), token);
        Assert.Equal(Make.Sha256(Content), upload.File.Sha256);
        Assert.Equal(Content, await File.ReadAllBytesAsync(host.Get<DownloadStore>().ContentPath(upload.File.Sha256!), token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Cancelling_is_the_senders_and_the_administrators_and_nobody_elses()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        var root = await host.AdministratorAsync(token);
        var upload = await host.OfferAsync(anna, "f", Content.Length, token);
        var source = new ScriptedStream(Content.AsMemory(0, 5000), [700], ScriptedStream.Ending.Stalls);
        var append = upload.AppendAsync(0, source, token);
        await source.Drained.WaitAsync(token);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => upload.CancelAsync(bert.Session.Participant.Session, token));
        Assert.Equal(RefusalKind.NotPermitted, refused.Kind);
        Assert.True(upload.IsUnderWay);

        await upload.CancelAsync(anna.Participant.Session, token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        await AssertGoneAsync(host, upload, FileState.Cancelled, bert, token);

        var other = await host.OfferAsync(anna, "g", Content.Length, token);
        await other.CancelAsync(root, token);
        await AssertGoneAsync(host, other, FileState.Cancelled, bert, token);
        // Cancelling what has ended changes nothing.
        await other.CancelAsync(root, token);
        await other.FailAsync("late", token);
        Assert.Equal(FileState.Cancelled, other.File.State);
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(null)]
    [InlineData("An administrator ended your session.")]
    public async Task End_of_the_session_fails_its_uploads_within_two_seconds(string? reason)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        var running = await host.OfferAsync(anna, "running", Content.Length, token);
        var waiting = await host.OfferAsync(anna, "waiting", Content.Length, token);
        var done = await host.ShareAsync(anna, "done", [1, 2, 3], token);
        var others = await host.OfferAsync(bert.Session, "others", Content.Length, token);
        var source = new ScriptedStream(Content.AsMemory(0, 5000), [700], ScriptedStream.Ending.Stalls);
        var append = running.AppendAsync(0, source, token);
        await source.Drained.WaitAsync(token);

        var ended = Stopwatch.StartNew();
        await host.Sessions.EndAsync(anna.Participant.Session.Id, reason, token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        foreach (var upload in new[] { running, waiting })
            await bert.UntilMessageAsync(m => m.Files is [{ State: FileState.Failed } file] && file.Id == upload.Id, token);
        Assert.True(ended.Elapsed < TimeSpan.FromSeconds(2), $"It took {ended.Elapsed}.");
        // The room is told first.
        await running.Ended.WaitAsync(token);
        Assert.Equal(reason is null ? "The sender left." : "The sender was disconnected.", running.File.Failure);
        Assert.Equal(FileState.Ready, done.File.State);
        Assert.True(others.IsUnderWay);
        Assert.Empty(host.PartialFiles());
        var refused = await Assert.ThrowsAsync<RefusedException>(() => waiting.AppendAsync(0, new MemoryStream(Content), token));
        Assert.Equal(RefusalKind.SessionEnded, refused.Kind);
        await Assert.ThrowsAsync<RefusedException>(() => host.OfferAsync(anna, "more", 1, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Progress_is_told_about_four_times_a_second_and_never_goes_back()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        var big = await host.OfferAsync(anna, "long", 1 << 30, token);
        using var hangUp = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        // Byte by byte: this takes longer than five reports.
        var append = big.AppendAsync(0, new ScriptedStream(new byte[1 << 20], [1], ScriptedStream.Ending.Stalls), hangUp.Token);
        await bert.UntilAsync(events => events.OfType<RoomEvent.UploadProgressed>().Count() >= 5 || append.IsCompleted ? bert : null, token);
        var elapsed = clock.Elapsed;
        var progress = bert.Events.OfType<RoomEvent.UploadProgressed>().Select(e => e.Progress).ToList();
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);

        Assert.All(progress, p => Assert.Equal((big.Id, big.Length), (p.Id, p.Length)));
        Assert.Equal(progress.Select(p => p.Received).Order(), progress.Select(p => p.Received));
        Assert.True(progress.Count <= (elapsed.TotalSeconds * 4) + 2, $"{progress.Count} reports in {elapsed}.");
        Assert.True(elapsed > TimeSpan.FromMilliseconds(700), $"Five reports in {elapsed}.");
        // Whoever comes in now sees how far it is.
        await using var cleo = await host.EnterAsync("cleo", token);
        Assert.True(cleo.Backlog.Progress.Single().Received >= progress[^1].Received);
        await big.CancelAsync(anna.Participant.Session, token);
        await using var dora = await host.EnterAsync("dora", token);
        Assert.Empty(dora.Backlog.Progress);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Ended_upload_is_not_kept_by_its_session()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var uploads = await ShareManyAsync();
        await TestClock.UntilAsync(TimeSpan.FromMilliseconds(1), token);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        // The last one may still stand on the stack of somebody who has just finished with it.
        Assert.InRange(uploads.Count(upload => upload.TryGetTarget(out _)), 0, 1);
        GC.KeepAlive(anna.Participant.Session);

        async Task<List<WeakReference<Upload>>> ShareManyAsync()
        {
            var made = new List<WeakReference<Upload>>();
            for (var i = 0; i < 10; i++)
                made.Add(new WeakReference<Upload>(await host.ShareAsync(anna, "f", [1], token)));
            return made;
        }
    }

    private static async Task AssertGoneAsync(
        CoreHost host, Upload upload, FileState state, RoomReader reader, CancellationToken token)
    {
        Assert.Equal(state, upload.File.State);
        Assert.False(upload.IsUnderWay);
        Assert.Null(host.Uploads.Find(upload.Id));
        Assert.Empty(host.PartialFiles());
        Assert.Empty(host.Contents());
        await reader.UntilMessageAsync(m => m.Files is [var file] && file.Id == upload.Id && file.State == state, token);
        Assert.Null(await host.Get<FileDirectory>().FindAsync(upload.Id, reader.Session.Participant.Session, token));
    }
}
