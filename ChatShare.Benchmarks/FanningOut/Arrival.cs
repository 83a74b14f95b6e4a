using static ChatShare.Benchmarks.FanningOut.FanOutBenchmark;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>Everybody after lunch: how long it takes until all have the newest message before them, and what those notice who are in.</summary>
internal static class Arrival
{
    private const int Rows = 100;
    private const int AlreadyIn = 20;
    private const double TimesEmptyToReach = 2;
    private const double SlowestToReach = 500;

    public static async Task<bool> MeasureAsync(int circuits, int rounds, CancellationToken cancellationToken)
    {
        var results = new Dictionary<PageKind, List<ArrivalResult>> { [PageKind.Chat] = [], [PageKind.Empty] = [] };
        // A server that has served as many before: how fast it compiles is another question.
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (page, all) in round % 2 == 0 ? results : results.Reverse())
                all.Add(await MeasureAsync(page, circuits, cancellationToken));
        }

        var table = new Table($"{circuits} at once", "half of them within", "95 %", "all", "slowest message for those who are in");
        foreach (var (page, all) in results)
        {
            table.Add(
                $"{page}",
                Seconds(all.Select(result => result.P50)),
                Seconds(all.Select(result => result.P95)),
                Seconds(all.Select(result => result.Last)),
                page == PageKind.Chat ? Milliseconds(all.Max(result => result.SlowestForOthers)) : "");
        }

        table.Print();
        var times = results[PageKind.Chat].Zip(results[PageKind.Empty], (chat, empty) => chat.Last / empty.Last).ToList();
        var slowest = results[PageKind.Chat].Max(result => result.SlowestForOthers);
        Console.WriteLine(
            $"Chat beside Empty, all: {MedianAndSpread(times, "0.00")}. To reach: at most {TimesEmptyToReach} ({Met(Median(times) <= TimesEmptyToReach)}), "
            + $"and {SlowestToReach} ms for those who are in ({Met(slowest <= SlowestToReach)}).\n");
        return true;
    }

    private static async Task<ArrivalResult> MeasureAsync(PageKind page, int circuits, CancellationToken cancellationToken)
    {
        await using var side = await LoadedServer.StartAsync(page, 2 * circuits + AlreadyIn, cancellationToken);
        if (page == PageKind.Chat)
        {
            await side.ConnectAsync(1, cancellationToken);
            await side.PostAsync(Rows, cancellationToken);
        }

        await side.ConnectAsync(AlreadyIn, cancellationToken);
        // Once for the compiler.
        await side.ArriveAsync(circuits / 5, cancellationToken);
        var result = await side.ArriveAsync(circuits, cancellationToken);
        Console.Error.WriteLine($"{page}: {circuits} within {Show(result.Last, "0.0")} s, slowest message {Show(result.SlowestForOthers, "0")} ms");
        return result;
    }

    private static string Seconds(IEnumerable<double> values) => $"{MedianAndSpread([.. values], "0.0")} s";
}
