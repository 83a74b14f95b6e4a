using System.Runtime.InteropServices;
using static ChatShare.Benchmarks.FanningOut.FanOutBenchmark;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>
/// What a second node brings and what it costs: one node on PostgreSQL beside two with Redis.
/// </summary>
/// <remarks>
/// CPU is compared at the same load in total, the same people and messages: two nodes then do the work of one, and what is more is what being two costs.
/// With as much for each node it would be spread over twice the deliveries. Speed is compared at as many people for each node, since that is what one adds
/// a node for. A room's next message goes when everybody there has the last one: a page that has several to draw does so together, with twenty at an
/// eighth of the CPU, and which of the sides draws more together would decide everything. A sender who waits for one node leaves the other without work, so
/// there are many rooms, each with a sender and half its people at each node: what is asked is what nodes can do, not how well two are in step.
/// </remarks>
internal static class NodesBenchmark
{
    private const double Cores = 0.3;
    private const int Rows = 100;
    private const int WarmUpSeconds = 20;

    // A page never has two messages to draw together, and a node has work of other rooms while one waits for the other node.
    private const int Window = 1;
    private const int Rooms = 8;

    // Issue 6.
    private const double SpeedToReach = 1.6;
    private const double CostToReach = 1.25;
    private const double LeastIdle = 0.1;
    private const int HopRate = 20;
    private const int HopCircuits = 200;
    private const double HopToReach = 5;
    private const double LeastIdleForHop = 0.4;

    // In which part of the periods the one node has to have used up its share: less, and it was held up by something else, which praises the two.
    private const double Saturated = 0.9;

    private static readonly string[] Parts = ["cost", "speed", "hop"];

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        Machine.Print();
        if (!PostgreSql.IsInstalled || !Redis.IsInstalled)
        {
            Console.WriteLine("Skipped: PostgreSQL or Redis is not installed; ./test installs them on Debian as root.");
            return 0;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var isShort = options.Has("--short");
        var only = options.Text("--only")?.Split(',') ?? Parts;
        var plan = new Plan(options.Number("--circuits", isShort ? 40 : 300), options.Number("--rounds", isShort ? 1 : 3), isShort ? 5 : 20, options.Number("--rate", 5));
        try
        {
            var isGood = true;
            if (only.Contains("cost"))
                isGood &= await CompareCostAsync(plan, stop.Token);
            if (only.Contains("speed"))
                isGood &= await CompareSpeedAsync(plan, stop.Token);
            if (only.Contains("hop"))
                isGood &= await HopAsync(plan, stop.Token);
            return isGood ? 0 : 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("Stopped.");
            return 1;
        }

        // The servers are ended by those who have started them.
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<bool> CompareCostAsync(Plan plan, CancellationToken cancellationToken)
    {
        await using var one = await Cluster.StartAsync(1, Cores, plan.Circuits, rooms: 1, cancellationToken);
        await using var two = await Cluster.StartAsync(2, Cores, plan.Circuits, rooms: 1, cancellationToken);
        await WarmUpAsync(one, plan.Circuits, cancellationToken);
        await WarmUpAsync(two, plan.Circuits, cancellationToken);
        if (!one.IsHeld)
            Console.WriteLine("CPU only: the control groups of this machine cannot be written, so no node was held to its share.\n");
        var title = $"{plan.Circuits} circuits, {plan.Rate} messages a second";
        var (runs, isSound) = await RaceAsync(title, one, two, $"run {plan.Rate} {plan.Seconds}", plan.Rounds, cancellationToken);
        var ratios = Ratios(runs, run => run.CostOfDelivery);
        Console.WriteLine($"CPU per delivery, two nodes beside one: {MedianAndSpread(ratios, "0.00")}.");
        Console.WriteLine($"To reach: at most {CostToReach} ({Met(Median(ratios) <= CostToReach)}).\n");
        return isSound;
    }

    private static async Task<bool> CompareSpeedAsync(Plan plan, CancellationToken cancellationToken)
    {
        await using var one = await Cluster.StartAsync(1, Cores, plan.Circuits, Rooms, cancellationToken);
        await using var two = await Cluster.StartAsync(2, Cores, 2 * plan.Circuits, Rooms, cancellationToken);
        await WarmUpAsync(one, plan.Circuits, cancellationToken);
        await WarmUpAsync(two, 2 * plan.Circuits, cancellationToken);
        if (!one.IsHeld)
        {
            Console.WriteLine("No speed: the control groups of this machine cannot be written.\n");
            return true;
        }

        var title = $"{plan.Circuits} circuits a node in {Rooms} rooms, as fast as it goes";
        var (runs, isSound) = await RaceAsync(title, one, two, $"saturate {Window} {plan.Seconds}", plan.Rounds, cancellationToken);
        var ratios = Ratios(runs, run => run.DeliveriesPerSecond);
        var least = runs.Min(round => round.One.NodesAtTheirLimit.Single());
        Console.WriteLine($"Deliveries/s, two nodes beside one: {MedianAndSpread(ratios, "0.00")}.");
        Console.WriteLine($"To reach: {SpeedToReach} ({Met(Median(ratios) >= SpeedToReach)}).");
        var isSaturated = least >= Saturated;
        if (!isSaturated)
            Console.WriteLine($"Void: one node had used up its share in no more than {Show(100 * least, "0")} % of the periods, so something else held it up.");
        Console.WriteLine();
        return isSound && isSaturated;
    }

    /// <summary>Everybody comes and what has to be compiled is, which no node is held for; from then on each is.</summary>
    private static async Task WarmUpAsync(Cluster cluster, int circuits, CancellationToken cancellationToken)
    {
        cluster.Free();
        await FillAsync(cluster, circuits, cancellationToken);
        await cluster.RunAsync($"saturate {Window} {WarmUpSeconds}", cancellationToken);
        cluster.Hold();
    }

    /// <summary>In turns, every other round the other way round; the first one is not counted.</summary>
    private static async Task<(List<(ClusterRun One, ClusterRun Two)> Runs, bool IsSound)> RaceAsync(
        string title, Cluster one, Cluster two, string order, int rounds, CancellationToken cancellationToken)
    {
        List<ClusterRun> ofOne = [], ofTwo = [];
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var cluster in round % 2 == 0 ? (Cluster[])[one, two] : [two, one])
            {
                var run = await cluster.RunAsync(order, cancellationToken);
                var figures = $"{Show(run.CostOfDelivery, "0.0")} µs, {Show(run.DeliveriesPerSecond, "N0")} deliveries/s";
                Console.Error.WriteLine($"{title}, {Name(cluster)}: {figures}{(round == 0 ? ", not counted" : "")}");
                if (round > 0)
                    (cluster == one ? ofOne : ofTwo).Add(run);
            }
        }

        Print(title, (Name(one), ofOne), (Name(two), ofTwo));
        return ([.. ofOne.Zip(ofTwo)], IsSound([.. ofOne, .. ofTwo], LeastIdle));
    }

    /// <summary>Nobody is held: what is asked is how long the way is, and a node that waits for its share would be asked something else.</summary>
    private static async Task<bool> HopAsync(Plan plan, CancellationToken cancellationToken)
    {
        var circuits = Math.Min(plan.Circuits, HopCircuits);
        await using var two = await Cluster.StartAsync(2, cores: null, circuits, rooms: 1, cancellationToken);
        await FillAsync(two, circuits, cancellationToken);
        await two.RunAsync($"run {HopRate} {WarmUpSeconds}", cancellationToken);
        await using var here = await EventProbe.OpenAsync(two.AddressOf(0), "here", cancellationToken);
        await using var there = await EventProbe.OpenAsync(two.AddressOf(1), "there", cancellationToken);
        List<ClusterRun> runs = [];
        List<List<double>> heard = [];
        for (var round = 0; round < plan.Rounds; round++)
        {
            there.LaterThan(here);
            runs.Add(await two.RunAsync($"run {HopRate} {plan.Seconds}", cancellationToken));
            heard.Add(there.LaterThan(here));
            Console.Error.WriteLine($"Hop: {Show(Percentile(heard[^1], 99), "0.0")} ms of {heard[^1].Count} events, {runs[^1].Result.Hop}, {Show(100 * runs[^1].Idle, "0")} % idle");
        }

        var title = $"{circuits} circuits, {HopRate} messages a second";
        Print(title, (Name(two), runs));
        var table = new Table("later at the other node", "p50", "p99");
        table.Add("events", Milliseconds(Median(heard.Select(run => Percentile(run, 50)))), Milliseconds(Median(heard.Select(run => Percentile(run, 99)))));
        table.Add("the first page", Later(hop => hop.FirstP50), Later(hop => hop.FirstP99));
        table.Add("all pages, the first beside the first and so on", Later(hop => hop.P50), Later(hop => hop.P99));
        table.Print();
        var p99 = heard.ConvertAll(run => Percentile(run, 99));
        Console.WriteLine($"p99 of events: {MedianAndSpread(p99, "0.0")} ms. To reach: at most {HopToReach} ms ({Met(Median(p99) <= HopToReach)}).\n");
        return IsSound(runs, LeastIdleForHop);

        string Later(Func<Hop, double> figure) => Milliseconds(Median(runs.Select(run => figure(run.Result.Hop!))));
    }

    private static async Task FillAsync(Cluster cluster, int circuits, CancellationToken cancellationToken)
    {
        await cluster.ConnectAsync(1, cancellationToken);
        await cluster.PostAsync(Rows, cancellationToken);
        await cluster.ConnectAsync(circuits, cancellationToken);
    }

    private static void Print(string title, params (string Name, List<ClusterRun> Runs)[] sides)
    {
        var table = new Table(
            title, "CPU per delivery", "of it PostgreSQL", "Redis", "deliveries/s", "each node", "at its limit", "p50", "p95", "p99", "caught up by page", "generator CPU", "idle");
        foreach (var (name, runs) in sides)
        {
            table.Add(
                name,
                $"{MedianAndSpread([.. runs.Select(run => run.CostOfDelivery)], "0.0")} µs",
                $"{Show(Median(runs.Select(run => run.PerDelivery(run.PostgreSqlCpu))), "0.0")} µs",
                $"{Show(Median(runs.Select(run => run.PerDelivery(run.RedisCpu))), "0.0")} µs",
                MedianAndSpread([.. runs.Select(run => run.DeliveriesPerSecond)], "N0"),
                $"{EachNode(runs, run => run.NodesCores, "0.00")} cores",
                $"{EachNode(runs, run => run.NodesAtTheirLimit.Select(part => 100 * part), "0")} %",
                Milliseconds(Median(runs.Select(run => run.Result.P50))),
                Milliseconds(Median(runs.Select(run => run.Result.P95))),
                Milliseconds(Median(runs.Select(run => run.Result.P99))),
                Show(runs.Sum(run => run.Result.CaughtUp), "N0"),
                $"{Show(Median(runs.Select(run => 100 * run.GeneratorCpu / run.Seconds)), "0")} % of a core",
                $"{Show(runs.Min(run => 100 * run.Idle), "0")} % at least");
        }

        table.Print();
    }

    private static string EachNode(List<ClusterRun> runs, Func<ClusterRun, IEnumerable<double>> figures, string format) => string.Join(
        " and ", Enumerable.Range(0, runs[0].NodesCpu.Count).Select(node => Show(Median(runs.Select(run => figures(run).ElementAt(node))), format)));

    private static bool IsSound(List<ClusterRun> runs, double leastIdle)
    {
        foreach (var fault in runs.SelectMany(run => run.Result.Faults).Distinct())
            Console.WriteLine($"Failed: {fault}");
        foreach (var reason in runs.Select(run => run.VoidBecause(leastIdle)).OfType<string>())
            Console.WriteLine($"Void: {reason}.");
        return runs.TrueForAll(run => run.VoidBecause(leastIdle) is null && run.Result.Faults.Count == 0);
    }

    private static List<double> Ratios(List<(ClusterRun One, ClusterRun Two)> runs, Func<ClusterRun, double> figure) =>
        runs.ConvertAll(round => figure(round.Two) / figure(round.One));

    private static string Name(Cluster cluster) => cluster.Nodes == 1 ? "one node" : "two nodes";

    /// <param name="Circuits">Of one node.</param>
    /// <param name="Rounds">How often.</param>
    /// <param name="Seconds">How long each time.</param>
    /// <param name="Rate">Messages a second while CPU is compared.</param>
    private sealed record Plan(int Circuits, int Rounds, int Seconds, int Rate);
}
