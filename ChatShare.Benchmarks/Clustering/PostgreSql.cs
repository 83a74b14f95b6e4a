using System.Diagnostics;
using System.Globalization;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>Debian's PostgreSQL on the loopback, as durable as it is by default, with a folder of its own and under an account that is not root's.</summary>
internal sealed class PostgreSql : IAsyncDisposable
{
    private const string Account = "postgres";

    private static readonly string? Programs = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin"))
            .LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
        : null;

    private readonly TemporaryFolder _folder;
    private readonly ChildProcess _process;
    private readonly int _port;

    private PostgreSql(TemporaryFolder folder, ChildProcess process, int port)
    {
        _folder = folder;
        _process = process;
        _port = port;
    }

    public static bool IsInstalled => Programs is not null;

    /// <summary>How its one database is reached, which is empty at first.</summary>
    public string Database => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username={Account};Database=postgres");

    /// <summary>CPU seconds of all its processes.</summary>
    public double CpuSeconds => _process.TreeCpuSeconds;

    public static async Task<PostgreSql> StartAsync(CancellationToken cancellationToken)
    {
        var folder = new TemporaryFolder();
        string[] account = [];
        if (Environment.UserName == "root")
        {
            await RunAsync(["chown", Account, folder.File(".")], cancellationToken);
            account = ["setpriv", $"--reuid={Account}", $"--regid={Account}", "--clear-groups"];
        }

        var data = folder.File("data");
        await RunAsync([.. account, Program("initdb"), "-D", data, "-U", Account, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"], cancellationToken);
        var port = Loopback.FreePort();
        var process = Companion.Start(
            folder.File("log"), "QUIT",
            [.. account, Program("postgres"), "-D", data, "-p", Text(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        var server = new PostgreSql(folder, process, port);
        try
        {
            await server.AnswersAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.EndAsync();
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>It takes connections before it takes questions.</summary>
    private async Task AnswersAsync(CancellationToken cancellationToken)
    {
        while (await ExitCodeAsync([Program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", Text(_port)], cancellationToken) != 0)
        {
            if (_process.HasEnded)
                throw new InvalidOperationException($"PostgreSQL does not start: {await File.ReadAllTextAsync(_folder.File("log"), cancellationToken)}");
            await Task.Delay(50, cancellationToken);
        }
    }

    private static string Program(string name) => Path.Combine(Programs ?? throw new InvalidOperationException("PostgreSQL is missing."), name);

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static async Task RunAsync(string[] command, CancellationToken cancellationToken)
    {
        if (await ExitCodeAsync(command, cancellationToken) is not 0 and var code)
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {code}; what it had to say stands above.");
    }

    private static async Task<int> ExitCodeAsync(string[] command, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }
}
