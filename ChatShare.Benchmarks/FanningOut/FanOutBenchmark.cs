using System.Diagnostics;
using System.Text.Json;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>
/// Many circuits in one room and one sender: how long a message takes to everybody's page, what a delivery and what a page
/// cost the server. Server and load generator are processes of their own.
/// </summary>
internal static class FanOutBenchmark
{
    private const int Rows = 100;
    private const int WarmUpSeconds = 5;
    private const double LatencyToReach = 100;
    private const double HeapToReach = 450;
    private const double BusiestGenerator = 0.9;

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        var isShort = options.Has("--short");
        var circuits = options.Number("--circuits", isShort ? 50 : 500);
        var load = new Load(circuits, options.Number("--rate", 5), options.Number("--seconds", isShort ? 10 : 60), options.Number("--people", circuits));
        var (few, many) = isShort ? (10, 50) : (50, 300);
        using var folder = new TemporaryFolder();
        Machine.Print();

        var heaps = new Table("page", $"live heap, {few} circuits", $"{many} circuits", "KB per circuit", $"resident, {many} circuits");
        var isGood = await MeasureChatAsync(load, few, many, heaps, folder, cancellationToken);
        await MeasureEmptyAsync(few, many, heaps, folder, cancellationToken);
        heaps.Print();
        Console.WriteLine($"To reach: {HeapToReach} KB per circuit on the chat page with {Rows} rows. The empty one collects as a web project does, the chat as it is built to.");
        return isGood ? 0 : 1;
    }

    private static async Task<bool> MeasureChatAsync(
        Load load, int few, int many, Table heaps, TemporaryFolder folder, CancellationToken cancellationToken)
    {
        await using var server = await MeasuredServer.StartChatAsync(folder, cancellationToken);
        await using var generator = StartGenerator(server, Generator.ChatPage, load.People);
        await generator.AskAsync("connect 1", cancellationToken);
        await generator.AskAsync($"post {Rows}", cancellationToken);
        await AddSlopeAsync("chat, 100 rows", server, generator, few, many, heaps, cancellationToken);
        await generator.AskAsync($"connect {load.Circuits}", cancellationToken);
        await generator.AskAsync($"run {load.Rate} {WarmUpSeconds}", cancellationToken);

        var before = (Server: server.Process.CpuSeconds, Generator: generator.CpuSeconds, All: Machine.BusySeconds(), At: Stopwatch.GetTimestamp());
        var answer = await generator.AskAsync($"run {load.Rate} {load.Seconds}", cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(before.At).TotalSeconds;
        var cpu = (Server: server.Process.CpuSeconds - before.Server, Generator: generator.CpuSeconds - before.Generator);
        var others = Machine.BusySeconds() - before.All - cpu.Server - cpu.Generator;
        var run = JsonSerializer.Deserialize<RunResult>(answer)!;
        Print(load, run, cpu.Server, cpu.Generator, others, seconds);
        return run.Faults.Count == 0 && cpu.Generator / seconds <= BusiestGenerator;
    }

    private static async Task MeasureEmptyAsync(int few, int many, Table heaps, TemporaryFolder folder, CancellationToken cancellationToken)
    {
        await using var server = await MeasuredServer.StartEmptyAsync(folder, cancellationToken);
        await using var generator = StartGenerator(server, Generator.EmptyPage, many);
        await AddSlopeAsync("empty", server, generator, few, many, heaps, cancellationToken);
    }

    private static async Task AddSlopeAsync(
        string name, MeasuredServer server, ChildProcess generator, int few, int many, Table heaps, CancellationToken cancellationToken)
    {
        await generator.AskAsync($"connect {few}", cancellationToken);
        var small = (await server.HeapAsync(cancellationToken)).LiveBytes;
        await generator.AskAsync($"connect {many}", cancellationToken);
        var large = (await server.HeapAsync(cancellationToken)).LiveBytes;
        var slope = (large - small) / 1024.0 / (many - few);
        Console.Error.WriteLine($"{name}: {Show(slope, "0")} KB per circuit");
        heaps.Add(name, Megabytes(small), Megabytes(large), Show(slope, "0"), Megabytes(server.Process.ResidentBytes));
    }

    private static ChildProcess StartGenerator(MeasuredServer server, string page, int people) =>
        ChildProcess.StartSelf([Generator.Mode, server.Address.ToString(), page, $"{people}"], new Dictionary<string, string>());

    private static void Print(Load load, RunResult run, double serverCpu, double generatorCpu, double othersCpu, double seconds)
    {
        var latency = new Table("circuits", "messages/s", "deliveries/s", "p50", "p95", "p99", "max");
        latency.Add(
            $"{load.Circuits}", $"{load.Rate}", Show(run.Deliveries / run.Seconds, "N0"), Milliseconds(run.P50), Milliseconds(run.P95),
            Milliseconds(run.P99), Milliseconds(run.Max));
        latency.Print();
        var cpu = new Table("deliveries", "server CPU per delivery", "server CPU", "generator CPU", "other processes");
        cpu.Add(
            Show(run.Deliveries, "N0"), $"{Show(serverCpu * 1e6 / run.Deliveries, "0")} µs", Cores(serverCpu), Cores(generatorCpu), Cores(othersCpu));
        cpu.Print();
        foreach (var fault in run.Faults)
            Console.WriteLine($"Failed: {fault}");
        if (generatorCpu / seconds > BusiestGenerator)
            Console.WriteLine("Void: the generator used more than 90 % of a core, so it may have measured itself.");
        Console.WriteLine($"To reach: p95 below {LatencyToReach} ms ({(run.P95 < LatencyToReach ? "met" : "missed")}).");
        Console.WriteLine();

        string Cores(double used) => $"{Show(100 * used / seconds, "0")} % of a core";
    }

    private static string Milliseconds(double value) => $"{Show(value, "0.0")} ms";

    private static string Megabytes(long bytes) => $"{Show(bytes / 1024.0 / 1024, "0.0")} MB";

    private sealed record Load(int Circuits, int Rate, int Seconds, int People);
}
