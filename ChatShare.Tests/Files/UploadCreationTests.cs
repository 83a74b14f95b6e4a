using System.Collections.Immutable;
using System.Security.Cryptography;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>Uploads that no page announced: created one by one, by batch, again, and over restarts.</summary>
public sealed class UploadCreationTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Files_of_one_batch_are_one_message_in_the_order_of_their_creation()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var bert = await host.JoinAsync("bert", token);
        await using var reader = new RoomReader(await host.EnterAsync("cleo", token));

        foreach (var name in new[] { "a", "b", "c" })
            await CreateAsync(host, anna, name, batch: "holiday");
        // The batch is a word of its sender: the same one means nothing to others, nor without it.
        await CreateAsync(host, bert, "theirs", batch: "holiday");
        await CreateAsync(host, anna, "alone", batch: null);

        var messages = await host.AllAsync(host.Lobby, token);
        Assert.Equal(["a b c", "theirs", "alone"], messages.Select(message => string.Join(' ', message.Files.Select(file => file.Name))));
        Assert.Equal((1L, 3L), (messages[0].Number, messages[0].Changed));
        await reader.UntilMessageAsync(message => message.Files.Length == 3, token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Files_that_are_announced_side_by_side_stand_where_their_sender_says()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        await using var reader = new RoomReader(await host.EnterAsync("bert", token));

        await Task.WhenAll(Enumerable.Range(0, 40).Reverse().Select(i => CreateAsync(host, anna, $"{i}", batch: "many", index: i)));
        // A place that is taken, none, and one that cannot be.
        await CreateAsync(host, anna, "again", batch: "many", index: 7);
        await CreateAsync(host, anna, "last", batch: "many");
        await CreateAsync(host, anna, "beyond", batch: "many", index: int.MaxValue);

        string[] names = [.. Enumerable.Range(0, 40).Select(i => $"{i}"), "again", "last", "beyond"];
        var message = Assert.Single(await host.AllAsync(host.Lobby, token));
        Assert.Equal(names, message.Files.Select(file => file.Name));
        var shown = await reader.UntilMessageAsync(shown => shown.Files.Length == names.Length, token);
        Assert.Equal(message.Files, shown.Files);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_readers_are_told_of_a_message_that_fills_is_what_the_database_holds()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:UploadsPerPerson", "0"));
        await using var anna = await host.EnterAsync("anna", token);
        var uploads = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => CreateAsync(host, anna.Participant.Session, $"{i}.png", batch: "mixed", index: i)));

        await Task.WhenAll(uploads.Select((upload, i) => i % 2 == 0
            ? upload.CancelAsync(upload.Sender, token)
            : upload.AppendAsync(0, new MemoryStream(Make.Bytes(10, seed: i)), token)));

        var stored = Assert.Single(await host.AllAsync(host.Lobby, token));
        var told = host.Lobby.FindRecent(stored.Number)!;
        Assert.Equal((stored.Changed, 24), (told.Changed, told.Changed));
        Assert.Equal(stored.Files, told.Files);
        Assert.Equal(6, told.Files.Count(file => file.State == FileState.Cancelled));
        Assert.False(told.IsFilling);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_batch_takes_no_more_files_than_a_message_may_have()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:FilesPerMessage", "2"));
        var anna = await host.JoinAsync("anna", token);
        await CreateAsync(host, anna, "a", batch: "few");
        await CreateAsync(host, anna, "b", batch: "few");

        var refused = await Assert.ThrowsAsync<RefusedException>(() => CreateAsync(host, anna, "c", batch: "few"));

        Assert.Equal((RefusalKind.TooLarge, "One message can have 2 files here."), (refused.Kind, refused.Message));
        Assert.Equal(2, host.Uploads.Active.Count());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Creating_again_gives_the_same_upload_also_at_the_same_time_and_after_a_restart()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);

        var made = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => CreateAsync(host, anna, "once", clientId: "mine")));
        Assert.Single(made.Select(upload => upload.Id).Distinct());
        var theirs = await CreateAsync(host, await host.JoinAsync("bert", token), "once", clientId: "mine");
        Assert.NotEqual(made[0].Id, theirs.Id);

        await host.RestartAsync(token);
        anna = (await host.Sessions.FindAsync(anna.Id, token))!;
        var again = await CreateAsync(host, anna, "once", clientId: "mine");
        Assert.Equal(made[0].Id, again.Id);
        Assert.Equal(2, (await host.AllAsync(host.Lobby, token)).Count);

        var cellar = await host.CreateRoomAsync("Cellar", anna, token);
        await AssertOtherFilesAreRefusedAsync();
        await again.AppendAsync(0, new MemoryStream(new byte[10]), token);
        await AssertOtherFilesAreRefusedAsync();
        Assert.Equal(RefusalKind.Gone, (await Assert.ThrowsAsync<RefusedException>(() => CreateAsync(host, anna, "once", clientId: "mine"))).Kind);

        async Task AssertOtherFilesAreRefusedAsync()
        {
            foreach (var (name, length, room) in new[] { ("twice", 10, host.Lobby), ("once", 11, host.Lobby), ("once", 10, cellar) })
            {
                var other = await Assert.ThrowsAsync<RefusedException>(() => host.Uploads.CreateAsync(
                    room, anna, Door.Api, Make.File(name, length) with { ClientId = "mine" }, batch: null, token));
                Assert.Equal(RefusalKind.Conflict, other.Kind);
            }
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Files_that_are_announced_together_are_one_change_and_none_of_them_when_one_is_refused()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:FileBytes", "1000"));
        var anna = await host.JoinAsync("anna", token);
        await using var reader = new RoomReader(await host.EnterAsync("bert", token));

        var refused = await Assert.ThrowsAsync<RefusedException>(() => AllAsync(host, anna, "many", ("a", 10), ("b", 1001)));
        Assert.Equal((RefusalKind.TooLarge, 0), (refused.Kind, host.Uploads.Active.Count()));
        // What was refused is not taken: they may come again.
        var uploads = await AllAsync(host, anna, "many", ("a", 10), ("b", 20), ("c", 30));

        var message = Assert.Single(await host.AllAsync(host.Lobby, token));
        Assert.Equal((1L, 1L), (message.Number, message.Changed));
        Assert.Equal(["a 10", "b 20", "c 30"], message.Files.Select(file => $"{file.Name} {file.Length}"));
        Assert.Equal(message.Files.Select(file => file.Id), uploads.Select(upload => upload.Id));
        Assert.Equal(message.Files, (await reader.UntilMessageAsync(shown => shown.Files.Length > 0, token)).Files);
        // More of the batch join it.
        await AllAsync(host, anna, "many", ("d", 10), ("e", 10));
        Assert.Equal(5, Assert.Single(await host.AllAsync(host.Lobby, token)).Files.Length);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Files_that_are_announced_together_are_announced_once()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);

        // Of two lists that share a file one is taken; a file alone finds it, or is first and the list is refused.
        var tries = await Task.WhenAll(
            Attempt(async () => [.. await AllAsync(host, anna, "many", ("a", 10), ("b", 10))]),
            Attempt(async () => [.. await AllAsync(host, anna, "many", ("b", 10), ("c", 10))]),
            Attempt(async () => [await CreateAsync(host, anna, "b", 10, batch: "many", clientId: "id-b")]));
        Assert.Contains(tries, made => made.Length > 0);
        foreach (var name in new[] { "a", "b", "c" })
            await CreateAsync(host, anna, name, 10, batch: "many", clientId: $"id-{name}");
        var before = Assert.Single(await host.AllAsync(host.Lobby, token)).Files;
        Assert.Equal(["a", "b", "c"], before.Select(file => file.Name).Order(StringComparer.Ordinal));

        await AssertRefusedAsync();
        await host.RestartAsync(token);
        anna = (await host.Sessions.FindAsync(anna.Id, token))!;
        await AssertRefusedAsync();
        Assert.Equal(before.Select(file => file.Id), Assert.Single(await host.AllAsync(host.Lobby, token)).Files.Select(file => file.Id));

        async Task AssertRefusedAsync()
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => AllAsync(host, anna, "many", ("a", 10), ("new", 10)));
            Assert.Equal(RefusalKind.Conflict, refused.Kind);
            // Its own ids may not be used twice either.
            refused = await Assert.ThrowsAsync<RefusedException>(() => AllAsync(host, anna, "many", ("new", 10), ("new", 10)));
            Assert.Equal(RefusalKind.Conflict, refused.Kind);
        }

        static async Task<Upload[]> Attempt(Func<Task<Upload[]>> make)
        {
            try
            {
                return await make();
            }
            catch (RefusedException refused) when (refused.Kind == RefusalKind.Conflict)
            {
                return [];
            }
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Only_the_sender_learns_of_an_upload_and_feeds_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var bert = await host.JoinAsync("bert", token);
        var upload = await CreateAsync(host, anna, "mine");

        Assert.Equal(RefusalKind.NotPermitted, await RefusalAsync(() => host.Uploads.FindOwnAsync(upload.Id, bert, token)));
        Assert.Equal(RefusalKind.NotPermitted, await RefusalAsync(() => upload.AppendAsync(bert, 0, new MemoryStream([1]), checksum: null, token)));
        Assert.Equal(RefusalKind.NotFound, await RefusalAsync(() => host.Uploads.FindOwnAsync(FileId.New(), anna, token)));

        await upload.AppendAsync(0, new MemoryStream(new byte[10]), token);
        var (active, file) = await host.Uploads.FindOwnAsync(upload.Id, anna, token);
        Assert.Equal((null, FileState.Ready), (active, file.State));
        Assert.Equal(RefusalKind.NotPermitted, await RefusalAsync(() => host.Uploads.FindOwnAsync(upload.Id, bert, token)));

        var other = await CreateAsync(host, anna, "other");
        await other.CancelAsync(anna, token);
        Assert.Equal(RefusalKind.CalledOff, await RefusalAsync(() => host.Uploads.FindOwnAsync(other.Id, anna, token)));

        async Task<RefusalKind> RefusalAsync(Func<Task> act) => (await Assert.ThrowsAsync<RefusedException>(act)).Kind;
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_part_that_does_not_fit_its_checksum_leaves_no_trace_and_one_that_does_counts_as_a_whole()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var content = Make.Bytes(300_000);
        var upload = await CreateAsync(host, anna, "checked", content.Length);
        await upload.AppendAsync(0, new MemoryStream(content[..100_000]), token);

        var wrong = await Assert.ThrowsAsync<RefusedException>(
            () => upload.AppendAsync(anna, 100_000, new MemoryStream(Make.Bytes(50_000, seed: 9)), Sha256Of(content[100_000..150_000]), token));
        Assert.Equal(RefusalKind.Checksum, wrong.Kind);
        await Assert.ThrowsAsync<IOException>(() => upload.AppendAsync(
            anna, 100_000, new ScriptedStream(content.AsMemory(100_000, 5_000), [777], ScriptedStream.Ending.Breaks), Sha256Of(content[100_000..]), token));
        Assert.Equal((100_000L, 100_000L), (upload.Received, new FileInfo(Assert.Single(host.PartialFiles())).Length));

        await upload.AppendAsync(anna, 100_000, new MemoryStream(content[100_000..150_000]), Sha256Of(content[100_000..150_000]), token);
        Assert.Equal(150_000, upload.Received);
        await upload.AppendAsync(150_000, new MemoryStream(content[150_000..]), token);
        Assert.Equal((FileState.Ready, Make.Sha256(content)), (upload.File.State, upload.File.Sha256));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_part_that_was_not_verified_is_nowhere_that_a_kill_could_leave_it_to_count()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var content = Make.Bytes(300_000);
        var id = (await CreateAsync(host, anna, "checked", content.Length)).Id;
        var upload = host.Uploads.Find(id)!;
        await upload.AppendAsync(0, new MemoryStream(content[..100_000]), token);
        var store = host.Get<DownloadStore>();
        using (var hangUp = new CancellationTokenSource())
        {
            var source = new ScriptedStream(content.AsMemory(0, 50_000), [777], ScriptedStream.Ending.Stalls);
            var append = upload.AppendAsync(anna, 100_000, source, Sha256Of(content[100_000..]), hangUp.Token);
            await source.Drained.WaitAsync(token);
            Assert.Equal((100_000, 50_000), (store.PartialLength(id), new FileInfo(store.PartPath(id)).Length));
            await hangUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        }

        Assert.Single(host.PartialFiles());
        // What a killed program leaves.
        await File.WriteAllBytesAsync(store.PartPath(id), content[..50_000], token);
        await host.RestartAsync(token);

        anna = (await host.Sessions.FindAsync(anna.Id, token))!;
        var (again, _) = await host.Uploads.FindOwnAsync(id, anna, token);
        Assert.Equal(100_000, again!.Received);
        Assert.Single(host.PartialFiles());
        await again.AppendAsync(anna, 100_000, new MemoryStream(content[100_000..]), Sha256Of(content[100_000..]), token);
        Assert.Equal((FileState.Ready, Make.Sha256(content)), (again.File.State, again.File.Sha256));
        Assert.Empty(host.PartialFiles());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_upload_whose_time_is_over_is_gone_at_once_and_not_with_the_next_sweep()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Downloads:PartialFileHours", "1"));
        var anna = await host.JoinAsync("anna", token);
        var upload = await CreateAsync(host, anna, "late");
        host.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Same(upload, (await host.Uploads.FindOwnAsync(upload.Id, anna, token)).Upload);
        host.Clock.Advance(TimeSpan.FromMinutes(2));

        var refused = await Assert.ThrowsAsync<RefusedException>(() => host.Uploads.FindOwnAsync(upload.Id, anna, token));

        Assert.Equal((RefusalKind.Gone, upload.File.Failure), (refused.Kind, refused.Message));
        Assert.Equal(FileState.Failed, upload.File.State);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_upload_that_nobody_feeds_is_paused_and_moves_on_when_somebody_does()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        var anna = await host.JoinAsync("anna", token);
        var upload = await CreateAsync(host, anna, "long", 1000);
        Assert.False(upload.Progress.IsPaused);

        await upload.AppendAsync(0, new MemoryStream(new byte[300]), token);
        await bert.UntilProgressAsync(progress => progress is { Received: 300, IsPaused: true }, token);
        var source = new ScriptedStream(new byte[100], [50], ScriptedStream.Ending.Stalls);
        using var hangUp = new CancellationTokenSource();
        var append = upload.AppendAsync(300, source, hangUp.Token);
        await bert.UntilProgressAsync(progress => progress is { Received: 400, IsPaused: false }, token);
        // Its part is still open, and nothing comes.
        await bert.UntilProgressAsync(progress => progress is { Received: 400, IsPaused: true }, token);
        Assert.True(upload.IsReceiving);
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_upload_whose_sender_stayed_away_waits_an_hour_after_the_next_start()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Downloads:PartialFileHours", "5"));
        var anna = await host.JoinAsync("anna", token);
        var old = await CreateAsync(host, anna, "old");
        await old.AppendAsync(0, new MemoryStream([1]), token);
        var fresh = await CreateAsync(host, anna, "fresh");
        await fresh.AppendAsync(0, new MemoryStream([1]), token);
        var partial = host.PartialFiles().Single(path => path.EndsWith(old.Id.ToString(), StringComparison.Ordinal));
        await host.StopAsync(token);
        File.SetLastWriteTimeUtc(partial, DateTime.UtcNow.AddHours(-6));

        await host.StartAgainAsync(token);

        // Nobody could come back while the server did not run.
        host.Clock.Advance(TimeSpan.FromMinutes(59));
        await host.SweepUploadsAsync();
        Assert.Equal(2, host.Uploads.Active.Count());
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.SweepUploadsAsync();
        var files = (await host.AllAsync(host.Lobby, token)).SelectMany(message => message.Files).ToDictionary(file => file.Name);
        Assert.Equal((FileState.Failed, FileState.Uploading), (files["old"].State, files["fresh"].State));
        Assert.EndsWith(fresh.Id.ToString(), Assert.Single(host.PartialFiles()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("photos/2026", "photos/2026")]
    [InlineData(@"photos\2026\", "photos/2026")]
    [InlineData("../../etc", "etc")]
    [InlineData("/", null)]
    [InlineData("a/./b/../c", "a/b/c")]
    [InlineData("con/a:b", "_con/a_b")]
    [InlineData(null, null)]
    public void Folders_are_names_and_never_a_path(string? raw, string? clean) => Assert.Equal(clean, FolderPath.Clean(raw));

    private static PartChecksum Sha256Of(byte[] content) =>
        PartChecksum.TryParse($"sha256 {Convert.ToBase64String(SHA256.HashData(content))}", out var checksum) ? checksum : throw new InvalidOperationException();

    private static async Task<ImmutableArray<Upload>> AllAsync(CoreHost host, PersonSession who, string batch, params (string Name, long Length)[] files) =>
        await host.Uploads.CreateAllAsync(
            host.Lobby, who, Door.Api, [.. files.Select(file => Make.File(file.Name, file.Length) with { ClientId = $"id-{file.Name}" })], batch,
            TestContext.Current.CancellationToken);

    private static Task<Upload> CreateAsync(
        CoreHost host, PersonSession who, string name, long length = 10, string? clientId = null, string? batch = null, int? index = null) =>
        host.Uploads.CreateAsync(
            host.Lobby, who, Door.Api, Make.File(name, length) with { ClientId = clientId, Index = index }, batch, TestContext.Current.CancellationToken);
}
