using System.Collections.Immutable;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage.Copying;

/// <summary>
/// Copies one database into another, of whichever engines, by the model and not by a list: what is added to the model is copied, too. All of it or nothing: it
/// is one transaction, which is read back before it is committed.
/// </summary>
internal static class DatabaseCopy
{
    private const int RowsAtOnce = 1000;

    /// <param name="from">The engine of <paramref name="source"/>.</param>
    /// <param name="source">Is read as it is at one moment; others may go on writing.</param>
    /// <param name="to">The engine of <paramref name="target"/>.</param>
    /// <param name="target">Has the tables; what is in them goes.</param>
    /// <param name="last">Done behind what was copied, before it is committed; null for nothing.</param>
    /// <param name="progress">Told of each table before it is copied; null for nobody.</param>
    /// <param name="cancellationToken">Gives up; nothing was copied then.</param>
    /// <returns>What was copied.</returns>
    /// <exception cref="StorageException">What was read back is something else.</exception>
    public static async Task<ImmutableArray<TableSum>> RunAsync(
        IDatabaseEngine from, ChatShareDbContext source, IDatabaseEngine to, ChatShareDbContext target, Func<Task>? last, IProgress<string>? progress,
        CancellationToken cancellationToken)
    {
        await source.Database.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await from.BeginSnapshotAsync(source.Database.GetDbConnection(), cancellationToken);
        await using var transaction = await target.Database.BeginTransactionAsync(cancellationToken);
        var read = source.Database.GetDbConnection();
        var written = target.Database.GetDbConnection();
        var sums = ImmutableArray.CreateBuilder<TableSum>();
        var tables = CopiedTable.Of(target);
        foreach (var table in tables.Reverse())
        {
            if (!await table.IsEmptyAsync(written, cancellationToken))
                await table.ClearAsync(written, cancellationToken);
        }

        foreach (var (one, other) in CopiedTable.Of(source).Zip(tables))
        {
            progress?.Report(one.Name);
            var sum = await CopyAsync(from, one, read, other, written, cancellationToken);
            if (await other.SumAsync(written, cancellationToken) != sum)
                throw new StorageException($"The copy of table {one.Name} in {to.Description} differs from the original; nothing was changed there.");
            sums.Add(sum);
        }

        await to.ContinueNumbersAsync(target, cancellationToken);
        if (last is not null)
            await last();
        // Not given up half way, which the framework would log as an error.
        await transaction.CommitAsync(CancellationToken.None);
        return sums.ToImmutable();
    }

    /// <summary>Whether no table of a database has a row.</summary>
    public static async Task<bool> IsEmptyAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        foreach (var table in CopiedTable.Of(db))
        {
            if (!await table.IsEmptyAsync(db.Database.GetDbConnection(), cancellationToken))
                return false;
        }

        return true;
    }

    private static async Task<TableSum> CopyAsync(
        IDatabaseEngine engine, CopiedTable from, DbConnection source, CopiedTable to, DbConnection target, CancellationToken cancellationToken)
    {
        try
        {
            using var sum = new CopiedTable.Sum();
            await foreach (var rows in from.ReadAsync(source, cancellationToken).Chunk(RowsAtOnce).WithCancellation(cancellationToken))
            {
                foreach (var row in rows)
                    sum.Add(row);
                await to.WriteAsync(from, target, rows, cancellationToken);
            }

            return sum.Of(from.Name);
        }
        catch (InvalidDataException e)
        {
            throw new StorageException($"{engine.Description} is damaged and cannot be copied. {e.Message}", e);
        }
    }
}
