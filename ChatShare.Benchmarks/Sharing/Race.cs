using System.Diagnostics;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Sharing;

/// <summary>One of those that are compared.</summary>
/// <param name="Name">In the table.</param>
/// <param name="Mebibytes">Of its file.</param>
/// <param name="ServerCpu">CPU seconds of its server so far.</param>
/// <param name="RunAsync">Moves the file; returns how many seconds that took.</param>
/// <param name="Arrived">Where the file is then, to be hashed; null where it is not on a disk.</param>
internal sealed record Side(
    string Name, int Mebibytes, Func<double> ServerCpu, Func<Payload, CancellationToken, Task<double>> RunAsync, Func<Payload, string>? Arrived)
{
    /// <summary>Sees once, before all runs, that the side delivers the right bytes; null where each run is checked.</summary>
    public Func<CancellationToken, Task>? CheckAsync { get; init; }
}

/// <summary>
/// Sides in turns, so that a machine that gets slower or faster does so for all, and in every other round the other way round, so that
/// nobody always has what the one before leaves behind. The first one is what the others are compared with.
/// </summary>
internal sealed class Race(string title, IReadOnlyList<Side> sides, OtherProcesses others)
{
    private readonly Dictionary<Side, List<(double Speed, double Cpu)>> _runs = sides.ToDictionary(side => side, _ => new List<(double, double)>());

    /// <param name="rounds">Counted; one more comes first.</param>
    /// <param name="makePayload">A file of so many MiB: one for all sides of that size in each round.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">A side delivered other bytes than the file's.</exception>
    public async Task RunAsync(int rounds, Func<int, CancellationToken, Task<Payload>> makePayload, CancellationToken cancellationToken)
    {
        foreach (var side in sides)
            await (side.CheckAsync?.Invoke(cancellationToken) ?? Task.CompletedTask);
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var sameSize in sides.GroupBy(side => side.Mebibytes))
            {
                var payload = await makePayload(sameSize.Key, cancellationToken);
                foreach (var side in round % 2 == 0 ? sameSize : sameSize.Reverse())
                {
                    var run = await RunAsync(side, payload, isCounted: round > 0, cancellationToken);
                    Console.Error.WriteLine($"{title}, {side.Name}: {Show(run.Speed, "0.0")} MiB/s{(round == 0 ? ", not counted" : "")}");
                    if (round > 0)
                        _runs[side].Add(run);
                }
            }
        }
    }

    /// <summary>How much faster the first one is, by the median of the rounds.</summary>
    public double RatioTo(Side other) => Median(Ratios(other));

    public void Print()
    {
        var table = new Table(title, "file", "MiB/s", "server CPU s/GiB", $"{sides[0].Name} beside it");
        foreach (var side in sides)
        {
            table.Add(
                side.Name, $"{side.Mebibytes} MiB", MedianAndSpread([.. _runs[side].Select(run => run.Speed)], "0.0"),
                MedianAndSpread([.. _runs[side].Select(run => run.Cpu)], "0.00"), side == sides[0] ? "" : MedianAndSpread(Ratios(side), "0.00"));
        }

        table.Print();
    }

    public static void Verdict(string what, double found, double bar) =>
        Console.WriteLine($"To reach: {what} {Show(bar, "0.##")}: {Show(found, "0.00")} ({(found >= bar ? "met" : "missed")}).");

    private List<double> Ratios(Side other) => [.. _runs[sides[0]].Zip(_runs[other], (mine, its) => mine.Speed / its.Speed)];

    private async Task<(double Speed, double Cpu)> RunAsync(Side side, Payload payload, bool isCounted, CancellationToken cancellationToken)
    {
        // What an earlier run has left to write would be paid for by this one.
        using (var sync = Process.Start("sync"))
            await sync.WaitForExitAsync(cancellationToken);
        var before = side.ServerCpu();
        var seconds = isCounted
            ? await others.WatchAsync(() => side.RunAsync(payload, cancellationToken))
            : await side.RunAsync(payload, cancellationToken);
        var cpu = side.ServerCpu() - before;
        if (side.Arrived is { } arrived && await Payload.HashAsync(arrived(payload), cancellationToken) != payload.Sha256)
            throw new InvalidOperationException($"{side.Name} delivered other bytes than it was given.");
        return (payload.Length / 1024.0 / 1024 / seconds, cpu / payload.Length * 1024 * 1024 * 1024);
    }
}
