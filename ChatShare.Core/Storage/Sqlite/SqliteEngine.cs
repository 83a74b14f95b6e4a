using System.Data.Common;
using System.Globalization;
using ChatShare.Core.Messages;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>A file in the data folder. One program at a time holds it, because rooms keep their counters in memory.</summary>
internal sealed class SqliteEngine(string folder, string origin = "ChatShare:DataDirectory") : IDatabaseEngine
{
    // A log that is left behind would be played into the next database of this name.
    private static readonly string[] Parts = ["", "-wal", "-shm"];

    private readonly string _file = Path.Combine(folder, "chatshare.db");
    private FileStream? _lock;

    public string Description => $"The database {_file} ({origin})";

    public bool IsShared => false;

    /// <summary>A file does not come by itself.</summary>
    public bool MayPass(Exception fault) => false;

    /// <summary>Whether there is a database.</summary>
    public bool Exists => File.Exists(_file);

    /// <summary>For connections opened by hand; give each one to <see cref="Prepare"/> before its first use.</summary>
    public string ConnectionString => new SqliteConnectionStringBuilder { DataSource = _file, ForeignKeys = true }.ToString();

    /// <summary>
    /// Sets what every connection needs: nothing acknowledged is lost at a power failure (WAL with NORMAL loses it),
    /// rows refer to rows that exist, and a writer waits for another one instead of failing.
    /// </summary>
    /// <param name="connection">An open connection.</param>
    public static void Prepare(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000;";
        command.ExecuteNonQuery();
    }

    public void Configure(DbContextOptionsBuilder options) =>
        options.UseSqlite(ConnectionString).AddInterceptors(new PreparedConnections(), new FullDisk())
            // Whoever asks is told by an exception; of a disk that is full Outage has two lines, and not one for each transaction.
            .ConfigureWarnings(events => events.Log((RelationalEventId.TransactionError, LogLevel.Debug)));

    /// <summary>Whether it can be read from end to end, as a database that is not there can. While nobody else uses it.</summary>
    public async Task<bool> IsReadableAsync(CancellationToken cancellationToken)
    {
        if (!Exists)
            return true;
        try
        {
            await using var connection = NewReadingConnection();
            await connection.OpenAsync(cancellationToken);
            await using var check = connection.CreateCommand();
            check.CommandText = "PRAGMA quick_check(1);";
            return await check.ExecuteScalarAsync(cancellationToken) is "ok";
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB)
        {
            return false;
        }
    }

    /// <summary>Gives it another name, so that a new one can be made in its place; all that could still be got out of it is kept.</summary>
    /// <returns>The name.</returns>
    public string SetAside()
    {
        var aside = $"{_file}.damaged-{DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        foreach (var part in Parts.Where(part => File.Exists(_file + part)))
            File.Move(_file + part, aside + part);
        return aside;
    }

    public Task<IAsyncDisposable?> PrepareAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        _lock ??= Lock();
        return Task.FromResult<IAsyncDisposable?>(null);
    }

    public async Task MigrateAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        if ((await db.Database.GetPendingMigrationsAsync(cancellationToken)).Any())
        {
            // EF's own lock is a row that outlives a killed program and would be waited for without end.
            // Nobody else can be migrating: this program holds the folder.
            await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\";", cancellationToken);
            await db.Database.MigrateAsync(cancellationToken);
        }

        await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL;", cancellationToken);
    }

    public async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder(ConnectionString) { Pooling = false, Mode = SqliteOpenMode.ReadWrite }.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public ChatShareDbContext NewReadingContext()
    {
        var options = new DbContextOptionsBuilder<SqliteChatShareDbContext>().UseSqlite(NewReadingConnection(), contextOwnsConnection: true);
        return new SqliteChatShareDbContext(options.Options);
    }

    /// <summary>What <see cref="PrepareAsync"/> holds says so.</summary>
    public Task DemandAloneAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ChatShareDbContext NewContext()
    {
        var options = new DbContextOptionsBuilder<SqliteChatShareDbContext>();
        Configure(options);
        return new SqliteChatShareDbContext(options.Options);
    }

    public Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken cancellationToken) =>
        // Deferred: the other kind is a writer, which keeps the log from writing.
        Task.FromResult<DbTransaction>(((SqliteConnection)connection).BeginTransaction(deferred: true));

    /// <summary>The file keeps the highest of each table by itself.</summary>
    public Task ContinueNumbersAsync(ChatShareDbContext db, CancellationToken cancellationToken) => Task.CompletedTask;

    public IAppender NewAppender(TimeProvider time, Outage outage, Committed committed) => new SqliteAppender(ConnectionString, time, outage, committed);

    /// <summary>Closes what is kept open and lets another program use the file.</summary>
    public void Dispose()
    {
        using (var connection = new SqliteConnection(ConnectionString))
            SqliteConnection.ClearPool(connection);
        _lock?.Dispose();
        _lock = null;
    }

    private SqliteConnection NewReadingConnection() =>
        new(new SqliteConnectionStringBuilder(ConnectionString) { Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ToString());

    private FileStream Lock()
    {
        try
        {
            // The system lets go of it however the program ends, kill -9 included.
            return new FileStream(Path.Combine(folder, "chatshare.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new StorageException($"The data folder {folder} (ChatShare:DataDirectory) is in use by another ChatShare.", e);
        }
    }
}
