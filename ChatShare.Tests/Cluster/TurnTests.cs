using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Cluster;

/// <summary>What one node at a time does, when that one stands still.</summary>
public sealed class TurnTests : IDisposable
{
    private static readonly byte[] Content = Make.Bytes(1000);

    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public TurnTests() => _patience.CancelAfter(Make.Patience);

    private CancellationToken Cancel => _patience.Token;

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task A_lock_lasts_no_longer_than_its_holder_says_something()
    {
        PostgreSqlServer.Require();
        await using var host = await CoreHost.StartAsync(Cancel, PostgreSqlServer.CoreSettingsFor(await PostgreSqlServer.NewDatabaseAsync()));
        await using var db = await host.OpenDatabaseAsync(Cancel);
        await db.Database.OpenConnectionAsync(Cancel);
        var usual = await MostIdleAsync();

        await using (await db.Database.BeginTransactionAsync(Cancel))
        {
            await db.HoldAsync("test:", Cancel);
            Assert.Equal("30s", await MostIdleAsync());
        }

        Assert.Equal(usual, await MostIdleAsync());

        Task<string> MostIdleAsync() => db.Database.SqlQuery<string>($"""SELECT current_setting('idle_in_transaction_session_timeout') AS "Value" """).SingleAsync(Cancel);
    }

    [Fact]
    public async Task A_node_that_says_nothing_loses_its_turn_to_one_that_waits()
    {
        Assert.SkipUnless(Make.IsLong, "Waits for as long as the server does; runs in the long form.");
        await using var nodes = await Nodes.StartAsync();
        using var held = await nodes[0].Get<StoredContents>().HoldAsync(Cancel);

        using var next = await nodes[1].Get<StoredContents>().HoldAsync(Cancel);

        await Assert.ThrowsAsync<RefusedException>(() => nodes[0].Get<StoredContents>().DemandAsync(Cancel));
        await nodes[1].Get<StoredContents>().DemandAsync(Cancel);
    }

    [Fact]
    public async Task A_node_that_has_lost_its_turn_deletes_nothing_and_does_it_later()
    {
        await using var nodes = await Nodes.StartAsync();
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel);
        var sha256 = (await nodes[0].ShareAsync(ann, "a.bin", Content, Cancel)).File.Sha256!;
        await using (var db = await nodes[0].OpenDatabaseAsync(Cancel))
            await db.Files.ExecuteUpdateAsync(set => set.SetProperty(f => f.State, FileState.Deleted).SetProperty(f => f.Sha256, (string?)null), Cancel);
        var contents = nodes[0].Get<StoredContents>();

        using (await contents.HoldAsync(Cancel))
        {
            contents.Condemn(sha256);
            await EndTurnsAsync(nodes);
            // Another node may adopt it now.
            using (await nodes[1].Get<StoredContents>().HoldAsync(Cancel))
                Assert.Equal(0, await contents.DropAsync(sha256, Cancel));
            Assert.Equal(RefusalKind.Elsewhere, (await Assert.ThrowsAsync<RefusedException>(() => contents.DemandAsync(Cancel))).Kind);
            Assert.Equal([sha256], nodes[0].Contents());
        }

        await contents.RepairAsync(Cancel);
        Assert.Empty(nodes[0].Contents());
        Assert.Empty(nodes[0].Get<DownloadStore>().Condemned());
    }

    [Fact]
    public async Task An_upload_that_has_lost_its_turn_at_its_end_becomes_the_file_with_the_next_one()
    {
        await using var nodes = await Nodes.StartAsync(1);
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel);
        var sha256 = (await nodes[0].ShareAsync(ann, "a.bin", Content, Cancel)).File.Sha256!;
        var upload = await nodes[0].OfferAsync(ann, "b.bin", Content.Length, Cancel);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => upload.CompleteFromStoreAsync(sha256, async (_, _, stopped) =>
        {
            var held = await nodes[0].Get<StoredContents>().HoldAsync(stopped);
            await EndTurnsAsync(nodes);
            return held;
        }));
        Assert.Equal(RefusalKind.NotYet, refused.Kind);
        Assert.Equal(FileState.Uploading, await StateAsync());
        await nodes[0].UploadClock.LookAtDiskAsync(Cancel);

        Assert.Equal(FileState.Ready, await StateAsync());
        Assert.Equal([sha256], nodes[0].Contents());

        async Task<FileState> StateAsync()
        {
            await using var db = await nodes[0].OpenDatabaseAsync(Cancel);
            return await db.Files.Where(f => f.Id == upload.Id.ToString()).Select(f => f.State).SingleAsync(Cancel);
        }
    }

    [Fact]
    public async Task Whoever_waits_in_vain_is_told_to_come_again_and_what_is_whole_waits_on()
    {
        await using var nodes = await Nodes.StartAsync();
        await using var ann = await nodes[1].EnterAsync("Ann", Cancel);
        var upload = await nodes[1].OfferAsync(ann, "a.bin", Content.Length, Cancel);
        nodes[1].Get<Database>().TurnPatience = TimeSpan.FromMilliseconds(200);
        var held = await nodes[0].Get<StoredContents>().HoldAsync(Cancel);

        await AssertRefusedAsync();
        var append = upload.AppendAsync(0, new MemoryStream(Content), Cancel);
        await Eventually.TrueAsync(() => Task.FromResult(!upload.IsUnderWay));
        // Behind the upload, which has been refused before this is.
        await AssertRefusedAsync();
        Assert.False(append.IsCompleted);
        held.Dispose();

        await append;
        Assert.Equal(FileState.Ready, upload.File.State);

        async Task AssertRefusedAsync()
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => nodes[1].Get<StoredContents>().HoldAsync(Cancel));
            Assert.Equal((RefusalKind.Elsewhere, true), (refused.Kind, refused.RetryAfter > TimeSpan.Zero));
        }
    }

    [Fact]
    public async Task A_space_that_another_node_may_have_granted_meanwhile_is_not_granted()
    {
        await using var nodes = await Nodes.StartAsync(0);
        var node = await nodes.AddAsync(("Limits:PersonBytes", "100"));
        var ann = await node.JoinAsync("Ann", Cancel);
        var active = new Standing(() => EndTurnsAsync(nodes).GetAwaiter().GetResult());

        var refused = await Assert.ThrowsAsync<RefusedException>(() => node.Get<Quota>().ReserveAsync(
            node.Lobby, ann.PersonId, [new SharedFile(FileId.New(), "a.bin", 60, FileState.Uploading, null, null, null)], active, Cancel));

        Assert.Equal(RefusalKind.Elsewhere, refused.Kind);
        using var granted = await node.Get<Quota>().ReserveAsync(
            node.Lobby, ann.PersonId, [new SharedFile(FileId.New(), "a.bin", 60, FileState.Uploading, null, null, null)], [], Cancel);
    }

    /// <summary>As the server does with whoever says nothing for too long.</summary>
    private static Task<object?> EndTurnsAsync(Nodes nodes) => PostgreSqlServer.AskAsync(
        nodes.Database,
        """
        SELECT count(pg_terminate_backend(l.pid, 10000)) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted
        """);

    /// <summary>Uploads under way, of which there are none; while they are looked at, something happens.</summary>
    private sealed class Standing(Action happens) : IEnumerable<Upload>
    {
        public IEnumerator<Upload> GetEnumerator()
        {
            happens();
            return Enumerable.Empty<Upload>().GetEnumerator();
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
