using System.Data.Common;
using ChatShare.Core.Messages;
using ChatShare.Core.Storage.PostgreSql;
using ChatShare.Core.Storage.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage;

/// <summary>What is different from one database engine to the next, beside the faults that its <see cref="ChatShareDbContext"/> knows.</summary>
internal interface IDatabaseEngine : IDisposable
{
    /// <summary>The beginning of a sentence about it: what and where it is, and the setting that says so.</summary>
    string Description { get; }

    /// <summary>Whether other nodes may use it at the same time.</summary>
    bool IsShared { get; }

    /// <summary>Whether a fault is one of a server that is away, or that does not know us yet, or not any more.</summary>
    bool MayPass(Exception fault);

    /// <summary>Points a context at it.</summary>
    void Configure(DbContextOptionsBuilder options);

    /// <summary>
    /// Takes what this program needs for itself as long as it runs, if anything. Until the result is disposed nobody else migrates.
    /// </summary>
    /// <exception cref="StorageException">It cannot be used so.</exception>
    Task<IAsyncDisposable?> PrepareAsync(ChatShareDbContext db, CancellationToken cancellationToken);

    /// <summary>Brings the tables up to date, where they are not.</summary>
    Task MigrateAsync(ChatShareDbContext db, CancellationToken cancellationToken);

    /// <summary>A new connection, out of no pool: it finds what is there now.</summary>
    Task<DbConnection> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>For a program beside the server, which reads alone.</summary>
    ChatShareDbContext NewReadingContext();

    /// <summary>After <see cref="PrepareAsync"/>, for whoever replaces all that is in it.</summary>
    /// <exception cref="StorageException">A server uses it.</exception>
    Task DemandAloneAsync(CancellationToken cancellationToken);

    /// <summary>For a program that has no services.</summary>
    ChatShareDbContext NewContext();

    /// <summary>Until it ends, the connection reads the database as it is at one moment, and holds nobody up.</summary>
    Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>What the engine numbers by itself goes on behind the highest number that is there.</summary>
    Task ContinueNumbersAsync(ChatShareDbContext db, CancellationToken cancellationToken);

    IAppender NewAppender(TimeProvider time, Outage outage, Committed committed);

    /// <summary>The one that is set.</summary>
    static IDatabaseEngine For(ChatShareOptions options) => options.Storage.Provider == StorageProvider.PostgreSql
        ? new PostgreSqlEngine(options.Storage.ConnectionString)
        : new SqliteEngine(options.DataDirectory);
}
