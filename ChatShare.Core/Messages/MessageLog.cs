using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using ChatShare.Core.Cluster;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Messages;

/// <summary>
/// All messages of all rooms, durable. One writer takes everything that waits into one transaction (group commit),
/// then publishes it in order, then tells the senders: durable, then visible, then acknowledged.
/// </summary>
public sealed class MessageLog : IAsyncDisposable
{
    private const int MostInOneCommit = 1000;
    private static readonly TimeSpan SettleInterval = TimeSpan.FromSeconds(1);

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly Database _database;
    private readonly IRoomBus _bus;
    private readonly TimeProvider _time;
    private readonly ChatShareMetrics _metrics;
    private readonly ILogger<MessageLog> _logger;

    // Bounded: when the disk cannot keep up, senders wait for a place instead of filling the memory.
    private readonly Channel<LogEntry> _waiting = Channel.CreateBounded<LogEntry>(
        new BoundedChannelOptions(4096) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Lazy<Task> _writer;

    // When the writer began with what it writes.
    private long _begun;

    internal MessageLog(
        IDbContextFactory<ChatShareDbContext> contexts, Database database, IRoomBus bus, TimeProvider time, ChatShareMetrics metrics,
        ILogger<MessageLog> logger)
    {
        _contexts = contexts;
        _bus = bus;
        _database = database;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _writer = new Lazy<Task>(() => Task.Run(WriteAsync));
    }

    /// <summary>Called with whose files have changed, durably; takes no time and does not throw. Null for nobody.</summary>
    internal Action<Guid>? FilesChanged { get; set; }

    /// <summary>Raised when a file of any room has come, is ready or has gone, or a message was taken back.</summary>
    internal ChangeSignal FilesOfAnyRoomChanged { get; } = new();

    /// <summary>Called with each new message, durably, those of this node in their order; takes no time and does not throw. Null for nobody.</summary>
    internal Action<ChatMessage>? Posted { get; set; }

    /// <summary>Writes what waits, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        if (_writer.IsValueCreated)
            await _writer.Value;
    }

    /// <summary>Returns when the change is durable and published.</summary>
    /// <exception cref="RefusedException">The entry makes no sense, or nothing can be written now.</exception>
    internal async Task<ChatMessage> AppendAsync(LogEntry entry, CancellationToken cancellationToken)
    {
        _ = _writer.Value;
        try
        {
            await _waiting.Writer.WriteAsync(entry, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new RefusedException(RefusalKind.Conflict, "The server is shutting down. Try again in a moment.");
        }

        return await entry.Written.WaitAsync(cancellationToken);
    }

    /// <summary>The newest messages, ascending, and the room's last number, of one moment.</summary>
    internal async Task<(ImmutableArray<ChatMessage> Messages, long LastNumber)> NewestAsync(
        Room room, int limit, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        await using var moment = await _database.BeginSnapshotAsync(db, cancellationToken);
        var last = await db.Rooms.Where(r => r.Id == room.Id).Select(r => r.LastNumber).SingleAsync(cancellationToken);
        var rows = await db.Messages.AsNoTracking().Where(m => m.RoomId == room.Id)
            .OrderByDescending(m => m.Number).Take(limit).ToListAsync(cancellationToken);
        rows.Reverse();
        return (await WithFilesAsync(db, room, rows, cancellationToken), last);
    }

    /// <summary>Messages below a number, ascending, the nearest ones.</summary>
    internal async Task<ImmutableArray<ChatMessage>> BeforeAsync(Room room, long number, int limit, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Messages.AsNoTracking().Where(m => m.RoomId == room.Id && m.Number < number)
            .OrderByDescending(m => m.Number).Take(limit).ToListAsync(cancellationToken);
        rows.Reverse();
        return await WithFilesAsync(db, room, rows, cancellationToken);
    }

    /// <summary>Messages above a number, ascending, the nearest ones.</summary>
    internal async Task<ImmutableArray<ChatMessage>> AfterAsync(Room room, long number, int limit, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Messages.AsNoTracking().Where(m => m.RoomId == room.Id && m.Number > number)
            .OrderBy(m => m.Number).Take(limit).ToListAsync(cancellationToken);
        return await WithFilesAsync(db, room, rows, cancellationToken);
    }

    /// <summary>Catching up: everything changed after a number, in the order of the changes.</summary>
    internal async Task<ImmutableArray<ChatMessage>> ChangedAfterAsync(Room room, long number, int limit, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Messages.AsNoTracking().Where(m => m.RoomId == room.Id && m.Changed > number)
            .OrderBy(m => m.Changed).Take(limit).ToListAsync(cancellationToken);
        return await WithFilesAsync(db, room, rows, cancellationToken);
    }

    private static async Task<ImmutableArray<ChatMessage>> WithFilesAsync(
        ChatShareDbContext db, Room room, List<MessageRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
            return [];
        var numbers = rows.Select(row => row.Number).ToList();
        var files = (await db.Files.AsNoTracking()
                .Where(f => f.RoomId == room.Id && numbers.Contains(f.MessageNumber))
                .OrderBy(f => f.Position).ToListAsync(cancellationToken))
            .ToLookup(f => f.MessageNumber);
        return [.. rows.Select(row => RowMapping.ToMessage(row, files[row.Number]))];
    }

    private async Task WriteAsync()
    {
        await using var appender = _database.NewAppender(_time, Publish);
        while (await MoreAsync(appender))
        {
            var batch = new List<LogEntry>();
            while (batch.Count < MostInOneCommit && _waiting.Reader.TryRead(out var entry))
                batch.Add(entry);
            try
            {
                _begun = Stopwatch.GetTimestamp();
                await appender.WriteAsync(batch, CancellationToken.None);
            }
            catch (RefusedException away)
            {
                _metrics.CommitFailed(batch.Count);
                batch.ForEach(entry => entry.Fail(away));
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                _logger.AppendFailed(exception, batch.Count);
                await OneByOneAsync(appender, batch);
            }
        }
    }

    /// <summary>Shows a durable change, of this node or of another one, to everybody here.</summary>
    internal void Publish(Room room, ChatMessage message)
    {
        TellOf(room, message, isNew: message.Number == message.Changed);
        room.Publish(message);
    }

    /// <summary>
    /// What a durable change does beside standing in its room, whichever way it came here. One that comes by the bus and by the database is told of twice,
    /// which changes nothing.
    /// </summary>
    internal void TellOf(Room room, ChatMessage message, bool isNew)
    {
        // They may have ended at another node, which tells nothing more of them.
        room.UploadEnded(message.Files.Where(file => !file.IsUnderWay).Select(file => file.Id));
        if (isNew)
            Posted?.Invoke(message);
        if (message.Deleted || !message.Files.IsEmpty)
        {
            room.FilesChanged.Raise();
            FilesOfAnyRoomChanged.Raise();
        }

        if (!message.Files.IsEmpty)
            FilesChanged?.Invoke(message.PersonId);
    }

    /// <summary>Waits for the next entry; meanwhile, whoever reads need not wait for it to see what was in doubt.</summary>
    private async Task<bool> MoreAsync(IAppender appender)
    {
        var more = _waiting.Reader.WaitToReadAsync().AsTask();
        while (appender.IsInDoubt && await Task.WhenAny(more, Task.Delay(SettleInterval)) != more)
        {
            try
            {
                await appender.SettleAsync(CancellationToken.None);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // The next batch asks again, and tells its senders; without this loop nobody would ever be answered.
                _logger.SettleFailed(exception);
            }
        }

        return await more;
    }

    private void Publish(IReadOnlyList<LogEntry> batch, IReadOnlyList<AppendResult> results)
    {
        _metrics.Committed(Stopwatch.GetElapsedTime(_begun), batch.Count);
        foreach (var (entry, result) in batch.Zip(results))
        {
            if (result is not { Message: { } message, IsNew: true })
                continue;
            // First to the other nodes: here hundreds of pages are about to be drawn, by the same cores.
            _bus.Tell(new NodeNews.Changed(message));
            Publish(entry.Room, message);
            if (message.Number == message.Changed)
                _metrics.Posted(message.Door);
        }

        foreach (var (entry, result) in batch.Zip(results))
        {
            if (result.Message is { } message)
                entry.Complete(message, result.IsNew);
            else
                entry.Fail(result.Refusal!);
        }
    }

    /// <summary>The transaction failed and left nothing behind: one bad entry must not take the others with it.</summary>
    private async Task OneByOneAsync(IAppender appender, List<LogEntry> batch)
    {
        foreach (var entry in batch)
        {
            try
            {
                _begun = Stopwatch.GetTimestamp();
                await appender.WriteAsync([entry], CancellationToken.None);
            }
            catch (RefusedException away)
            {
                _metrics.CommitFailed(1);
                entry.Fail(away);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                _logger.AppendFailed(exception, 1);
                _metrics.CommitFailed(1);
                entry.Fail(new RefusedException(RefusalKind.DiskFull, "The server cannot store messages right now. Retry in a moment."));
            }
        }
    }
}
