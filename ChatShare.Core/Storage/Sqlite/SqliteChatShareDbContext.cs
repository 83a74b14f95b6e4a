using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>Owns SQLite's migrations; everything else is in the base.</summary>
internal sealed class SqliteChatShareDbContext(DbContextOptions<SqliteChatShareDbContext> options) : ChatShareDbContext(options);
