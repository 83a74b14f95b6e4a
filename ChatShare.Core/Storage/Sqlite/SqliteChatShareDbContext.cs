using System.Data.Common;
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
        // No interceptor hears of a commit that fails when the results of a command are read, nor of a transaction that cannot begin.
        catch (Exception e) when (e is DbUpdateException or DbException && FullDisk.IsBehind(e))
        {
            throw FullDisk.Refusal(e);
        }
    }
}
