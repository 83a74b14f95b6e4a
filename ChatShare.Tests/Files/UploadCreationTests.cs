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

        await again.AppendAsync(0, new MemoryStream(new byte[10]), token);
        Assert.Equal(RefusalKind.Gone, (await Assert.ThrowsAsync<RefusedException>(() => CreateAsync(host, anna, "once", clientId: "mine"))).Kind);
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
        Assert.Equal(RefusalKind.Gone, await RefusalAsync(() => host.Uploads.FindOwnAsync(other.Id, anna, token)));

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
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_upload_whose_sender_stays_away_is_given_up_at_the_next_start()
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

    private static Task<Upload> CreateAsync(
        CoreHost host, PersonSession who, string name, long length = 10, string? clientId = null, string? batch = null) =>
        host.Uploads.CreateAsync(
            host.Lobby, who, Door.Api, Make.File(name, length) with { ClientId = clientId }, batch, TestContext.Current.CancellationToken);
}
