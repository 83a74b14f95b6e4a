using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>Gives EF's connections the same settings as the ones that are opened by hand.</summary>
internal sealed class PreparedConnections : DbConnectionInterceptor
{
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) =>
        SqliteEngine.Prepare((SqliteConnection)connection);

    public override Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        // SQLite's calls are synchronous whatever they are named; this one touches no disk.
        SqliteEngine.Prepare((SqliteConnection)connection);
        return Task.CompletedTask;
    }
}
