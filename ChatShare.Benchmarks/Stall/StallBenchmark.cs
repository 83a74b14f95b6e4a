using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ChatShare.Benchmarks.FanningOut;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Stall;

/// <summary>
/// Whether readers that stand still cost the others time: the same room with and without them, turn and turn about. Half of those that stand are
/// pages that acknowledge nothing, half are TCP clients that do not read.
/// </summary>
internal static class StallBenchmark
{
    private const double RatioToReach = 1.25;
    private const int WarmUpSeconds = 3;
    private const int Rows = 100;

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        var isShort = options.Has("--short");
        var (rounds, circuits) = (options.Number("--rounds", 5), options.Number("--circuits", isShort ? 20 : 200));
        var (rate, seconds) = (options.Number("--rate", 5), options.Number("--seconds", isShort ? 5 : 20));
        var stalled = options.Number("--stalled", isShort ? 4 : 20);
        using var folder = new TemporaryFolder();
        Machine.Print();

        var gateway = FreeEndpoint();
        await using var server = await MeasuredServer.StartChatAsync(folder, cancellationToken, new KeyValuePair<string, string>("ChatShare__Gateway__Endpoint", gateway.ToString()));
        await using var generator = ChildProcess.StartSelf([Generator.Mode, server.Address.ToString(), nameof(PageKind.Chat), Text(circuits)], new Dictionary<string, string>());
        await generator.AskAsync($"connect {Text(circuits)}", cancellationToken);
        await generator.AskAsync($"post {Text(Rows)}", cancellationToken);
        await generator.AskAsync($"run {Text(rate)} {Text(WarmUpSeconds)}", cancellationToken);

        var table = new Table("round", "p99 without", $"p99 with {Text(stalled)} that stand still", "ratio");
        var ratios = new List<double>();
        var faults = new List<string>();
        for (var round = 1; round <= rounds; round++)
        {
            // The other one first every second time, so that what grows with time counts against both.
            var (without, with) = round % 2 == 1
                ? (await MeasureAsync(0), await MeasureAsync(stalled))
                : await SwapAsync(MeasureAsync(stalled), () => MeasureAsync(0));
            ratios.Add(with / without);
            table.Add(Text(round), Milliseconds(without), Milliseconds(with), Show(with / without, "0.00"));
        }

        table.Print();
        foreach (var fault in faults)
            Console.WriteLine($"Failed: {fault}");
        Console.WriteLine($"Ratio of p99, median and spread: {MedianAndSpread(ratios, "0.00")}. To reach: {Show(RatioToReach, "0.00")} ({(Median(ratios) <= RatioToReach ? "met" : "missed")}).");
        Console.WriteLine($"{Text(circuits)} circuits, {Text(rate)} messages/s, {Text(seconds)} s each.");
        return faults.Count == 0 ? 0 : 1;

        async Task<double> MeasureAsync(int readers)
        {
            await using var standing = await StandingReaders.OpenAsync(server.Address, gateway, readers, cancellationToken);
            // Returns when nobody is told any more who has come.
            await generator.AskAsync($"connect {Text(circuits)}", cancellationToken);
            var run = JsonSerializer.Deserialize<RunResult>(await generator.AskAsync($"run {Text(rate)} {Text(seconds)}", cancellationToken))!;
            faults.AddRange(run.Faults);
            if (standing.HasEnded)
                faults.Add("Somebody who was to stand still was cut off before the round was over.");
            return run.P99;
        }
    }

    private static async Task<(double Without, double With)> SwapAsync(Task<double> first, Func<Task<double>> second)
    {
        var with = await first;
        return (await second(), with);
    }

    /// <summary>On an address of its own, so that it is not taken for that of the pages.</summary>
    private static IPEndPoint FreeEndpoint()
    {
        using var listener = new TcpListener(new IPAddress([127, 0, 0, 2]), 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    private static string Milliseconds(double value) => $"{Show(value, "0.0")} ms";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
