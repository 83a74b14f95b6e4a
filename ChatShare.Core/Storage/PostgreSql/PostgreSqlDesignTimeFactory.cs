using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>
/// For <c>dotnet ef migrations add NAME --project ChatShare.Core --context PostgreSqlChatShareDbContext
/// --output-dir Storage/Migrations/PostgreSql</c>, which needs the model and no database.
/// </summary>
internal sealed class PostgreSqlDesignTimeFactory : IDesignTimeDbContextFactory<PostgreSqlChatShareDbContext>
{
    public PostgreSqlChatShareDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgreSqlChatShareDbContext>().UseNpgsql("Host=localhost").Options);
}
