using static ChatShare.Benchmarks.FanningOut.FanOutBenchmark;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.FanningOut;

/// <param name="Rate">Messages a second.</param>
/// <param name="Seconds">How long.</param>
/// <param name="Rounds">How often.</param>
internal sealed record Load(int Rate, int Seconds, int Rounds);

/// <summary>Server CPU and time from send to arrival.</summary>
internal static class Deliveries
{
    private const int Rows = 100;
    private const int WarmUpSeconds = 5;

    // Issue 5: at most 1.5 times the hub's CPU when messages are apart; in a burst 5 times, and a fifth of the naive page's.
    private static readonly Dictionary<(PageKind Other, bool IsBurst), double> MostBeside = new()
    {
        [(PageKind.Hub, false)] = 1.5,
        [(PageKind.Hub, true)] = 5,
        [(PageKind.Naive, true)] = 0.2,
    };

    /// <summary>The chat beside others: all are connected all the time, and each is loaded in its turn.</summary>
    public static async Task<bool> CompareAsync(
        string title, IReadOnlyList<PageKind> pages, int circuits, Load load, CancellationToken cancellationToken)
    {
        var isBurst = pages.Contains(PageKind.Naive);
        var sides = new List<LoadedServer>();
        try
        {
            foreach (var page in pages)
            {
                var side = await LoadedServer.StartAsync(page, circuits, cancellationToken);
                sides.Add(side);
                await FillAsync(side, circuits, cancellationToken);
            }

            var runs = sides.ToDictionary(side => side.Page, _ => new List<Run>());
            for (var round = 0; round <= load.Rounds; round++)
            {
                foreach (var side in round % 2 == 0 ? sides : Enumerable.Reverse(sides))
                {
                    var run = await side.RunAsync(load.Rate, round == 0 && !isBurst ? WarmUpSeconds : load.Seconds, cancellationToken);
                    Console.Error.WriteLine($"{title}, {side.Page}: {Show(run.CostOfDelivery, "0.0")} µs{(round == 0 ? ", not counted" : "")}");
                    if (round > 0)
                        runs[side.Page].Add(run);
                }
            }

            Print(title, runs);
            return Judge(runs, isBurst);
        }
        finally
        {
            foreach (var side in sides)
                await side.DisposeAsync();
        }
    }

    /// <summary>As many as one machine shall carry; nothing pinned.</summary>
    public static async Task<bool> ScaleAsync(int circuits, Load load, CancellationToken cancellationToken)
    {
        const double highestP95 = 150;
        const double slowest = 1000;
        await using var chat = await LoadedServer.StartAsync(PageKind.Chat, circuits, cancellationToken);
        await FillAsync(chat, circuits, cancellationToken);
        await chat.RunAsync(load.Rate, WarmUpSeconds, cancellationToken);
        var run = await chat.RunAsync(load.Rate, load.Seconds, cancellationToken);
        Print($"{circuits} circuits, {load.Rate} messages a second", new Dictionary<PageKind, List<Run>> { [PageKind.Chat] = [run] });
        Console.WriteLine(
            $"To reach: p95 below {highestP95} ms, nobody over {slowest} ms ({Met(run.Result.P95 < highestP95 && run.Result.Max < slowest)}).\n");
        return IsSound(PageKind.Chat, [run]);
    }

    private static async Task FillAsync(LoadedServer side, int circuits, CancellationToken cancellationToken)
    {
        await side.ConnectAsync(1, cancellationToken);
        await side.PostAsync(Rows, cancellationToken);
        await side.ConnectAsync(circuits, cancellationToken);
    }

    private static void Print(string title, Dictionary<PageKind, List<Run>> runs)
    {
        var table = new Table(title, "server CPU per delivery", "deliveries/s", "p50", "p95", "p99", "slowest", "caught up by page", "server CPU", "generator CPU", "others");
        foreach (var (page, all) in runs)
        {
            table.Add(
                $"{page}",
                $"{MedianAndSpread([.. all.Select(run => run.CostOfDelivery)], "0.0")} µs",
                Show(Median(all.Select(run => run.Result.Deliveries / run.Seconds)), "N0"),
                Milliseconds(Median(all.Select(run => run.Result.P50))),
                Milliseconds(Median(all.Select(run => run.Result.P95))),
                Milliseconds(Median(all.Select(run => run.Result.P99))),
                Milliseconds(all.Max(run => run.Result.Max)),
                Show(all.Sum(run => run.Result.CaughtUp), "N0"),
                Cores(run => run.ServerCpu),
                Cores(run => run.GeneratorCpu),
                Cores(run => run.OthersCpu));

            string Cores(Func<Run, double> cpu) => $"{Show(Median(all.Select(run => 100 * cpu(run) / run.Seconds)), "0")} % of a core";
        }

        table.Print();
    }

    private static bool Judge(Dictionary<PageKind, List<Run>> runs, bool isBurst)
    {
        foreach (var (page, all) in runs.Where(side => side.Key != PageKind.Chat))
        {
            var ratios = runs[PageKind.Chat].Zip(all, (chat, other) => chat.CostOfDelivery / other.CostOfDelivery).ToList();
            if (!MostBeside.TryGetValue((page, isBurst), out var most))
            {
                Console.WriteLine($"Chat beside {page}: {MedianAndSpread(ratios, "0.00")}.\n");
                continue;
            }

            Console.WriteLine($"Chat beside {page}: {MedianAndSpread(ratios, "0.00")}. To reach: at most {Show(most, "0.0")} ({Met(Median(ratios) <= most)}).\n");
        }

        // All of them are told of, not the first alone.
        return runs.Select(side => IsSound(side.Key, side.Value)).ToList().TrueForAll(isSound => isSound);
    }

    private static bool IsSound(PageKind page, List<Run> runs)
    {
        foreach (var fault in runs.SelectMany(run => run.Result.Faults).Distinct())
            Console.WriteLine($"Failed, {page}: {fault}");
        if (runs.Exists(run => run.IsVoid))
            Console.WriteLine("Void: a generator used more than 90 % of a core, so it may have measured itself.");
        return runs.TrueForAll(run => !run.IsVoid && run.Result.Faults.Count == 0);
    }
}
