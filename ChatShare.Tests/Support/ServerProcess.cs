using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ChatShare.Tests.Support;

/// <summary>
/// The real program in a process of its own, on a free port of the loopback, with folders of its own. It can be killed like any other and
/// started again on the same port and folders.
/// </summary>
public sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    // Half of what a host grants by default before it gives up; service managers often grant ten seconds.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("chatshare-").FullName;
    private readonly int _port = Sockets.FreePort();
    private readonly string[] _settings;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private Process? _process;

    private ServerProcess(string[] settings, IReadOnlyDictionary<string, string>? environment = null)
    {
        _settings = settings;
        _environment = environment ?? new Dictionary<string, string>();
    }

    /// <summary>Where it listens.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}");

    /// <summary>The link of the last start; null when there is an administrator.</summary>
    public string? SetupLink { get; private set; }

    /// <summary>Whether it lives.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>What it has said in all its lives.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Its downloads folder.</summary>
    public string Downloads => Path.Combine(_folder, "downloads");

    /// <summary>Starts it with settings such as <c>ChatShare:Limits:FileBytes=1000</c>.</summary>
    public static async Task<ServerProcess> StartAsync(CancellationToken cancellationToken, params string[] settings)
    {
        var server = new ServerProcess(settings);
        await server.StartAgainAsync(cancellationToken);
        return server;
    }

    /// <summary>The same with the tables of its database made already.</summary>
    public static async Task<ServerProcess> StartMigratedAsync(CancellationToken cancellationToken, params string[] settings)
    {
        var server = new ServerProcess(settings);
        await MigratedDatabase.PutAsync(Path.Combine(server._folder, "data"));
        await server.StartAgainAsync(cancellationToken);
        return server;
    }

    /// <summary>The same in an environment that is changed.</summary>
    public static async Task<ServerProcess> StartInAsync(IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken, params string[] settings)
    {
        var server = new ServerProcess(settings, environment);
        await MigratedDatabase.PutAsync(Path.Combine(server._folder, "data"));
        await server.StartAgainAsync(cancellationToken);
        return server;
    }

    /// <summary>What the processor has done for it since its start.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process!.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts it after <see cref="KillAsync"/>; returns when it can be used.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ChatShare.Web.dll"));
        start.ArgumentList.Add($"--Kestrel:Endpoints:Web:Url={Address}");
        start.ArgumentList.Add($"--ChatShare:DataDirectory={Path.Combine(_folder, "data")}");
        start.ArgumentList.Add($"--ChatShare:Downloads:Directory={Downloads}");
        start.ArgumentList.Add("--ChatShare:Gateway:Endpoint=");
        // A short life: code that is compiled again for speed would pay itself back after the test. Without the second line a quarter of the
        // processor time of a start with two people went into that.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_TC_CallCounting"] = "0";
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        foreach (var setting in _settings)
            start.ArgumentList.Add($"--{setting}");
        SetupLink = null;
        _process = Process.Start(start)!;
        _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        while (await _process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
        {
            _lines.Enqueue(line);
            if (LinkPattern().Match(line) is { Success: true } link)
                SetupLink = link.Value;
            // The last thing that it says itself at its start.
            if (line.StartsWith("ChatShare is open", StringComparison.Ordinal))
            {
                _ = ListenAsync(_process.StandardOutput);
                return;
            }
        }

        throw new InvalidOperationException($"The server ended with {_process.ExitCode} instead of starting.");
    }

    /// <summary>SIGKILL: nothing is tidied up.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process!.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>SIGTERM, as an operator stops it. Returns its exit code.</summary>
    public async Task<int> StopAsync(CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync(cancellationToken).WaitAsync(StopTimeout, cancellationToken);
        return _process.ExitCode;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            await KillAsync(CancellationToken.None);
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ListenAsync(StreamReader output)
    {
        while (await output.ReadLineAsync(CancellationToken.None) is { } line)
            _lines.Enqueue(line);
    }

    [GeneratedRegex(@"http://\S+/setup\?token=\S+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LinkPattern();
}
