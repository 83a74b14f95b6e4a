using ChatShare.Core.Files;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Cluster;

/// <summary>Two nodes with nothing between them but the real PostgreSQL: whatever one does, the other finds in the database.</summary>
public sealed class ByTheDatabaseTests : IDisposable
{
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public ByTheDatabaseTests() => _patience.CancelAfter(Make.Patience);

    private CancellationToken Cancel => _patience.Token;

    public void Dispose() => _patience.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_change_that_is_found_there_does_all_that_one_does_that_was_told_of(bool isRead)
    {
        PostgreSqlServer.Require();
        (string, string)[] settings = [.. PostgreSqlServer.CoreSettingsFor(await PostgreSqlServer.NewDatabaseAsync()), ("Limits:PersonBytes", "100")];
        await using var here = await CoreHost.StartAsync(Cancel, settings);
        await using var there = await CoreHost.StartAsync(Cancel, [.. settings, ("Downloads:Directory", here.Downloads)]);
        await using var ann = await here.EnterAsync("Ann", Cancel);
        var annThere = (await there.Sessions.FindAsync(ann.Participant.Session.Id, Cancel))!;
        there.Connect(annThere);
        await using var reads = isRead ? await there.EnterAsync(annThere, Cancel) : null;
        var marks = await there.Marks.OfAsync(annThere.PersonId, Cancel);
        await using var left = there.Get<Quota>().FollowLeftAsync(annThere, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await left.MoveNextAsync());
        Assert.Equal(100, left.Current);
        var (inRoom, inAny) = (there.Lobby.FilesChanged.Version, there.Rooms.FilesChanged.Version);

        var upload = await here.OfferAsync(ann, "a.bin", 3, Cancel);
        // As a bus had told that was lost later.
        there.Lobby.HearProgress(new UploadProgress(upload.Id, 1, 3, 0));
        await upload.AppendAsync(0, new MemoryStream([1, 2, 3]), Cancel);

        await Eventually.TrueAsync(() => Task.FromResult(there.Lobby.FilesChanged.Version > inRoom && there.Rooms.FilesChanged.Version > inAny));
        await Eventually.TrueAsync(() => Task.FromResult(there.Lobby.FindProgress(upload.Id) is null));
        await Eventually.TrueAsync(() => Task.FromResult(marks[there.Lobby].Ordinal == 1));
        Assert.True(await left.MoveNextAsync());
        Assert.Equal(97, left.Current);
        Assert.Equal((2, 1), (there.Lobby.LastNumber, there.Lobby.MessageCount));
    }
}
