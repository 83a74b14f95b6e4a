using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Uploading;

/// <summary>What uploads cost the server in memory while a hundred pages watch them.</summary>
internal static class UploadMemory
{
    private const int Circuits = 100;
    private const int MostTimes = 3;
    private const int WarmUpMebibytes = 256;
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(50);

    public static async Task RunAsync(bool isShort, int rounds, CancellationToken cancellationToken)
    {
        List<Load> loads = isShort
            ? [new(1, 256, 20), new(20, 16, 100)]
            : [new(1, 4096, 20), new(20, 256, 100)];
        var table = new Table("uploads at a time", "each", $"idle, {Circuits} circuits", "peak", "more", "to reach", "");
        foreach (var load in loads)
        {
            List<(double Idle, double Peak)> found = [];
            for (var i = 0; i < Math.Min(rounds, MostTimes); i++)
            {
                found.Add(await MeasureAsync(load, cancellationToken));
                Console.Error.WriteLine($"memory, {load.Count} at a time: {Show(found[^1].Peak - found[^1].Idle, "0.0")} MB more");
            }

            var more = Median(found.Select(f => f.Peak - f.Idle));
            table.Add(
                $"{load.Count}", $"{load.Mebibytes} MiB", $"{MedianAndSpread([.. found.Select(f => f.Idle)], "0.0")} MB",
                $"{MedianAndSpread([.. found.Select(f => f.Peak)], "0.0")} MB", $"{MedianAndSpread([.. found.Select(f => f.Peak - f.Idle)], "0.0")} MB",
                $"less than {Show(load.MostMegabytes, "0")} MB", more < load.MostMegabytes ? "met" : "missed");
        }

        table.Print();
    }

    /// <summary>On a server of its own each time: one that has grown before would have less to grow.</summary>
    private static async Task<(double Idle, double Peak)> MeasureAsync(Load load, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using var server = await MeasuredServer.StartChatAsync(folder, cancellationToken);
        await using var generator = ChildProcess.StartSelf(
            [Generator.Mode, server.Address.ToString(), $"{PageKind.Chat}", $"{Circuits}"], new Dictionary<string, string>());
        await using var feeder = ChildProcess.StartSelf([Feeder.Mode, server.Address.ToString()], new Dictionary<string, string>());
        await generator.AskAsync($"connect {Circuits}", cancellationToken);
        // One file first: loading and compiling code is no more theirs to pay than that of the pages.
        await feeder.AskAsync($"send 1 {WarmUpMebibytes}", cancellationToken);
        await generator.AskAsync($"connect {Circuits}", cancellationToken);

        var idle = Megabytes(server);
        var peak = idle;
        var feeding = feeder.AskAsync($"send {load.Count} {load.Mebibytes}", cancellationToken);
        using var timer = new PeriodicTimer(SampleInterval);
        while (!feeding.IsCompleted)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            peak = Math.Max(peak, Megabytes(server));
        }

        await feeding;
        return (idle, peak);

        static double Megabytes(MeasuredServer server) => server.Process.AnonymousBytes / 1024.0 / 1024;
    }

    private sealed record Load(int Count, int Mebibytes, double MostMegabytes);
}
