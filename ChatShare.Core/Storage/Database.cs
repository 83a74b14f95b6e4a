using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Storage;

/// <summary>
/// The database file: where it is, and making it usable at start. One program at a time holds it, because rooms keep
/// their counters in memory. One instance for each process; dispose it to let the next program in.
/// </summary>
public sealed class Database : IDisposable
{
    private const string FileName = "chatshare.db";
    private const string EpochKey = "epoch";

    private readonly string _folder;
    private readonly string _file;
    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly ILogger<Database> _logger;
    private FileStream? _lock;
    private string? _epoch;

    /// <summary>Touches nothing yet; see <see cref="OpenAsync"/>.</summary>
    /// <param name="options">Name the folder.</param>
    /// <param name="contexts">Make contexts on <see cref="ConnectionString"/>.</param>
    /// <param name="logger">Is told of migrations.</param>
    public Database(IOptions<ChatShareOptions> options, IDbContextFactory<ChatShareDbContext> contexts, ILogger<Database> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _folder = options.Value.DataDirectory;
        _file = Path.Combine(_folder, FileName);
        _contexts = contexts;
        _logger = logger;
        ConnectionString = ConnectionStringFor(_folder);
    }

    /// <summary>For connections opened by hand; give each one to <see cref="Prepare"/> before its first use.</summary>
    public string ConnectionString { get; }

    /// <summary>
    /// Random, made with the database, travels with every message number: a reader that knows another epoch starts afresh.
    /// </summary>
    /// <exception cref="InvalidOperationException">The database is not open yet.</exception>
    public string Epoch => _epoch ?? throw new InvalidOperationException("The database is not open yet.");

    /// <summary>
    /// Sets what every connection needs: nothing acknowledged is lost at a power failure (WAL with NORMAL loses it),
    /// rows refer to rows that exist, and a writer waits for another one instead of failing.
    /// </summary>
    /// <param name="connection">An open connection.</param>
    public static void Prepare(SqliteConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000;";
        command.ExecuteNonQuery();
    }

    /// <summary>Makes the folder and the database where they are missing, brings the tables up to date. Once, at start.</summary>
    /// <exception cref="StorageException">It cannot be opened, is in use by another program or newer than this one.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            CreateFolder(_folder);
            _lock ??= Lock();
            await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
            await MigrateAsync(db, cancellationToken);
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL;", cancellationToken);
            _epoch = await ReadOrMakeEpochAsync(db, cancellationToken);
        }
        catch (Exception e) when (e is DbException or RefusedException or IOException or UnauthorizedAccessException or InvalidCastException)
        {
            Dispose();
            throw Unusable(e);
        }
        catch (StorageException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What to say of a fault of the database that whoever started the program can do something about.</summary>
    public StorageException Unusable(Exception fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return new($"The database {_file} (ChatShare:DataDirectory) cannot be used: {FirstLine(fault.GetBaseException())}", fault);
    }

    /// <summary>Whether it answers now: the file, not what an open connection remembers of it.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            var fresh = new SqliteConnectionStringBuilder(ConnectionString) { Pooling = false, Mode = SqliteOpenMode.ReadWrite };
            await using var connection = new SqliteConnection(fresh.ToString());
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = """SELECT "Value" FROM "Facts" WHERE "Key" = $key""";
            command.Parameters.AddWithValue("$key", EpochKey);
            return await command.ExecuteScalarAsync(cancellationToken) as string == _epoch;
        }
        catch (DbException e)
        {
            _logger.DatabaseDoesNotAnswer(e);
            return false;
        }
    }

    /// <summary>Closes what is kept open and lets another program use the database.</summary>
    public void Dispose()
    {
        using (var connection = new SqliteConnection(ConnectionString))
            SqliteConnection.ClearPool(connection);
        _lock?.Dispose();
        _lock = null;
    }

    internal static string ConnectionStringFor(string folder) =>
        new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, FileName), ForeignKeys = true }.ToString();

    private FileStream Lock()
    {
        try
        {
            // The system lets go of it however the program ends, kill -9 included.
            return new FileStream(Path.Combine(_folder, "chatshare.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new StorageException($"The data folder {_folder} (ChatShare:DataDirectory) is in use by another ChatShare.", e);
        }
    }

    /// <summary>For the account of the program alone: it holds everything that was said, and the keys of the cookies.</summary>
    private static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task MigrateAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        var applied = await db.Database.GetAppliedMigrationsAsync(cancellationToken);
        if (applied.Except(db.Database.GetMigrations()).FirstOrDefault() is { } unknown)
        {
            throw new StorageException(
                $"The database {_file} was written by a newer ChatShare (it has \"{unknown}\"). Start that version, or restore an older copy.");
        }

        var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
        if (pending.Count == 0)
            return;

        // EF's own lock is a row that outlives a killed program and would be waited for without end.
        // Nobody else can be migrating: this program holds the folder.
        await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\";", cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
        _logger.Migrated(pending.Count, pending[^1]);
    }

    private static async Task<string> ReadOrMakeEpochAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        if (await db.Facts.SingleOrDefaultAsync(fact => fact.Key == EpochKey, cancellationToken) is { } known)
            return known.Value;
        var made = new FactRow { Key = EpochKey, Value = RandomNumberGenerator.GetHexString(16, lowercase: true) };
        db.Facts.Add(made);
        await db.SaveChangesAsync(cancellationToken);
        return made.Value;
    }

    private static string FirstLine(Exception e) => e.Message.ReplaceLineEndings("\n").Split('\n')[0];
}
