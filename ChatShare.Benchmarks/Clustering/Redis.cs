using System.Globalization;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>Debian's Redis on the loopback, which writes nothing down.</summary>
internal sealed class Redis : IAsyncDisposable
{
    private const string Program = "/usr/bin/redis-server";

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = Loopback.FreePort();
    private readonly ChildProcess _process;

    private Redis() => _process = Companion.Start(
        _folder.File("log"), "TERM",
        [Program, "--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder.Sub("data")]);

    public static bool IsInstalled => File.Exists(Program);

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    /// <summary>CPU seconds.</summary>
    public double CpuSeconds => _process.TreeCpuSeconds;

    public static async Task<Redis> StartAsync(CancellationToken cancellationToken)
    {
        var redis = new Redis();
        try
        {
            await Loopback.ListensAsync(redis._port, redis._process, cancellationToken);
            return redis;
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.EndAsync();
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
