using System.Globalization;
using System.Runtime.CompilerServices;
using ChatShare.Core.Storage;
using ChatShare.Core.Storage.Sqlite;
using ChatShare.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Storage;

/// <summary>The settings without which a power failure takes acknowledged messages along, on each way to the database.</summary>
public sealed class DurabilityTests
{
    private const long Full = 2;

    [Fact(Timeout = Make.Patience)]
    public async Task Connection_of_EF_syncs_each_commit()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        // A connection out of the pool could have been prepared by somebody else.
        SqliteConnection.ClearPool(new SqliteConnection(Connection(host)));
        await using var db = await host.OpenDatabaseAsync(token);
        await db.Database.OpenConnectionAsync(token);
        AssertDurable((SqliteConnection)db.Database.GetDbConnection());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Connection_of_the_append_path_syncs_each_commit()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        SqliteConnection.ClearPool(new SqliteConnection(Connection(host)));
        using var commands = new SqliteAppendCommands(Connection(host));
        AssertDurable(ConnectionOf(commands));
    }

    private static string Connection(CoreHost host) => ((SqliteEngine)host.Get<IDatabaseEngine>()).ConnectionString;

    private static void AssertDurable(SqliteConnection connection)
    {
        Assert.Equal(Full, Ask("synchronous"));
        Assert.Equal("wal", Ask("journal_mode"));
        Assert.Equal(1L, Ask("foreign_keys"));
        Assert.True(Convert.ToInt64(Ask("busy_timeout"), CultureInfo.InvariantCulture) >= 5_000);

        object? Ask(string pragma)
        {
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The names are above.
            command.CommandText = $"PRAGMA {pragma}";
#pragma warning restore CA2100
            return command.ExecuteScalar();
        }
    }

    // The very connection that messages are written through; a product that showed it would invite others to it.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_connection")]
    private static extern ref SqliteConnection ConnectionOf(SqliteAppendCommands commands);
}
