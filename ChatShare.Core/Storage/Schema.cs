using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage;

/// <summary>Whether the tables of a database are those of this program.</summary>
internal static class Schema
{
    /// <summary>Makes them so, while nobody else does.</summary>
    /// <returns>The migrations that were missing.</returns>
    /// <exception cref="StorageException">They are of a newer program.</exception>
    public static async Task<IReadOnlyList<string>> BringUpToDateAsync(IDatabaseEngine engine, ChatShareDbContext db, CancellationToken cancellationToken)
    {
        await AppliedAsync(engine, db, cancellationToken);
        var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
        await engine.MigrateAsync(db, cancellationToken);
        return pending;
    }

    /// <summary>Changes nothing.</summary>
    /// <exception cref="StorageException">They are not there, or of another program.</exception>
    public static async Task DemandCurrentAsync(IDatabaseEngine engine, ChatShareDbContext db, CancellationToken cancellationToken)
    {
        var applied = await AppliedAsync(engine, db, cancellationToken);
        if (applied.Count == 0)
            throw new StorageException($"{engine.Description} is not there, or has no tables yet.");
        if (db.Database.GetMigrations().Except(applied).Any())
            throw new StorageException($"{engine.Description} was written by an older ChatShare. Start this version with it first.");
    }

    private static async Task<IReadOnlyList<string>> AppliedAsync(IDatabaseEngine engine, ChatShareDbContext db, CancellationToken cancellationToken)
    {
        var applied = (await db.Database.GetAppliedMigrationsAsync(cancellationToken)).ToList();
        return applied.Except(db.Database.GetMigrations()).FirstOrDefault() is not { } unknown ? applied : throw new StorageException(
            $"{engine.Description} was written by a newer ChatShare (it has \"{unknown}\"). Start that version, or restore an older copy.");
    }
}
