using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>
/// Many people in one room: what a message costs on its way to everybody's page and how long it takes, what a page costs that is only open,
/// and how long a crowd takes to come in. Servers and load generators are processes of their own.
/// </summary>
internal static class FanOutBenchmark
{
    private static readonly string[] Parts = ["steady", "burst", "scale", "memory", "arrival"];

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        var isShort = options.Has("--short");
        var circuits = options.Number("--circuits", isShort ? 50 : 500);
        var rounds = options.Number("--rounds", isShort ? 1 : 3);
        var only = options.Text("--only")?.Split(',') ?? Parts;
        Machine.Print();
        var isGood = true;
        foreach (var part in only)
        {
            isGood &= part switch
            {
                "steady" => await Deliveries.CompareAsync(
                    $"{circuits} circuits, 5 messages a second", [PageKind.Chat, PageKind.Least, PageKind.Hub], circuits, new Load(5, isShort ? 5 : 20, rounds), cancellationToken),
                "burst" => await Deliveries.CompareAsync(
                    $"{circuits} circuits, {(isShort ? 50 : 500)} messages within 2 s", [PageKind.Chat, PageKind.Naive, PageKind.Hub], circuits,
                    new Load(isShort ? 25 : 250, 2, rounds), cancellationToken),
                "scale" => await Deliveries.ScaleAsync(2 * circuits, new Load(5, isShort ? 5 : 60, 1), cancellationToken),
                "memory" => await PageMemory.MeasureAsync(circuits / 5, circuits, isShort ? 500 : 10_000, cancellationToken),
                "arrival" => await Arrival.MeasureAsync(circuits, rounds, cancellationToken),
                _ => throw new ArgumentException($"“{part}” is none of {string.Join(", ", Parts)}.", nameof(options)),
            };
        }

        return isGood ? 0 : 1;
    }

    public static string Milliseconds(double value) => $"{Show(value, "0.0")} ms";

    public static string Met(bool isMet) => isMet ? "met" : "missed";
}
