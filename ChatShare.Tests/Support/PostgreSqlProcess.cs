using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace ChatShare.Tests.Support;

/// <summary>
/// One PostgreSQL of Debian, as durable as it is by default, on the loopback, in a folder of its own and under an account that is not root's, as it
/// wants it. It ends with this program, however that ends.
/// </summary>
internal sealed class PostgreSqlProcess : IAsyncDisposable
{
    private const string Account = "postgres";

    private static readonly string? Programs = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin"))
            .LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
        : null;

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = Sockets.FreePort();
    private Process? _process;

    private PostgreSqlProcess()
    {
    }

    public static bool IsInstalled => Programs is not null;

    private static string[] AsAccount => Environment.UserName == "root" ? ["setpriv", $"--reuid={Account}", $"--regid={Account}", "--clear-groups"] : [];

    private string Data => _folder.File("data");

    public static async Task<PostgreSqlProcess> StartAsync()
    {
        var programs = Programs ?? throw new InvalidOperationException("PostgreSQL is missing.");
        var server = new PostgreSqlProcess();
        if (AsAccount.Length > 0)
            await RunAsync("chown", Account, server._folder.Path);
        // The order of a language, so that a query that leaves the order to the server is found out.
        await RunAsync(
            [.. AsAccount, Path.Combine(programs, "initdb"), "-D", server.Data, "-U", Account, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu",
                "--icu-locale=en", "--no-sync"]);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>How one of its databases is reached.</summary>
    public string Database(string name) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username={Account};Database={name}");

    /// <summary>After <see cref="StopAsync"/>, on the same port and folder; returns when it answers.</summary>
    public async Task StartAgainAsync()
    {
        // It ends with its standard input, and so with this program, also when that is killed.
        string[] command =
        [
            "sh", "-c", "log=$1; shift; \"$@\" 2>>\"$log\" >&2 & server=$!; read -r how; kill -${how:-QUIT} $server; wait $server", "sh", _folder.File("log"),
            .. AsAccount, Path.Combine(Programs!, "postgres"), "-D", Data, "-p", _port.ToString(CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=500", "-c", "shared_buffers=32MB",
        ];
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardInput = true })!;
        _process = process;
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return await PostgreSqlServer.AskAsync(Database("postgres"), "SELECT 1") is 1;
            }
            catch (NpgsqlException) when (!process.HasExited)
            {
                return false;
            }
        });
    }

    /// <summary>As its service manager does: connections end in the middle, and what was not committed is rolled back.</summary>
    public Task StopAsync() => EndAsync("INT");

    /// <summary>As after a crash: the next start recovers what was committed from its log.</summary>
    public Task CrashAsync() => EndAsync("QUIT");

    public async ValueTask DisposeAsync()
    {
        await EndAsync("QUIT");
        _folder.Dispose();
    }

    private async Task EndAsync(string signal)
    {
        if (_process is null)
            return;
        await _process.StandardInput.WriteLineAsync(signal);
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _process = null;
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
}
