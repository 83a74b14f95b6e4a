using static ChatShare.Benchmarks.FanningOut.FanOutBenchmark;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>What an open page costs: how the live heap grows with them, after a forced full collection.</summary>
internal static class PageMemory
{
    private const int Rows = 100;
    private const double HeapToReach = 280;
    private const double TimesEmptyToReach = 2.3;

    // As for the soak: what a full collection leaves varies by that, pools and holes among it.
    private const double GrowthToReach = 1.1;

    public static async Task<bool> MeasureAsync(int few, int many, int messages, CancellationToken cancellationToken)
    {
        var table = new Table("page", $"live heap, {few} circuits", $"{many} circuits", "KB per circuit", $"resident, {many} circuits");
        var slopes = new Dictionary<PageKind, double>();
        foreach (var page in (PageKind[])[PageKind.Chat, PageKind.Empty])
        {
            await using var side = await LoadedServer.StartAsync(page, many, cancellationToken);
            await side.ConnectAsync(1, cancellationToken);
            if (page == PageKind.Chat)
                await side.PostAsync(Rows, cancellationToken);
            await side.ConnectAsync(few, cancellationToken);
            var small = (await side.Server.HeapAsync(cancellationToken)).LiveBytes;
            await side.ConnectAsync(many, cancellationToken);
            var large = (await side.Server.HeapAsync(cancellationToken)).LiveBytes;
            slopes[page] = (large - small) / 1024.0 / (many - few);
            Console.Error.WriteLine($"{page}: {Show(slopes[page], "0")} KB per circuit");
            table.Add($"{page}", Megabytes(small), Megabytes(large), Show(slopes[page], "0"), Megabytes(side.Server.Process.ResidentBytes));
        }

        table.Print();
        var times = slopes[PageKind.Chat] / slopes[PageKind.Empty];
        Console.WriteLine($"To reach: {HeapToReach} KB with {Rows} rows ({Met(slopes[PageKind.Chat] <= HeapToReach)}), and {TimesEmptyToReach} times the empty page: {Show(times, "0.00")} ({Met(times <= TimesEmptyToReach)}).");
        await MeasureGrowthAsync(messages, cancellationToken);
        return true;
    }

    /// <summary>Rows come and go; what the pages hold must not become more.</summary>
    private static async Task MeasureGrowthAsync(int messages, CancellationToken cancellationToken)
    {
        const int circuits = 20;
        await using var chat = await LoadedServer.StartAsync(PageKind.Chat, circuits, cancellationToken);
        await chat.ConnectAsync(circuits, cancellationToken);
        // Until windows, rings and pools are full; then twice, since what was compiled and pooled on the way comes once and a leak each time.
        await chat.PostAsync(messages / 5, cancellationToken);
        var sizes = new List<long> { (await chat.Server.HeapAsync(cancellationToken)).LiveBytes };
        for (var i = 0; i < 2; i++)
        {
            await chat.PostAsync(messages, cancellationToken);
            sizes.Add((await chat.Server.HeapAsync(cancellationToken)).LiveBytes);
        }

        var growth = (double)sizes[2] / sizes[1];
        Console.WriteLine($"{circuits} pages, twice {messages:N0} messages more: {string.Join(", then ", sizes.Select(Megabytes))}.");
        Console.WriteLine($"To reach: the second time at most {Show(GrowthToReach, "0.0")} times as much: {Show(growth, "0.00")} ({Met(growth <= GrowthToReach)}).\n");
    }

    private static string Megabytes(long bytes) => $"{Show(bytes / 1024.0 / 1024, "0.0")} MB";
}
