using System.Globalization;
using ChatShare.Tests.Support;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgreSqlServer))]

namespace ChatShare.Tests.Support;

/// <summary>One <see cref="PostgreSqlProcess"/> for all tests that ask for it, each with databases of its own. It starts with the first of them.</summary>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    private const string Template = "chatshare_template";

    private static readonly Lazy<Task<PostgreSqlProcess>> Server = new(PostgreSqlProcess.StartAsync);
    private static readonly Lazy<Task> Migrated = new(MigrateAsync);
    private static int _databases;

    /// <summary>Whether all tests that do not say otherwise use it.</summary>
    public static bool IsDefault { get; } = Environment.GetEnvironmentVariable("CHATSHARE_TESTS_DATABASE") == "PostgreSql";

    /// <summary>Skips the test where PostgreSQL is not installed, though never where everything has to be.</summary>
    public static void Require()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipUnless(PostgreSqlProcess.IsInstalled, "PostgreSQL is not installed; ./test installs it on Debian as root.");
    }

    /// <returns>How to reach a new database without tables.</returns>
    public static Task<string> NewEmptyDatabaseAsync() => NewDatabaseAsync("template0");

    /// <returns>How to reach a new database with the tables of ChatShare, and nothing in them.</returns>
    public static async Task<string> NewDatabaseAsync()
    {
        await Migrated.Value;
        return await NewDatabaseAsync(Template);
    }

    /// <returns>The settings of a ChatShare in a database of its own.</returns>
    public static async Task<string[]> NewSettingsAsync() => SettingsFor(await NewDatabaseAsync());

    /// <returns>Settings that name a database.</returns>
    public static string[] SettingsFor(string database) => ["ChatShare:Storage:Provider=PostgreSql", $"ChatShare:Storage:ConnectionString={database}"];

    /// <returns>The same for <see cref="CoreHost"/> and <see cref="BareCore"/>.</returns>
    internal static (string Key, string Value)[] CoreSettingsFor(string database) => [("Storage:Provider", "PostgreSql"), ("Storage:ConnectionString", database)];

    /// <summary>Runs one statement over a connection of its own, as an administrator of the server.</summary>
    /// <returns>What it gives first.</returns>
    public static async Task<object?> AskAsync(string database, string statement)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync(CancellationToken.None);
#pragma warning disable CA2100 // From the tests themselves.
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(CancellationToken.None);
    }

    /// <summary>Ends every connection to a database.</summary>
    public static async Task EndConnectionsAsync(string database)
    {
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        await AskAsync((await Server.Value).Database("postgres"), $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (Server.IsValueCreated)
            await (await Server.Value).DisposeAsync();
    }

    private static async Task<string> NewDatabaseAsync(string template)
    {
        var server = await Server.Value;
        var name = string.Create(CultureInfo.InvariantCulture, $"chatshare{Interlocked.Increment(ref _databases)}");
        await AskAsync(server.Database("postgres"), $"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
        return server.Database(name);
    }

    private static async Task MigrateAsync()
    {
        var server = await Server.Value;
        await AskAsync(server.Database("postgres"), $"CREATE DATABASE {Template} TEMPLATE template0");
        await using (await BareCore.StartAsync(CoreSettingsFor(server.Database(Template))))
        {
            // Opened, which is what was wanted.
        }

        // Each server is to make its own epoch, and has a downloads folder of its own.
        await AskAsync(server.Database(Template), """DELETE FROM "Facts" """);
    }
}
