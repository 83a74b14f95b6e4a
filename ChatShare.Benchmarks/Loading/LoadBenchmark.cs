using System.Diagnostics;
using System.Text.Json;
using ChatShare.Benchmarks.Circuits;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Uploading;
using Microsoft.Playwright;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Loading;

/// <summary>What it takes until somebody sees the chat: the start of the program, and the first page in a browser that has nothing of it.</summary>
internal static class LoadBenchmark
{
    private const double KilobytesToReach = 250;
    private const double SecondsToReach = 2;
    private const double ScoreToReach = 95;

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        var isShort = options.Has("--short");
        Machine.Print();
        using var folder = new TemporaryFolder();
        var program = await PublishAsync(folder.Sub("published"), cancellationToken);
        await StartsAsync(program, folder, options.Number("--rounds", isShort ? 2 : 10), cancellationToken);
        await using var server = Start(program, folder);
        var address = await server.ListeningAtAsync(cancellationToken);
        var visitor = await Visitor.JoinAsync(address, "Visitor", cancellationToken);
        await WeightAsync(visitor, cancellationToken);
        await ScoreAsync(visitor, folder.Sub("browser"), isShort ? 1 : 5, options.Has("--install"), cancellationToken);
        return 0;
    }

    /// <summary>As an operator would, with code made ahead.</summary>
    private static async Task<string> PublishAsync(string folder, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "publish", Path.Combine(Source.Root, "ChatShare.Web"), "--configuration", "Release", "--use-current-runtime", "--self-contained", "false",
            "-p:PublishReadyToRun=true", "--output", folder, "--nologo", "--verbosity", "quiet",
        ];
        // What it says is no part of the tables.
        using var publish = Process.Start(new ProcessStartInfo("dotnet", arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var said = await publish.StandardOutput.ReadToEndAsync(cancellationToken);
        await publish.WaitForExitAsync(cancellationToken);
        return publish.ExitCode == 0 ? Path.Combine(folder, "ChatShare.Web") : throw new InvalidOperationException(said);
    }

    private static ChildProcess Start(string program, TemporaryFolder folder) => ChildProcess.Start(program, [], new Dictionary<string, string>
    {
        ["Kestrel__Endpoints__Web__Url"] = "http://127.0.0.1:0",
        ["ChatShare__DataDirectory"] = folder.File("data"),
        ["ChatShare__Downloads__Directory"] = folder.File("downloads"),
        ["ChatShare__Gateway__Endpoint"] = "",
        // As one that is in use.
        ["ChatShare__Admin__UserName"] = "Root",
        ["ChatShare__Admin__Password"] = "correct horse battery",
    });

    /// <summary>From the start of the process to the last byte of the page that asks for a nickname.</summary>
    private static async Task StartsAsync(string program, TemporaryFolder folder, int rounds, CancellationToken cancellationToken)
    {
        List<double> found = [];
        // The first one makes the database.
        for (var round = 0; round <= rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            await using var server = Start(program, folder);
            using var client = new HttpClient();
            await client.GetByteArrayAsync(await server.ListeningAtAsync(cancellationToken), cancellationToken);
            if (round > 0)
                found.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        var table = new Table("from start to first page", "median (least–most)", "to reach");
        table.Add($"published with ReadyToRun, existing database, {rounds} starts", MedianAndSpread(found, "0.00") + " s", $"below {Show(SecondsToReach, "0")} s");
        table.Print();
    }

    /// <summary>Bodies and headers as the browser counts them; what goes over the circuit's socket is not among it.</summary>
    private static async Task WeightAsync(Visitor visitor, CancellationToken cancellationToken)
    {
        var table = new Table("page of a room", "requests", "of them over the wire", "KB over the wire", "to reach");
        await using var browser = await RealBrowser.StartAsync();
        // To an address that is not the machine's own, browsers offer Brotli over https alone.
        foreach (var coding in new[] { "br", "gzip" })
        {
            var page = await browser.EnterAsync(visitor, new KeyValuePair<string, string>("Accept-Encoding", coding));
            await AddAsync(page, $"first, {coding}", $"at most {Show(KilobytesToReach, "0")}");
            await page.ReloadAsync();
            await page.Locator("main.room[data-ready]").WaitForAsync();
            await AddAsync(page, $"loaded again, {coding}", "");
            await page.CloseAsync();
        }

        table.Print();

        async Task AddAsync(IPage page, string what, string toReach)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            var sizes = await page.EvaluateAsync<double[]>("() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(entry => entry.transferSize)");
            table.Add(what, Show(sizes.Length, "0"), Show(sizes.Count(size => size > 0), "0"), Show(sizes.Sum() / 1000, "0"), toReach);
        }
    }

    /// <summary>By a program that others wrote; without it this part is left out.</summary>
    private static async Task ScoreAsync(Visitor visitor, string browserFolder, int rounds, bool mayInstall, CancellationToken cancellationToken)
    {
        if (await NodePackages.Lighthouse.FaultAsync(mayInstall, cancellationToken) is { } fault)
        {
            Console.WriteLine($"Lighthouse was not asked: {fault}.");
            return;
        }

        var table = new Table("Lighthouse 12", "performance, median (least–most)", "first paint", "largest paint", "blocked", "KB by its count", "to reach");
        foreach (var preset in new[] { "desktop", "mobile" })
        {
            await using var asked = ChildProcess.Start(
                "node",
                [
                    Path.Combine(Source.Root, "ChatShare.Benchmarks", "Loading", "lighthouse.mjs"), NodePackages.Folder, preset, RealBrowser.Executable!,
                    new Uri(visitor.Server, "/rooms/Lobby").ToString(), visitor.Cookies.GetCookieHeader(visitor.Server),
                ],
                // Where the browser's profile goes.
                new Dictionary<string, string> { ["TMPDIR"] = browserFolder });
            List<Score> found = [];
            for (var round = 0; round < rounds; round++)
                found.Add(JsonSerializer.Deserialize<Score>(await asked.AskAsync("", cancellationToken), JsonSerializerOptions.Web)!);
            table.Add(
                preset, MedianAndSpread([.. found.Select(score => score.Performance)], "0"), Milliseconds(score => score.FirstPaint), Milliseconds(score => score.LargestPaint),
                Milliseconds(score => score.Blocked), Show(Median(found.Select(score => score.Bytes)) / 1000, "0"), preset == "desktop" ? $"at least {Show(ScoreToReach, "0")}" : "");

            string Milliseconds(Func<Score, double> of) => Show(Median(found.Select(of)), "0") + " ms";
        }

        table.Print();
    }

    /// <summary>A line of <c>lighthouse.mjs</c>.</summary>
    private sealed record Score(double Performance, double FirstPaint, double LargestPaint, double Blocked, double Bytes);
}
