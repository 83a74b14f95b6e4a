using System.Globalization;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using Npgsql;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>
/// One transaction of the append path: everything that a batch needs is read in one round trip, changed in memory and written in another one.
/// </summary>
internal sealed class PostgreSqlAppendCommands(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAppendCommands
{
    private readonly Dictionary<int, RoomCounter> _counters = [];
    private readonly Dictionary<(int RoomId, long Number), ChatMessage> _messages = [];
    private readonly Dictionary<(int RoomId, Guid PersonId, string ClientId), long> _byClientId = [];
    private readonly Dictionary<string, (int RoomId, long Number)> _byFile = new(StringComparer.Ordinal);
    private readonly PendingChanges _pending = new();

    /// <summary>Locks the counters of the batch's rooms, one room after the other, and reads what its entries are about.</summary>
    /// <returns>The number of the transaction.</returns>
    public async Task<string> LoadAsync(IReadOnlyList<LogEntry> batch, CancellationToken cancellationToken)
    {
        await using var reading = new NpgsqlBatch(connection, transaction);
        reading.BatchCommands.Add(Sql.Command(Sql.Begin, IdleTransactions.OfServers.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)));
        // Each statement sees what was committed before it began, and what follows begins when the locks are held.
        reading.BatchCommands.Add(Sql.Command(Sql.LockCounters, batch.Select(entry => entry.Room.Id).Distinct().ToArray()));
        var posts = batch.OfType<LogEntry.Post>().ToList();
        var deletions = batch.OfType<LogEntry.Delete>().ToList();
        object[] wanted =
        [
            posts.Select(post => post.Room.Id).ToArray(),
            posts.Select(post => post.Sender.PersonId).ToArray(),
            posts.Select(post => post.ClientId).ToArray(),
            batch.OfType<LogEntry.ChangeFile>().Select(change => change.File.Id.ToString()).ToArray(),
            deletions.Select(deletion => deletion.Room.Id).ToArray(),
            deletions.Select(deletion => deletion.Number).ToArray(),
        ];
        reading.BatchCommands.Add(Sql.Command(Sql.ReadFiles, wanted));
        reading.BatchCommands.Add(Sql.Command(Sql.ReadMessages, wanted));

        await using var rows = await reading.ExecuteReaderAsync(cancellationToken);
        await rows.ReadAsync(cancellationToken);
        var number = rows.GetString(1);
        await rows.NextResultAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
            _counters.Add(rows.GetInt32(0), new RoomCounter(rows.GetInt64(1), rows.GetInt64(2)));
        await rows.NextResultAsync(cancellationToken);
        var files = new List<FileRow>();
        while (await rows.ReadAsync(cancellationToken))
            files.Add(Sql.FileAt(rows));
        var filesOf = files.ToLookup(file => (file.RoomId, file.MessageNumber));
        await rows.NextResultAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var row = Sql.MessageAt(rows);
            Know(RowMapping.ToMessage(row, filesOf[(row.RoomId, row.Number)]));
        }

        return number;
    }

    /// <summary>Sends all changes.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await using var writing = new NpgsqlBatch(connection, transaction);
        foreach (var command in _pending.Commands())
            writing.BatchCommands.Add(command);
        if (writing.BatchCommands.Count > 0)
            await writing.ExecuteNonQueryAsync(cancellationToken);
    }

    public RoomCounter ReadCounter(Room room) => _counters.TryGetValue(room.Id, out var counter)
        ? counter
        : throw new StorageException($"The room “{room.Name}” is not in the database.");

    public void WriteCounter(int roomId, RoomCounter counter)
    {
        if (_counters[roomId] != counter)
            _pending.Counters.Add((roomId, counter));
    }

    public ChatMessage? Find(int roomId, long number) => _messages.GetValueOrDefault((roomId, number));

    public ChatMessage? FindByFile(int roomId, FileId file) =>
        _byFile.TryGetValue(file.ToString(), out var key) && key.RoomId == roomId ? Find(key.RoomId, key.Number) : null;

    public ChatMessage FindByClientId(int roomId, Guid personId, string clientId) => _messages[(roomId, _byClientId[(roomId, personId, clientId)])];

    public bool TryInsert(ChatMessage message)
    {
        if (_byClientId.ContainsKey((message.RoomId, message.PersonId, message.ClientId)))
            return false;
        Know(message);
        _pending.Messages.Add(message);
        return true;
    }

    public void InsertFile(ChatMessage message, SharedFile file, LogEntry.Post post, UploadRequest? request, DateTimeOffset at) =>
        _pending.Files.Add(new FileRow
        {
            Id = file.Id.ToString(),
            RoomId = message.RoomId,
            MessageNumber = message.Number,
            Position = file.Position,
            PersonId = post.Sender.PersonId,
            SessionId = post.Sender.Id,
            Name = file.Name,
            Folder = file.Folder,
            Length = file.Length,
            State = file.State,
            CreatedAt = at,
            ModifiedAt = request?.ModifiedAt,
            ClientId = request?.ClientId,
            Metadata = request?.Metadata,
            Holder = post.Holder,
            Width = file.Width,
            Height = file.Height,
        });

    public void UpdateFile(SharedFile file) => _pending.FileChanges[file.Id] = file;

    public void Touch(ChatMessage message)
    {
        Know(message);
        _pending.Touched[(message.RoomId, message.Number)] = message.Changed;
    }

    public void Delete(ChatMessage message)
    {
        Touch(message);
        _pending.Deleted.Add((message.RoomId, message.Number));
    }

    private void Know(ChatMessage message)
    {
        _messages[(message.RoomId, message.Number)] = message;
        _byClientId[(message.RoomId, message.PersonId, message.ClientId)] = message.Number;
        foreach (var file in message.Files)
            _byFile[file.Id.ToString()] = (message.RoomId, message.Number);
    }
}
