using System.Collections.Immutable;
using System.Data.Common;
using ChatShare.Core.Storage.PostgreSql;
using ChatShare.Core.Storage.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage.Copying;

/// <summary>How many rows a table has.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Rows">Counted when they were read back.</param>
public sealed record CopiedRows(string Table, long Rows);

/// <summary>
/// Moves an installation from SQLite to PostgreSQL. The numbers of all messages stay, and so does the epoch: whoever comes back goes on where they were. What
/// is in SQLite stays as it is.
/// </summary>
public static class DatabaseMove
{
    /// <param name="options">Name the SQLite installation.</param>
    /// <param name="connectionString">How to reach a database of PostgreSQL that is empty.</param>
    /// <param name="progress">Told of each table before it is copied; null for nobody.</param>
    /// <param name="cancellationToken">Gives up; the target is as empty as before then.</param>
    /// <exception cref="StorageException">It cannot be done, with what can be done about it.</exception>
    public static async Task<ImmutableArray<CopiedRows>> RunAsync(
        ChatShareOptions options, string connectionString, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Storage.Provider != StorageProvider.Sqlite)
            throw new StorageException("ChatShare:Storage:Provider is not Sqlite: name the installation that is to be moved, as it has been run so far.");
        if (PostgreSqlEngine.FaultOf(connectionString) is { } fault)
            throw new StorageException($"The connection string {fault}");
        using var from = new SqliteEngine(options.DataDirectory);
        using var to = new PostgreSqlEngine(connectionString);
        if (!from.Exists)
            throw new StorageException($"{from.Description} is not there.");
        await using var source = from.NewContext();
        await using var target = to.NewContext();
        await Attempt(from, async () =>
        {
            // Refuses what a server holds, and keeps servers out until the end.
            await from.PrepareAsync(source, cancellationToken);
            await Schema.BringUpToDateAsync(from, source, cancellationToken);
            return true;
        });
        return await Attempt(to, async () =>
        {
            await using var turn = await to.PrepareAsync(target, cancellationToken);
            await Schema.BringUpToDateAsync(to, target, cancellationToken);
            if (!await DatabaseCopy.IsEmptyAsync(target, cancellationToken))
                throw await NotEmptyAsync(to, source, target, cancellationToken);
            var sums = await DatabaseCopy.RunAsync(from, source, to, target, last: null, progress, cancellationToken);
            return sums.Select(sum => new CopiedRows(sum.Table, sum.Rows)).ToImmutableArray();
        });
    }

    private static async Task<StorageException> NotEmptyAsync(PostgreSqlEngine to, ChatShareDbContext source, ChatShareDbContext target, CancellationToken cancellationToken) =>
        await EpochAsync(target, cancellationToken) is { } epoch && epoch == await EpochAsync(source, cancellationToken)
            ? new StorageException($"{to.Description} holds this installation already: it was moved before. Set ChatShare:Storage:Provider to PostgreSql, and start.")
            : new StorageException($"{to.Description} is not empty. A move needs a database in which no ChatShare has been started yet: make a new one.");

    private static Task<string?> EpochAsync(ChatShareDbContext db, CancellationToken cancellationToken) =>
        db.Facts.Where(fact => fact.Key == Database.EpochKey).Select(fact => fact.Value).SingleOrDefaultAsync(cancellationToken);

    private static async Task<T> Attempt<T>(IDatabaseEngine engine, Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception e) when (e is DbException or DbUpdateException or RefusedException or IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{engine.Description} cannot be used: {e.GetBaseException().Message.ReplaceLineEndings(" ")}", e);
        }
    }
}
