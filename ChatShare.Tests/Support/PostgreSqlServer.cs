using System.Diagnostics;
using System.Globalization;
using ChatShare.Tests.Support;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgreSqlServer))]

namespace ChatShare.Tests.Support;

/// <summary>
/// Debian's PostgreSQL, as durable as it is by default, for all tests that ask for it, each with databases of its own. It starts with the first of
/// them and ends with the tests, however they end; on the loopback, in a folder of its own, and under an account that is not root's, as it wants it.
/// </summary>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    private const string Account = "postgres";
    private const string Template = "chatshare_template";

    private static readonly string? Programs = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin"))
            .LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
        : null;

    private static readonly Lazy<Task<Running>> Server = new(StartAsync);
    private static readonly Lazy<Task> Migrated = new(MigrateAsync);
    private static int _databases;

    /// <summary>Whether all tests that do not say otherwise use it.</summary>
    public static bool IsDefault { get; } = Environment.GetEnvironmentVariable("CHATSHARE_TESTS_DATABASE") == "PostgreSql";

    /// <summary>Skips the test where PostgreSQL is not installed, though never where everything has to be.</summary>
    public static void Require()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipUnless(Programs is not null, "PostgreSQL is not installed; ./test installs it on Debian as root.");
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
            await (await Server.Value).EndAsync();
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

        // Each server is to make its own epoch.
        await AskAsync(server.Database(Template), """DELETE FROM "Facts" WHERE "Key" = 'epoch'""");
    }

    private static async Task<Running> StartAsync()
    {
        var programs = Programs ?? throw new InvalidOperationException("PostgreSQL is missing.");
        var folder = new TemporaryFolder();
        string[] account = [];
        if (Environment.UserName == "root")
        {
            await RunAsync("chown", Account, folder.Path);
            account = ["setpriv", $"--reuid={Account}", $"--regid={Account}", "--clear-groups"];
        }

        var data = folder.File("data");
        // The order of a language, so that a query that leaves the order to the server is found out.
        await RunAsync(
            [.. account, Path.Combine(programs, "initdb"), "-D", data, "-U", Account, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu",
                "--icu-locale=en", "--no-sync"]);
        var port = Sockets.FreePort();
        // It ends with its standard input, and so with this program, also when that is killed.
        string[] command =
        [
            "sh", "-c", "log=$1; shift; \"$@\" 2>\"$log\" >&2 & server=$!; read -r end; kill -QUIT $server; wait $server", "sh", folder.File("log"),
            .. account, Path.Combine(programs, "postgres"), "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=500", "-c", "shared_buffers=32MB",
        ];
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardInput = true })!;
        var server = new Running(process, folder, port);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return await AskAsync(server.Database("postgres"), "SELECT 1") is 1;
            }
            catch (NpgsqlException) when (!process.HasExited)
            {
                return false;
            }
        });
        return server;
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {await said}");
    }

    private sealed record Running(Process Process, TemporaryFolder Folder, int Port)
    {
        public string Database(string name) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Username={Account};Database={name}");

        public async Task EndAsync()
        {
            Process.StandardInput.Close();
            await Process.WaitForExitAsync(CancellationToken.None);
            Process.Dispose();
            Folder.Dispose();
        }
    }
}
