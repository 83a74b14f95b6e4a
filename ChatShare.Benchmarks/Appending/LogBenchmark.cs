using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Appending;

/// <summary>
/// Durable messages a second through <c>RoomSession.SendAsync</c>, beside a bare loop of transactions into the same schema,
/// in turns, so that a disk that gets slower or faster does so for both.
/// </summary>
internal static class LogBenchmark
{
    private const double RatioToReach = 0.7;
    private const double RateToReach = 10_000;
    private static readonly int[] SenderCounts = [1, 10, 100];

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        var isShort = options.Has("--short");
        var rounds = options.Number("--rounds", isShort ? 2 : 5);
        var time = TimeSpan.FromSeconds(options.Number("--seconds", isShort ? 1 : 2));
        using var folder = new TemporaryFolder();
        await using var chat = await ChatLog.OpenAsync(folder.Sub("chat"), SenderCounts.Max(), cancellationToken);
        using var bare = new BareLog(chat.CopyDatabase(folder.Sub("bare")));

        Machine.Print();
        var table = new Table("senders, batch", "ChatShare, messages/s", "bare loop, messages/s", "ratio");
        var others = -Machine.BusySeconds() + Environment.CpuUsage.TotalTime.TotalSeconds;
        var (verdicts, rate) = (new List<string>(), 0.0);
        var isMissed = false;
        foreach (var senders in SenderCounts)
        {
            await chat.RunAsync(senders, time / 2, cancellationToken);
            bare.Run(senders, time / 2);
            List<double> chats = [], bares = [];
            for (var round = 0; round < rounds; round++)
            {
                chats.Add(await chat.RunAsync(senders, time, cancellationToken));
                bares.Add(bare.Run(senders, time));
            }

            List<double> ratios = [.. chats.Zip(bares, (a, b) => a / b)];
            table.Add($"{senders}", MedianAndSpread(chats, "N0"), MedianAndSpread(bares, "N0"), MedianAndSpread(ratios, "0.00"));
            verdicts.Add($"{Median(ratios):0.00} of {senders} ({Verdict(Median(ratios) >= RatioToReach)})");
            isMissed |= Median(ratios) < RatioToReach;
            rate = Median(chats);
        }

        others += Machine.BusySeconds() - Environment.CpuUsage.TotalTime.TotalSeconds;
        table.Print();
        Console.WriteLine($"Median and spread of {rounds} rounds of {time.TotalSeconds:0} s each. Other processes used {others:0.0} CPU s meanwhile.");
        Console.WriteLine(
            $"To reach: ratio {RatioToReach}: {string.Join(", ", verdicts)}; {RateToReach:N0}/s with {SenderCounts[^1]} senders ({Verdict(rate >= RateToReach)}).");
        return isMissed || rate < RateToReach ? 1 : 0;
    }

    private static string Verdict(bool met) => met ? "met" : "missed";
}
