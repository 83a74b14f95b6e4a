using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ChatShare.Tests.Support;

/// <summary>Debian's Redis on the loopback, with nothing in it; it ends with this program, however that ends.</summary>
internal sealed class RedisServer(bool isCluster) : IAsyncDisposable
{
    private const string Program = "/usr/bin/redis-server";

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = Sockets.FreePort();
    private Process? _shell;
    private int _process;

    /// <summary>How it is reached.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    /// <summary>Skips the test where Redis is not installed, though never where everything has to be.</summary>
    public static void Require()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipUnless(File.Exists(Program), "Redis is not installed; ./test installs it on Debian as root.");
    }

    /// <param name="isCluster">Whether it counts as several, of which each keeps a part of the keys; it is all of them.</param>
    public static async Task<RedisServer> StartAsync(bool isCluster = false)
    {
        var server = new RedisServer(isCluster);
        await server.StartAgainAsync();
        if (isCluster)
        {
            await server.TellAsync("CLUSTER ADDSLOTSRANGE 0 16383");
            await Eventually.TrueAsync(async () => await server.AskAsync("GET nothing") == "$-1");
        }

        return server;
    }

    /// <summary>After <see cref="KillAsync"/>, where it was.</summary>
    public async Task StartAgainAsync()
    {
        // It ends with its standard input, and so with this program, also when that is killed.
        _shell = Process.Start(new ProcessStartInfo(
            "sh",
            [
                "-c", "\"$@\" >&2 & echo $!; read -r end; kill -KILL $!; wait", "sh",
                Program, "--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder.Path,
                "--loglevel", "warning",
                "--cluster-enabled", isCluster ? "yes" : "no", "--cluster-announce-ip", "127.0.0.1",
                "--cluster-port", Sockets.FreePort().ToString(CultureInfo.InvariantCulture),
            ])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        _ = _shell.StandardError.ReadToEndAsync(CancellationToken.None);
        _process = int.Parse((await _shell.StandardOutput.ReadLineAsync(CancellationToken.None))!, CultureInfo.InvariantCulture);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return await AskAsync("PING") == "+PONG";
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    /// <summary>Ends the connections that listen, as a network does that breaks.</summary>
    public Task<string> EndListenersAsync() => AskAsync("CLIENT KILL TYPE pubsub");

    /// <summary>Ends the connections that ask.</summary>
    public Task<string> EndAskersAsync() => AskAsync("CLIENT KILL TYPE normal SKIPME yes");

    /// <summary>From now on whoever comes has to know a password.</summary>
    public Task<string> DemandAsync(string password) => AskAsync("CONFIG SET requirepass " + password);

    /// <summary>Changes one of its settings while it runs, or tells it something else.</summary>
    public async Task TellAsync(string command) => Assert.Equal("+OK", await AskAsync(command));

    /// <summary>How long one of its lists is.</summary>
    public async Task<int> CountAsync(string list) => int.Parse((await AskAsync("LLEN " + list))[1..], CultureInfo.InvariantCulture);

    /// <summary>It keeps its connections and does nothing.</summary>
    public void Stop() => Signal("STOP");

    public void GoOn() => Signal("CONT");

    public async Task KillAsync()
    {
        if (_shell is null)
            return;
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync(CancellationToken.None);
        _shell.Dispose();
        _shell = null;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>One line as a person types it, and the first line of the answer.</summary>
    private async Task<string> AskAsync(string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port, CancellationToken.None);
        await using var stream = client.GetStream();
        await using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\r\n", AutoFlush = true };
        using var reader = new StreamReader(stream, leaveOpen: true);
        await writer.WriteLineAsync(command);
        return await reader.ReadLineAsync(CancellationToken.None) ?? "";
    }
}
