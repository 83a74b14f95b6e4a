using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>Owns SQLite's migrations, and knows its faults; everything else is in the base.</summary>
internal sealed class SqliteChatShareDbContext(DbContextOptions<SqliteChatShareDbContext> options) : ChatShareDbContext(options)
{
    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        try
        {
            return await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        }
        // A commit may fail when the results of a command are read, which no interceptor hears of.
        catch (DbUpdateException e) when (FullDisk.IsBehind(e))
        {
            throw FullDisk.Refusal(e);
        }
    }
}
