using System.Collections.Immutable;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using Microsoft.Data.Sqlite;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>
/// The prepared commands of the append path for SQLite; one connection, used by the log's writer alone. Everything else
/// goes through EF Core; here it would cost more than half of the rate (docs/decisions/0002).
/// </summary>
internal sealed class SqliteAppendCommands : IAppendCommands, IDisposable
{
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

    // Kept from one transaction to the next: nobody else writes to this database.
    private readonly FillingMessages _filling = new();

    public SqliteAppendCommands(string connectionString)
    {
        _connection = new SqliteConnection(connectionString);
        _connection.Open();
        SqliteEngine.Prepare(_connection);

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
            INSERT INTO "Files" ("Id", "RoomId", "MessageNumber", "Position", "PersonId", "SessionId", "Name", "Folder", "Length", "State", "CreatedAt", "ModifiedAt", "ClientId", "Metadata", "Width", "Height", "Kept")
            VALUES ($id, $room, $number, $position, $person, $session, $name, $folder, $length, $state, $at, $modified, $client, $metadata, $width, $height, 0)
            """,
            "$id", "$room", "$number", "$position", "$person", "$session", "$name", "$folder", "$length", "$state", "$at", "$modified", "$client", "$metadata",
            "$width", "$height");
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
            WHERE "RoomId" = $room AND "Number" = $number
            """,
            "$room", "$number", "$changed");
        _deleteFiles = Command(
            """UPDATE "Files" SET "State" = $state, "Sha256" = NULL WHERE "RoomId" = $room AND "MessageNumber" = $number""",
            "$room", "$number", "$state");
    }

    public void Begin() => _begin.ExecuteNonQuery();

    public void Commit() => _commit.ExecuteNonQuery();

    public void Rollback()
    {
        _filling.Clear();
        // SQLite rolls back by itself on some errors (disk full, for one); then there is nothing left to roll back.
        if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            _rollback.ExecuteNonQuery();
    }

    public void Dispose() => _connection.Dispose();

    public RoomCounter ReadCounter(Room room)
    {
        Bind(_readRoom, room.Id);
        using var row = _readRoom.ExecuteReader();
        return row.Read()
            ? new RoomCounter(row.GetInt64(0), row.GetInt64(1))
            : throw new StorageException($"The room “{room.Name}” is not in the database.");
    }

    public void WriteCounter(int roomId, RoomCounter counter) => Run(_writeRoom, roomId, counter.LastNumber, counter.MessageCount);

    public ChatMessage? Find(int roomId, long number) => _filling.Find(roomId, number) ?? Read(roomId, number);

    public ChatMessage? FindByFile(int roomId, FileId file)
    {
        Bind(_findFile, file.ToString(), roomId);
        return _findFile.ExecuteScalar() is long number ? Find(roomId, number) : null;
    }

    public ChatMessage FindByClientId(int roomId, Guid personId, string clientId)
    {
        Bind(_findByClientId, roomId, personId, clientId);
        return Find(roomId, (long)_findByClientId.ExecuteScalar()!)!;
    }

    public bool TryInsert(ChatMessage message)
    {
        var inserted = Run(
            _insertMessage, message.RoomId, message.Number, message.Ordinal, message.PersonId, message.Sender, (int)message.Door,
            message.SentAt.UtcTicks, message.Text, message.ClientId);
        if (inserted > 0)
            _filling.Note(message);
        return inserted > 0;
    }

    public void InsertFile(ChatMessage message, SharedFile file, LogEntry.Post post, UploadRequest? request, DateTimeOffset at) => Run(
        _insertFile, file.Id.ToString(), message.RoomId, message.Number, file.Position, post.Sender.PersonId, post.Sender.Id, file.Name,
        file.Folder, file.Length, (int)file.State, at.UtcTicks, request?.ModifiedAt?.UtcTicks, request?.ClientId, request?.Metadata,
        file.Width, file.Height);

    public void UpdateFile(SharedFile file) => Run(
        _updateFile, file.Id.ToString(), (int)file.State, file.Length, file.MediaType, file.Sha256, file.Failure, file.Width, file.Height,
        file.ReadyAt?.UtcTicks, file.Kept);

    public void Touch(ChatMessage message)
    {
        Run(_touchMessage, message.RoomId, message.Number, message.Changed);
        _filling.Note(message);
    }

    public void Delete(ChatMessage message)
    {
        Run(_deleteMessage, message.RoomId, message.Number, message.Changed);
        Run(_deleteFiles, message.RoomId, message.Number, (int)FileState.Deleted);
        _filling.Note(message);
    }

    private ChatMessage? Read(int room, long number)
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
        if (!found.Read())
            return null;
        return new ChatMessage
        {
            RoomId = room,
            Number = number,
            Changed = found.GetInt64(0),
            Ordinal = found.GetInt64(1),
            PersonId = found.GetGuid(2),
            Sender = found.GetString(3),
            Door = (Door)found.GetInt32(4),
            SentAt = new DateTimeOffset(found.GetInt64(5), TimeSpan.Zero),
            Text = found.GetString(6),
            ClientId = found.GetString(7),
            Deleted = found.GetBoolean(8),
            Files = files.ToImmutable(),
        };
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
}
