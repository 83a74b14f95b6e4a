using Npgsql;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>What the faults of PostgreSQL mean.</summary>
internal static class Fault
{
    /// <summary>The same may succeed in a moment: the server is away, has no room or is being stopped, or another transaction stood in the way.</summary>
    public static bool IsPassing(Exception exception) => exception switch
    {
        // Connection, aborted in favour of another, resources, somebody stops the server or ends the connection, its disk.
        PostgresException { SqlState: var state } => state[..2] is "08" or "40" or "53" or "57" or "58"
            or "55" // A lock that is not to be had, or a database that takes no connections now.
            or "28" or "3D" // A role, its password or the database itself, which are made over there.
            or "25", // A standby that is about to take over takes no writes yet.
        NpgsqlException or TimeoutException => true,
        _ => false,
    };

    /// <summary>Another transaction stood in the way; the server is well.</summary>
    public static bool IsConflict(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };

    public static bool IsDuplicate(Exception? exception) => exception is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    /// <summary>The number of the transaction was never given: another server, which has not heard of it, has taken over.</summary>
    public static bool IsUnknownTransaction(Exception exception) => exception is PostgresException { SqlState: PostgresErrorCodes.InvalidParameterValue };
}
