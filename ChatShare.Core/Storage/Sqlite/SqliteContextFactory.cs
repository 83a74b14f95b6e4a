using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>Hands out SQLite's context under the base type, which is the only one that services know.</summary>
internal sealed class SqliteContextFactory(IDbContextFactory<SqliteChatShareDbContext> inner) : IDbContextFactory<ChatShareDbContext>
{
    public ChatShareDbContext CreateDbContext() => inner.CreateDbContext();
}
