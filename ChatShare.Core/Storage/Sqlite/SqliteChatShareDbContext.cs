using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>Owns SQLite's migrations, and knows its faults; everything else is in the base.</summary>
internal sealed class SqliteChatShareDbContext(DbContextOptions<SqliteChatShareDbContext> options) : ChatShareDbContext(options)
{
    private const int Unwritable = 10; // SQLITE_IOERR
    private const int Full = 13; // SQLITE_FULL
    private const int Unopenable = 14; // SQLITE_CANTOPEN: the log beside the database, for one, has no place for its name.
    private const int UniqueConstraint = 2067;

    /// <summary>The database has no room, or its disk does not take it.</summary>
    internal static bool IsFull(Exception exception) => exception is SqliteException { SqliteErrorCode: Unwritable or Full or Unopenable };

    internal override bool CannotStore(Exception exception) =>
        exception is RefusedException { Kind: RefusalKind.DiskFull } || IsFull(exception)
        || (exception.InnerException is { } inner && CannotStore(inner));

    internal override bool IsDuplicate(DbUpdateException exception) =>
        exception.InnerException is SqliteException { SqliteExtendedErrorCode: UniqueConstraint };

    /// <summary>Whoever writes is alone from the beginning of the transaction on.</summary>
    internal override Task HoldAsync(string name, CancellationToken cancellationToken) => Task.CompletedTask;

    internal override Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => Task.FromResult(DateTimeOffset.UtcNow);
}
