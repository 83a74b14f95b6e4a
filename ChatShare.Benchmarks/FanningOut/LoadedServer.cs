using System.Diagnostics;
using System.Text.Json;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>What a run cost.</summary>
/// <param name="Result">What the generator saw.</param>
/// <param name="Seconds">From the order to the answer.</param>
/// <param name="ServerCpu">CPU seconds.</param>
/// <param name="GeneratorCpu">CPU seconds.</param>
/// <param name="OthersCpu">CPU seconds of everything else on the machine.</param>
internal sealed record Run(RunResult Result, double Seconds, double ServerCpu, double GeneratorCpu, double OthersCpu)
{
    private const double BusiestGenerator = 0.9;

    /// <summary>Microseconds of server CPU.</summary>
    public double CostOfDelivery => ServerCpu * 1e6 / Result.Deliveries;

    /// <summary>Whether the generator had no time to spare, so that it may have measured itself.</summary>
    public bool IsVoid => GeneratorCpu / Seconds > BusiestGenerator;
}

/// <summary>A server and the generator that loads it, each in its own process.</summary>
internal sealed class LoadedServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly ChildProcess _generator;

    private LoadedServer(PageKind page, TemporaryFolder folder, MeasuredServer server, ChildProcess generator)
    {
        _folder = folder;
        Page = page;
        Server = server;
        _generator = generator;
    }

    public PageKind Page { get; }

    public MeasuredServer Server { get; }

    /// <param name="page">Which.</param>
    /// <param name="people">How many different ones connect at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<LoadedServer> StartAsync(PageKind page, int people, CancellationToken cancellationToken)
    {
        var folder = new TemporaryFolder();
        var server = page switch
        {
            PageKind.Chat => await MeasuredServer.StartChatAsync(folder, cancellationToken),
            PageKind.Empty => await MeasuredServer.StartEmptyAsync(folder, cancellationToken),
            _ => await MeasuredServer.StartOwnAsync(page, folder, cancellationToken),
        };
        var generator = ChildProcess.StartSelf([Generator.Mode, server.Address.ToString(), $"{page}", $"{people}"], new Dictionary<string, string>());
        return new LoadedServer(page, folder, server, generator);
    }

    /// <summary>Until so many are connected.</summary>
    public Task ConnectAsync(int count, CancellationToken cancellationToken) => _generator.AskAsync($"connect {count}", cancellationToken);

    /// <summary>One after the other, as fast as they are acknowledged.</summary>
    public Task PostAsync(int count, CancellationToken cancellationToken) => _generator.AskAsync($"post {count}", cancellationToken);

    public async Task<Run> RunAsync(int rate, int seconds, CancellationToken cancellationToken)
    {
        var before = (Server: Server.Process.CpuSeconds, Generator: _generator.CpuSeconds, All: Machine.BusySeconds(), At: Stopwatch.GetTimestamp());
        var answer = await _generator.AskAsync($"run {rate} {seconds}", cancellationToken);
        var took = Stopwatch.GetElapsedTime(before.At).TotalSeconds;
        var cpu = (Server: Server.Process.CpuSeconds - before.Server, Generator: _generator.CpuSeconds - before.Generator);
        var others = Machine.BusySeconds() - before.All - cpu.Server - cpu.Generator;
        return new Run(JsonSerializer.Deserialize<RunResult>(answer)!, took, cpu.Server, cpu.Generator, others);
    }

    /// <summary>All at the same moment.</summary>
    public async Task<ArrivalResult> ArriveAsync(int count, CancellationToken cancellationToken) =>
        JsonSerializer.Deserialize<ArrivalResult>(await _generator.AskAsync($"arrive {count}", cancellationToken))!;

    public async ValueTask DisposeAsync()
    {
        await _generator.DisposeAsync();
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
