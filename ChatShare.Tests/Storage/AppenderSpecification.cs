using System.Collections.Immutable;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Storage;

/// <summary>What the way of the log into the database has to do, whichever engine it is.</summary>
public abstract class AppenderSpecification
{
    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A server on an empty database of the engine.</summary>
    internal abstract Task<CoreHost> StartAsync();

    [Fact]
    public async Task What_is_told_of_each_entry_is_what_is_stored()
    {
        await using var host = await StartAsync();
        var anna = await host.JoinAsync("anna", Cancel);
        var written = new Written();
        await using var appender = host.Get<Database>().NewAppender(host.Clock, written.Take);
        var (one, two, three) = (File("one"), File("two") with { Position = 5 }, File("three") with { Position = 2, Folder = "a/b" });
        var ready = one with { State = FileState.Ready, Sha256 = new string('a', 64), MediaType = "image/png", Width = 3, Height = 4, Length = 9, Position = 0 };

        // New, with a file that is announced at once and two that join it, changed and taken back, all in one transaction.
        await appender.WriteAsync(
            [
                Post("first", one), Post("second"), Post("first", two) with { JoinsMessage = true }, Post("first", three) with { JoinsMessage = true },
                Change(one with { State = FileState.Uploading }), Change(ready), new LogEntry.Delete(host.Lobby, 2),
            ],
            Cancel);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], written.Results.Select(result => result.Message!.Changed));
        await AssertStoredAsync();

        // The same rows from a transaction before.
        await appender.WriteAsync(
            [
                Post("first", one), Change(two with { State = FileState.Failed, Failure = "Gone." }), Change(ready with { Kept = true }),
                Post("third", File("four")), new LogEntry.Delete(host.Lobby, 1), new LogEntry.Delete(host.Lobby, 1), new LogEntry.Delete(host.Lobby, 2),
                Change(three), Change(File("nobody's")), Post("first", File("late")) with { JoinsMessage = true }, Post("third", File("a"), File("b")) with { JoinsMessage = true, MostFiles = 2 },
            ],
            Cancel);
        Assert.Equal<object?>(
            [
                6L, 8L, 9L, 10L, 11L, RefusalKind.NotFound, RefusalKind.NotFound, RefusalKind.Gone, RefusalKind.NotFound, RefusalKind.NotFound,
                RefusalKind.TooLarge,
            ],
            written.Results.Skip(7).Select(result => result.Message is { } message ? message.Changed : (object?)result.Refusal!.Kind));
        Assert.Equal([false, true, true, true, true], written.Results.Skip(7).Take(5).Select(result => result.IsNew));
        await AssertStoredAsync();

        LogEntry.Post Post(string clientId, params ImmutableArray<SharedFile> files) =>
            new(host.Lobby, anna, Door.Api, $"text of {clientId}", clientId, files) { Requests = [.. files.Select(file => Make.File(file.Name, file.Length))] };

        LogEntry.ChangeFile Change(SharedFile file) => new(host.Lobby, file);

        async Task AssertStoredAsync()
        {
            var told = written.Results.Where(result => result.Message is not null).Select(result => result.Message!)
                .GroupBy(message => message.Number).Select(group => group.MaxBy(message => message.Changed)!).OrderBy(message => message.Number);
            Assert.Equal(told.Select(Describe), (await host.AllAsync(host.Lobby, Cancel)).Select(Describe));
            await using var db = await host.OpenDatabaseAsync(Cancel);
            var last = written.Results.Max(result => result.Message?.Changed);
            Assert.Equal(last, db.Rooms.Single(row => row.Id == host.Lobby.Id).LastNumber);
        }
    }

    [Fact]
    public async Task Rooms_of_one_batch_count_for_themselves()
    {
        await using var host = await StartAsync();
        var anna = await host.JoinAsync("anna", Cancel);
        Room[] rooms = [host.Lobby, await host.CreateRoomAsync("b", anna, Cancel), await host.CreateRoomAsync("a", anna, Cancel)];
        var written = new Written();
        await using var appender = host.Get<Database>().NewAppender(host.Clock, written.Take);
        for (var batch = 0; batch < 3; batch++)
            await appender.WriteAsync([.. Enumerable.Range(0, 30).Select(i => Post(host, rooms[i % 3], anna, Make.ClientId()))], Cancel);

        foreach (var room in rooms)
        {
            var all = Enumerable.Range(1, 30).Select(n => (long)n);
            Assert.Equal(all, written.Results.Where(result => result.Message!.RoomId == room.Id).Select(result => result.Message!.Number));
            Assert.Equal(all, (await host.AllAsync(room, Cancel)).Select(message => message.Ordinal));
        }
    }

    [Fact]
    public async Task Batch_that_fails_leaves_nothing_behind()
    {
        await using var host = await StartAsync();
        var anna = await host.JoinAsync("anna", Cancel);
        var written = new Written();
        await using var appender = host.Get<Database>().NewAppender(host.Clock, written.Take);
        var twice = File("twice");

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => appender.WriteAsync(
            [Post(host, host.Lobby, anna, "good"), Post(host, host.Lobby, anna, "bad") with { Files = [twice, twice] }], Cancel));
        Assert.Empty(written.Results);
        Assert.False(appender.IsInDoubt);
        await appender.WriteAsync([Post(host, host.Lobby, anna, "good")], Cancel);

        Assert.Equal([(1L, "good", true)], written.Results.Select(result => (result.Message!.Number, result.Message.ClientId, result.IsNew)));
        Assert.Equal(["good"], (await host.AllAsync(host.Lobby, Cancel)).Select(message => message.ClientId));
    }

    private protected static LogEntry.Post Post(CoreHost host, Room room, PersonSession sender, string clientId) => new(room, sender, Door.Api, "text", clientId, []);

    private protected static SharedFile File(string name) => new(FileId.New(), name, 3, FileState.Uploading, null, null, null) { Position = PlacedFiles.AtEnd };

    private protected static object Describe(ChatMessage m) => (
        (m.Number, m.Changed, m.Ordinal, m.PersonId, m.Sender, m.Door, m.SentAt), (m.Text, m.ClientId, m.Deleted),
        string.Join("\n", m.Files.Select(file => file.ToString())));

    /// <summary>What an appender has told, in order.</summary>
    private protected sealed class Written
    {
        public List<AppendResult> Results { get; } = [];

        public void Take(IReadOnlyList<LogEntry> batch, IReadOnlyList<AppendResult> results)
        {
            Assert.Equal(batch.Count, results.Count);
            Results.AddRange(results);
        }
    }
}

/// <summary>On a file.</summary>
public sealed class SqliteAppenderTests : AppenderSpecification
{
    internal override Task<CoreHost> StartAsync() => CoreHost.StartAsync(Cancel, ("Storage:Provider", "Sqlite"));
}
