using ChatShare.Core.Files;
using ChatShare.Core.People;
using Npgsql;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>The statements of the append path. All take columns as arrays, so that a batch of any size is the same statement.</summary>
internal static class Sql
{
    /// <summary>The number of the transaction, which may lie idle for as long as is said.</summary>
    public const string Begin = $"SELECT set_config('{IdleTransactions.Setting}', $1, TRUE), pg_current_xact_id()::text";

    /// <summary>In the order of their ids, so that two nodes never hold what the other waits for.</summary>
    public const string LockCounters = """SELECT "Id", "LastNumber", "MessageCount" FROM "Rooms" WHERE "Id" = ANY($1) ORDER BY "Id" FOR UPDATE""";

    public const string WriteCounters =
        """
        UPDATE "Rooms" r SET "LastNumber" = n.number, "MessageCount" = n.count
        FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS n(room, number, count) WHERE r."Id" = n.room
        """;

    public const string ReadMessages =
        $"""
        {Wanted}
        SELECT m."RoomId", m."Number", m."Changed", m."Ordinal", m."PersonId", m."SenderName", m."Door", m."SentAt", m."Text", m."ClientId", m."Deleted"
        FROM "Messages" m JOIN wanted w ON m."RoomId" = w.room AND m."Number" = w.number
        """;

    public const string ReadFiles =
        $"""
        {Wanted}
        SELECT f."Id", f."RoomId", f."MessageNumber", f."Name", f."Length", f."State", f."MediaType", f."Sha256", f."Failure", f."Folder", f."Width",
            f."Height", f."ReadyAt", f."Kept", f."Position"
        FROM "Files" f JOIN wanted w ON f."RoomId" = w.room AND f."MessageNumber" = w.number ORDER BY f."Position"
        """;

    public const string InsertMessages =
        """
        INSERT INTO "Messages" ("RoomId", "Number", "Changed", "Ordinal", "PersonId", "SenderName", "Door", "SentAt", "Text", "ClientId", "Deleted")
        SELECT room, number, number, ordinal, person, name, door, at, text, client, FALSE
        FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::int[], $7::bigint[], $8::text[], $9::text[])
            AS n(room, number, ordinal, person, name, door, at, text, client)
        """;

    public const string InsertFiles =
        """
        INSERT INTO "Files" ("Id", "RoomId", "MessageNumber", "Position", "PersonId", "SessionId", "Name", "Folder", "Length", "State", "CreatedAt",
            "ModifiedAt", "ClientId", "Metadata", "Holder", "Width", "Height", "Kept")
        SELECT n.*, FALSE
        FROM unnest($1::text[], $2::int[], $3::bigint[], $4::int[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::bigint[], $10::int[],
            $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::uuid[], $16::int[], $17::int[]) AS n
        """;

    public const string UpdateFiles =
        """
        UPDATE "Files" f SET "State" = n.state, "Length" = n.length, "MediaType" = n.type, "Sha256" = n.sha, "Failure" = n.failure,
            "Width" = n.width, "Height" = n.height, "ReadyAt" = n.ready, "Kept" = n.kept
        FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[], $9::bigint[], $10::boolean[])
            AS n(id, state, length, type, sha, failure, width, height, ready, kept)
        WHERE f."Id" = n.id
        """;

    /// <summary>How many of these changes are there, or were changed again since.</summary>
    public const string CountChanges =
        """
        SELECT count(*) FROM unnest($1::int[], $2::bigint[], $3::uuid[], $4::text[], $5::bigint[]) AS n(room, number, person, client, changed)
        JOIN "Messages" m ON m."RoomId" = n.room AND m."Number" = n.number AND m."PersonId" = n.person AND m."ClientId" = n.client AND m."Changed" >= n.changed
        """;

    public const string TouchMessages =
        """
        UPDATE "Messages" m SET "Changed" = n.changed
        FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS n(room, number, changed) WHERE m."RoomId" = n.room AND m."Number" = n.number
        """;

    public const string DeleteMessages =
        """
        UPDATE "Messages" m SET "Deleted" = TRUE, "Text" = ''
        FROM unnest($1::int[], $2::bigint[]) AS n(room, number) WHERE m."RoomId" = n.room AND m."Number" = n.number
        """;

    public const string DeleteFiles =
        """
        UPDATE "Files" f SET "State" = $3, "Sha256" = NULL
        FROM unnest($1::int[], $2::bigint[]) AS n(room, number) WHERE f."RoomId" = n.room AND f."MessageNumber" = n.number
        """;

    // Messages that were sent before under the same client ids, those of files that change, and those that are to be deleted.
    private const string Wanted =
        """
        WITH wanted(room, number) AS (
            SELECT m."RoomId", m."Number" FROM unnest($1::int[], $2::uuid[], $3::text[]) AS k(room, person, client)
                JOIN "Messages" m ON m."RoomId" = k.room AND m."PersonId" = k.person AND m."ClientId" = k.client
            UNION SELECT f."RoomId", f."MessageNumber" FROM "Files" f WHERE f."Id" = ANY($4::text[])
            UNION SELECT * FROM unnest($5::int[], $6::bigint[]) AS d)
        """;

    public static NpgsqlBatchCommand Command(string text, params ReadOnlySpan<object> values)
    {
#pragma warning disable CA2100 // Every text is a literal of this file.
        var command = new NpgsqlBatchCommand(text);
#pragma warning restore CA2100
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    /// <summary>The row of <see cref="ReadMessages"/> that the reader is at.</summary>
    public static MessageRow MessageAt(NpgsqlDataReader row) => new()
    {
        RoomId = row.GetInt32(0),
        Number = row.GetInt64(1),
        Changed = row.GetInt64(2),
        Ordinal = row.GetInt64(3),
        PersonId = row.GetGuid(4),
        SenderName = row.GetString(5),
        Door = (Door)row.GetInt32(6),
        SentAt = new DateTimeOffset(row.GetInt64(7), TimeSpan.Zero),
        Text = row.GetString(8),
        ClientId = row.GetString(9),
        Deleted = row.GetBoolean(10),
    };

    /// <summary>The row of <see cref="ReadFiles"/> that the reader is at.</summary>
    public static FileRow FileAt(NpgsqlDataReader row) => new()
    {
        Id = row.GetString(0),
        RoomId = row.GetInt32(1),
        MessageNumber = row.GetInt64(2),
        Name = row.GetString(3),
        Length = row.GetInt64(4),
        State = (FileState)row.GetInt32(5),
        MediaType = row.IsDBNull(6) ? null : row.GetString(6),
        Sha256 = row.IsDBNull(7) ? null : row.GetString(7),
        Failure = row.IsDBNull(8) ? null : row.GetString(8),
        Folder = row.IsDBNull(9) ? null : row.GetString(9),
        Width = row.IsDBNull(10) ? null : row.GetInt32(10),
        Height = row.IsDBNull(11) ? null : row.GetInt32(11),
        ReadyAt = row.IsDBNull(12) ? null : new DateTimeOffset(row.GetInt64(12), TimeSpan.Zero),
        Kept = row.GetBoolean(13),
        Position = row.GetInt32(14),
    };
}
