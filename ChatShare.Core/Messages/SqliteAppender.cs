using System.Collections.Immutable;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.Data.Sqlite;

namespace ChatShare.Core.Messages;

/// <summary>What became of an entry: the message (new, or the one that an earlier try had made), or why not.</summary>
internal readonly record struct AppendResult(ChatMessage? Message, bool IsNew, RefusedException? Refusal)
{
    public static AppendResult Refused(RefusalKind kind, string sentence) => new(null, IsNew: false, new RefusedException(kind, sentence));
}

/// <summary>
/// The prepared commands of the append path for SQLite; one connection, used by the log's writer alone. Everything else
/// goes through EF Core; here it would cost more than half of the rate (docs/decisions/0002).
/// </summary>
internal sealed class SqliteAppender : IDisposable
{
    private readonly TimeProvider _time;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;
    private readonly SqliteCommand _readRoom;
    private readonly SqliteCommand _writeRoom;
    private readonly SqliteCommand _insertMessage;
    private readonly SqliteCommand _insertFile;
    private readonly SqliteCommand _findByClientId;
    private readonly SqliteCommand _readMessage;
    private readonly SqliteCommand _readFiles;
    private readonly SqliteCommand _findFile;
    private readonly SqliteCommand _updateFile;
    private readonly SqliteCommand _touchMessage;
    private readonly SqliteCommand _deleteMessage;
    private readonly SqliteCommand _deleteFiles;
    private readonly Dictionary<int, RoomCounter> _counters = [];
    private readonly FillingMessages _filling = new();

    public SqliteAppender(Database database, TimeProvider time)
    {
        _time = time;
        _connection = new SqliteConnection(database.ConnectionString);
        _connection.Open();
        Database.Prepare(_connection);

        // IMMEDIATE: the counters are read under the write lock, so numbers are handed out in commit order.
        _begin = Command("BEGIN IMMEDIATE");
        _commit = Command("COMMIT");
        _rollback = Command("ROLLBACK");
        _readRoom = Command("""SELECT "LastNumber", "MessageCount" FROM "Rooms" WHERE "Id" = $room""", "$room");
        _writeRoom = Command(
            """UPDATE "Rooms" SET "LastNumber" = $number, "MessageCount" = $count WHERE "Id" = $room""",
            "$room", "$number", "$count");
        _insertMessage = Command(
            """
            INSERT INTO "Messages" ("RoomId", "Number", "Changed", "Ordinal", "PersonId", "SenderName", "Door", "SentAt", "Text", "ClientId", "Deleted")
            VALUES ($room, $number, $number, $ordinal, $person, $name, $door, $at, $text, $client, 0)
            ON CONFLICT ("RoomId", "PersonId", "ClientId") DO NOTHING
            """,
            "$room", "$number", "$ordinal", "$person", "$name", "$door", "$at", "$text", "$client");
        _insertFile = Command(
            """
            INSERT INTO "Files" ("Id", "RoomId", "MessageNumber", "Position", "PersonId", "SessionId", "Name", "Folder", "Length", "State", "CreatedAt", "ModifiedAt", "ClientId", "Metadata", "Kept")
            VALUES ($id, $room, $number, $position, $person, $session, $name, $folder, $length, $state, $at, $modified, $client, $metadata, 0)
            """,
            "$id", "$room", "$number", "$position", "$person", "$session", "$name", "$folder", "$length", "$state", "$at", "$modified", "$client", "$metadata");
        _findByClientId = Command(
            """SELECT "Number" FROM "Messages" WHERE "RoomId" = $room AND "PersonId" = $person AND "ClientId" = $client""",
            "$room", "$person", "$client");
        _readMessage = Command(
            """
            SELECT "Changed", "Ordinal", "PersonId", "SenderName", "Door", "SentAt", "Text", "ClientId", "Deleted"
            FROM "Messages" WHERE "RoomId" = $room AND "Number" = $number
            """,
            "$room", "$number");
        _readFiles = Command(
            """
            SELECT "Id", "Name", "Length", "State", "MediaType", "Sha256", "Failure", "Folder", "Width", "Height", "ReadyAt", "Kept", "Position"
            FROM "Files" WHERE "RoomId" = $room AND "MessageNumber" = $number ORDER BY "Position"
            """,
            "$room", "$number");
        _findFile = Command("""SELECT "MessageNumber" FROM "Files" WHERE "Id" = $id AND "RoomId" = $room""", "$id", "$room");
        _updateFile = Command(
            """
            UPDATE "Files" SET "State" = $state, "Length" = $length, "MediaType" = $type, "Sha256" = $sha, "Failure" = $failure,
                "Width" = $width, "Height" = $height, "ReadyAt" = $ready, "Kept" = $kept
            WHERE "Id" = $id
            """,
            "$id", "$state", "$length", "$type", "$sha", "$failure", "$width", "$height", "$ready", "$kept");
        _touchMessage = Command(
            """UPDATE "Messages" SET "Changed" = $changed WHERE "RoomId" = $room AND "Number" = $number""",
            "$room", "$number", "$changed");
        _deleteMessage = Command(
            """
            UPDATE "Messages" SET "Changed" = $changed, "Deleted" = 1, "Text" = ''
            WHERE "RoomId" = $room AND "Number" = $number AND "Deleted" = 0
            """,
            "$room", "$number", "$changed");
        _deleteFiles = Command(
            """UPDATE "Files" SET "State" = $state, "Sha256" = NULL WHERE "RoomId" = $room AND "MessageNumber" = $number""",
            "$room", "$number", "$state");
    }

    /// <summary>All entries in one transaction. Throws when it could not be committed; then nothing was.</summary>
    public IReadOnlyList<AppendResult> Write(IReadOnlyList<LogEntry> batch)
    {
        _counters.Clear();
        _begin.ExecuteNonQuery();
        try
        {
            var results = new AppendResult[batch.Count];
            for (var i = 0; i < results.Length; i++)
            {
                results[i] = batch[i] switch
                {
                    LogEntry.Post post => Post(post),
                    LogEntry.ChangeFile change => ChangeFile(change),
                    LogEntry.Delete delete => Delete(delete),
                    var other => throw new InvalidOperationException($"No command for {other.GetType().Name}."),
                };
            }

            foreach (var (room, counter) in _counters)
                Run(_writeRoom, room, counter.LastNumber, counter.MessageCount);
            _commit.ExecuteNonQuery();
            return results;
        }
        catch
        {
            _filling.Clear();
            // SQLite rolls back by itself on some errors (disk full, for one); then there is nothing left to roll back.
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
                _rollback.ExecuteNonQuery();
            throw;
        }
    }

    public void Dispose() => _connection.Dispose();

    private AppendResult Post(LogEntry.Post post)
    {
        var who = post.Sender;
        var counter = CounterOf(post.Room);
        var message = new ChatMessage
        {
            RoomId = post.Room.Id,
            Number = counter.LastNumber + 1,
            Changed = counter.LastNumber + 1,
            Ordinal = counter.MessageCount + 1,
            PersonId = who.PersonId,
            Sender = who.Nickname.Value,
            Door = post.Door,
            SentAt = _time.GetUtcNow(),
            Text = post.Text,
            ClientId = post.ClientId,
            Deleted = false,
            Files = PlacedFiles.Add([], post.Files),
        };
        var inserted = Run(
            _insertMessage, message.RoomId, message.Number, message.Ordinal, message.PersonId, message.Sender, (int)message.Door,
            message.SentAt.UtcTicks, message.Text, message.ClientId);
        if (inserted == 0)
        {
            // A retry: the first try was committed, its acknowledgement was lost. The number stays free.
            Bind(_findByClientId, message.RoomId, message.PersonId, message.ClientId);
            var known = Read(message.RoomId, (long)_findByClientId.ExecuteScalar()!);
            return post.JoinsMessage ? Join(post, known) : new AppendResult(known, IsNew: false, null);
        }

        InsertFiles(post, message, message.SentAt);
        _counters[post.Room.Id] = new RoomCounter(message.Number, message.Ordinal);
        return Changed(message);
    }

    private AppendResult Join(LogEntry.Post post, ChatMessage message)
    {
        if (message.Deleted)
            return AppendResult.Refused(RefusalKind.NotFound, "The message of these files was deleted.");
        if (post.MostFiles > 0 && message.Files.Length + post.Files.Length > post.MostFiles)
            return AppendResult.Refused(RefusalKind.TooLarge, $"One message can have {post.MostFiles} files here.");
        var joined = message.With(TakeNumber(post.Room), PlacedFiles.Add(message.Files, post.Files));
        InsertFiles(post, joined, _time.GetUtcNow());
        Run(_touchMessage, joined.RoomId, joined.Number, joined.Changed);
        return Changed(joined);
    }

    private void InsertFiles(LogEntry.Post post, ChatMessage message, DateTimeOffset at)
    {
        for (var i = 0; i < post.Files.Length; i++)
        {
            var file = message.Files[PlacedFiles.IndexOf(message.Files, post.Files[i].Id)];
            var request = i < post.Requests.Length ? post.Requests[i] : null;
            Run(
                _insertFile, file.Id.ToString(), message.RoomId, message.Number, file.Position, post.Sender.PersonId, post.Sender.Id, file.Name,
                file.Folder, file.Length, (int)file.State, at.UtcTicks, request?.ModifiedAt?.UtcTicks, request?.ClientId, request?.Metadata);
        }
    }

    private AppendResult ChangeFile(LogEntry.ChangeFile change)
    {
        var file = change.File;
        Bind(_findFile, file.Id.ToString(), change.Room.Id);
        if (_findFile.ExecuteScalar() is not long number)
            return AppendResult.Refused(RefusalKind.NotFound, "This file is not there any more.");
        var message = Read(change.Room.Id, number);
        // An upload that had not heard of it yet: the file must not come back.
        if (message.Deleted)
            return AppendResult.Refused(RefusalKind.Gone, "The message of this file was deleted.");
        Run(
            _updateFile, file.Id.ToString(), (int)file.State, file.Length, file.MediaType, file.Sha256, file.Failure, file.Width, file.Height,
            file.ReadyAt?.UtcTicks, file.Kept);
        var next = TakeNumber(change.Room);
        Run(_touchMessage, message.RoomId, number, next);
        return Changed(message.With(next, PlacedFiles.Change(message.Files, file)));
    }

    private AppendResult Delete(LogEntry.Delete delete)
    {
        var next = CounterOf(delete.Room).LastNumber + 1;
        if (Run(_deleteMessage, delete.Room.Id, delete.Number, next) == 0)
            return AppendResult.Refused(RefusalKind.NotFound, "This message is not there any more.");
        Run(_deleteFiles, delete.Room.Id, delete.Number, (int)FileState.Deleted);
        TakeNumber(delete.Room);
        return Changed(ReadRows(delete.Room.Id, delete.Number));
    }

    private AppendResult Changed(ChatMessage message)
    {
        _filling.Note(message);
        return new AppendResult(message, IsNew: true, null);
    }

    private ChatMessage Read(int room, long number) => _filling.Find(room, number) ?? ReadRows(room, number);

    private ChatMessage ReadRows(int room, long number)
    {
        Bind(_readFiles, room, number);
        var files = ImmutableArray.CreateBuilder<SharedFile>();
        using (var row = _readFiles.ExecuteReader())
        {
            while (row.Read())
            {
                files.Add(RowMapping.ToFile(new FileRow
                {
                    Id = row.GetString(0),
                    Name = row.GetString(1),
                    Length = row.GetInt64(2),
                    State = (FileState)row.GetInt32(3),
                    MediaType = row.IsDBNull(4) ? null : row.GetString(4),
                    Sha256 = row.IsDBNull(5) ? null : row.GetString(5),
                    Failure = row.IsDBNull(6) ? null : row.GetString(6),
                    Folder = row.IsDBNull(7) ? null : row.GetString(7),
                    Width = row.IsDBNull(8) ? null : row.GetInt32(8),
                    Height = row.IsDBNull(9) ? null : row.GetInt32(9),
                    ReadyAt = row.IsDBNull(10) ? null : new DateTimeOffset(row.GetInt64(10), TimeSpan.Zero),
                    Kept = row.GetBoolean(11),
                    Position = row.GetInt32(12),
                }));
            }
        }

        Bind(_readMessage, room, number);
        using var found = _readMessage.ExecuteReader();
        found.Read();
        return new ChatMessage
        {
            RoomId = room,
            Number = number,
            Changed = found.GetInt64(0),
            Ordinal = found.GetInt64(1),
            PersonId = found.GetGuid(2),
            Sender = found.GetString(3),
            Door = (People.Door)found.GetInt32(4),
            SentAt = new DateTimeOffset(found.GetInt64(5), TimeSpan.Zero),
            Text = found.GetString(6),
            ClientId = found.GetString(7),
            Deleted = found.GetBoolean(8),
            Files = files.ToImmutable(),
        };
    }

    private RoomCounter CounterOf(Room room)
    {
        if (_counters.TryGetValue(room.Id, out var counter))
            return counter;
        Bind(_readRoom, room.Id);
        using var row = _readRoom.ExecuteReader();
        if (!row.Read())
            throw new StorageException($"The room “{room.Name}” is not in the database.");
        return _counters[room.Id] = new RoomCounter(row.GetInt64(0), row.GetInt64(1));
    }

    private long TakeNumber(Room room)
    {
        var counter = CounterOf(room);
        _counters[room.Id] = counter with { LastNumber = counter.LastNumber + 1 };
        return counter.LastNumber + 1;
    }

    private static int Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        Bind(command, values);
        return command.ExecuteNonQuery();
    }

    private static void Bind(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a literal of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var name in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        if (parameters.Length > 0)
            command.Prepare();
        return command;
    }

    private readonly record struct RoomCounter(long LastNumber, long MessageCount);
}
