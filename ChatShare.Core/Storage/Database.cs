using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Storage.Copying;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Storage;

/// <summary>
/// The database: making it usable at start, and whether it is. One instance for each process; dispose it to let the next program in.
/// </summary>
public sealed class Database : IDisposable
{
    /// <summary>The fact that names the epoch.</summary>
    internal const string EpochKey = "epoch";

    /// <summary>The fact that says which downloads folder belongs to it, see <see cref="DownloadStore.Identity"/>.</summary>
    internal const string DownloadsKey = "downloads";

    private readonly string _folder;
    private readonly DownloadStore _store;
    private readonly IDatabaseEngine _engine;
    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly Outage _outage;
    private readonly ILogger<Database> _logger;

    // Whoever waits at this node waits here: each turn that is waited for in the database takes a connection.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
    private string? _epoch;
    private string _newestMigration = "";
    private int _isOutgrown;

    /// <summary>Touches nothing yet; see <see cref="OpenAsync"/>.</summary>
    internal Database(
        IOptions<ChatShareOptions> options, IDatabaseEngine engine, IDbContextFactory<ChatShareDbContext> contexts, Outage outage, ILogger<Database> logger)
    {
        _folder = options.Value.DataDirectory;
        _store = new DownloadStore(options);
        _engine = engine;
        _contexts = contexts;
        _outage = outage;
        _logger = logger;
    }

    /// <summary>For how long a turn is waited for: one node that stands still with it is waited out.</summary>
    internal TimeSpan TurnPatience { get; set; } = 2 * Turn.MostIdle;

    /// <summary>Whether other nodes may use it at the same time.</summary>
    public bool IsShared => _engine.IsShared;

    /// <summary>
    /// Random, made with the database, travels with every message number: a reader that knows another epoch starts afresh.
    /// </summary>
    /// <exception cref="InvalidOperationException">The database is not open yet.</exception>
    public string Epoch => _epoch ?? throw new InvalidOperationException("The database is not open yet.");

    /// <summary>
    /// Makes the folder and the database where they are missing, brings the tables up to date, and sees that the downloads folder is the one that belongs to it. At
    /// start, until it has worked once.
    /// </summary>
    /// <exception cref="StorageException">It cannot be opened, is in use by another program or newer than this one, or the downloads folder is another.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            DemandWhole();
            PrivateFolder.Create(_folder);
            await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
            await using var turn = await _engine.PrepareAsync(db, cancellationToken);
            // The turn may have been that of a restore, which did not come to its end.
            DemandWhole();
            await MigrateAsync(db, cancellationToken);
            await DemandDownloadsAsync(db, cancellationToken);
            var epoch = await ReadOrMakeEpochAsync(db, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            _epoch = epoch;
        }
        catch (Exception e) when (e is DbException or RefusedException or IOException or UnauthorizedAccessException or InvalidCastException or TimeoutException)
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

    private void DemandWhole()
    {
        if (_store.UnfinishedRestore is { } unfinished)
            throw new StorageException(unfinished);
    }

    /// <summary>What to say of a fault of the database that whoever started the program can do something about.</summary>
    public StorageException Unusable(Exception fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return new($"{_engine.Description} cannot be used: {FirstLine(fault.GetBaseException())}", fault) { MayPass = _engine.MayPass(fault) };
    }

    /// <summary>
    /// Whether it answers now: the file, not what an open connection remembers of it. False as well when another node has brought it up to date for a
    /// newer program: this one goes on as long as that lets it, and should take nobody in any more.
    /// </summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _engine.ConnectAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = $"""SELECT "Value" FROM "Facts" WHERE "Key" = '{EpochKey}'""";
            var answers = await command.ExecuteScalarAsync(cancellationToken) as string == _epoch;
            if (answers)
                _outage.Ended();
            return answers && !(IsShared && await IsOutgrownAsync(connection, cancellationToken));
        }
        catch (DbException e)
        {
            _outage.Began(e);
            return false;
        }
    }

    /// <summary>Whether something failed only because it does not answer now; then the log says once that it does not.</summary>
    public bool IsAway(Exception fault)
    {
        for (var each = fault; each is not null; each = each.InnerException)
        {
            // Whoever asked gave up; the driver hands on what the server said to that.
            if (each is OperationCanceledException)
                return false;
            // A time that is over may have been another's: the driver says so by a fault of its own.
            if (each is not DbException || !_engine.MayPass(each))
                continue;
            _outage.Began(fault);
            return true;
        }

        return false;
    }

    private async Task<bool> IsOutgrownAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = """SELECT max("MigrationId" COLLATE "C") FROM "__EFMigrationsHistory" """;
        if (await command.ExecuteScalarAsync(cancellationToken) is not string newest || string.CompareOrdinal(newest, _newestMigration) <= 0)
            return false;
        if (Interlocked.Exchange(ref _isOutgrown, 1) == 0)
            _logger.Outgrown(newest);
        return true;
    }

    /// <summary>Does what two nodes must not do at the same time.</summary>
    /// <param name="what">Names it; it begins with a word and a colon, which no name of a person has.</param>
    /// <param name="act">What is done.</param>
    /// <param name="cancellationToken">Gives up waiting for the turn.</param>
    public async Task InTurnAsync(string what, Action act, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(act);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(what, cancellationToken);
        act();
        // Not given up half way, which the framework would log as an error.
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>Takes the turn for what two nodes must not do at the same time.</summary>
    /// <param name="what">See <see cref="InTurnAsync"/>.</param>
    /// <param name="cancellationToken">Gives up waiting for the turn.</param>
    /// <returns>Gives the turn back, also when its connection ends; null where there is one node.</returns>
    /// <exception cref="RefusedException">
    /// The database is away; <see cref="RefusalKind.Elsewhere"/>: others have it for longer than anybody should.
    /// </exception>
    internal async Task<Turn?> TakeTurnAsync(string what, CancellationToken cancellationToken)
    {
        if (!IsShared)
            return null;
        var turn = await WaitForTurnAsync(what, cancellationToken);
        try
        {
            // Of a program that stood still while it waited the turn has come and gone.
            await turn.DemandAsync(cancellationToken);
            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    private async Task<Turn> WaitForTurnAsync(string what, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TurnPatience);
        var here = _turns.GetOrAdd(what, _ => new SemaphoreSlim(1));
        ChatShareDbContext? db = null;
        var isFirst = false;
        try
        {
            await here.WaitAsync(patience.Token);
            isFirst = true;
            db = await _contexts.CreateDbContextAsync(patience.Token);
            // The patience ends it.
            db.Database.SetCommandTimeout(0);
            await db.Database.BeginTransactionAsync(patience.Token);
            await db.HoldAsync(what, patience.Token);
            return new Turn(here, db);
        }
        catch (Exception e)
        {
            if (db is not null)
                await db.DisposeAsync();
            if (isFirst)
                here.Release();
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw Turn.Refusal(e);
            if (IsAway(e))
                throw FullDisk.Refusal(e);
            throw;
        }
    }

    /// <summary>Until it is disposed, a context reads the database as it is at one moment, and holds nobody up.</summary>
    internal async Task<IAsyncDisposable> BeginSnapshotAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        var snapshot = await _engine.BeginSnapshotAsync(db.Database.GetDbConnection(), cancellationToken);
        await db.Database.UseTransactionAsync(snapshot, cancellationToken);
        return snapshot;
    }

    /// <summary>Closes what is kept open and lets another program use the database.</summary>
    public void Dispose() => _engine.Dispose();

    internal static string NewEpoch() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <summary>The way of the log into it.</summary>
    internal IAppender NewAppender(TimeProvider time, Committed committed) => _engine.NewAppender(time, _outage, committed);

    private async Task MigrateAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        _newestMigration = db.Database.GetMigrations().Last();
        var pending = await Schema.BringUpToDateAsync(_engine, db, cancellationToken);
        if (pending.Count > 0)
            _logger.Migrated(pending.Count, pending[^1]);
    }

    private static async Task<string> ReadOrMakeEpochAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        if (await db.Facts.SingleOrDefaultAsync(fact => fact.Key == EpochKey, cancellationToken) is { } known)
            return known.Value;
        var made = new FactRow { Key = EpochKey, Value = NewEpoch() };
        db.Facts.Add(made);
        return made.Value;
    }

    /// <summary>
    /// Without it, a mount that is missing would be an empty folder: files that were shared are not there, and new ones are written below the mount. A node with
    /// a folder of its own would finish others' uploads where they do not find them.
    /// </summary>
    private async Task DemandDownloadsAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        var known = await db.Facts.SingleOrDefaultAsync(fact => fact.Key == DownloadsKey, cancellationToken);
        if (known is not null && _store.ReadIdentity() != known.Value)
            throw new StorageException(
                $"The downloads folder {_store.Root} (ChatShare:Downloads:Directory) is not the one that belongs to this database. Mount that one there, or name it;"
                + $" if this one is to take its place, write {known.Value} into {_store.IdentityPath}.") { MayPass = true };
        // Each of the two would delete what the other one still names.
        if (known is null && _store.ReadIdentity() is not null && _store.Contents().Any() && !await db.Messages.AnyAsync(cancellationToken))
            throw new StorageException(
                $"{_engine.Description} is empty, and the downloads folder {_store.Root} (ChatShare:Downloads:Directory) has the files of another database."
                + $" Name what belongs together; for a new installation name an empty folder, or delete {_store.IdentityPath} when nobody uses those files any more.");
        _store.Open();
        // One that cannot be written to now is noted at a later start.
        if (known is null && _store.Identity() is { } identity)
            db.Facts.Add(new FactRow { Key = DownloadsKey, Value = identity });
    }

    private static string FirstLine(Exception e) => e.Message.ReplaceLineEndings("\n").Split('\n')[0];
}
