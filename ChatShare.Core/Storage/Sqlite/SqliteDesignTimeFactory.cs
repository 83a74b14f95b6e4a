using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>
/// For <c>dotnet ef migrations add NAME --project ChatShare.Core --context SqliteChatShareDbContext
/// --output-dir Storage/Migrations/Sqlite</c>, which needs the model and no database.
/// </summary>
internal sealed class SqliteDesignTimeFactory : IDesignTimeDbContextFactory<SqliteChatShareDbContext>
{
    public SqliteChatShareDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteChatShareDbContext>().UseSqlite("Data Source=:memory:").Options);
}
