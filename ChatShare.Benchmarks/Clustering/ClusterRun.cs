using ChatShare.Benchmarks.FanningOut;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>What a run of a cluster gave and took.</summary>
/// <param name="Result">What the generator saw.</param>
/// <param name="Seconds">From the order to the answer.</param>
/// <param name="NodesCpu">CPU seconds of each node.</param>
/// <param name="NodesStopped">In how many periods each node had used up its share; 0 for one that is not held.</param>
/// <param name="PostgreSqlCpu">CPU seconds.</param>
/// <param name="RedisCpu">CPU seconds; 0 without it.</param>
/// <param name="GeneratorCpu">CPU seconds.</param>
/// <param name="Idle">The part of the machine that had nothing to do.</param>
internal sealed record ClusterRun(
    RunResult Result, double Seconds, IReadOnlyList<double> NodesCpu, IReadOnlyList<long> NodesStopped, double PostgreSqlCpu, double RedisCpu, double GeneratorCpu, double Idle)
{
    private const double BusiestGenerator = 0.9;

    /// <summary>Microseconds of CPU of nodes, PostgreSQL and Redis.</summary>
    public double CostOfDelivery => PerDelivery(NodesCpu.Sum() + PostgreSqlCpu + RedisCpu);

    public double DeliveriesPerSecond => Result.Deliveries / Result.Seconds;

    /// <summary>What each node took, in cores, from the first message until everybody had the last: what the generator makes of it afterwards is not the nodes' time.</summary>
    public IEnumerable<double> NodesCores => NodesCpu.Select(cpu => cpu / Result.Seconds);

    /// <summary>In which part of the periods of that time each node had used up its share.</summary>
    public IEnumerable<double> NodesAtTheirLimit => NodesStopped.Select(stopped => stopped / (Result.Seconds * CpuShare.PeriodsPerSecond));

    /// <summary>Why it tells nothing; null when it does.</summary>
    /// <param name="leastIdle">As a part of the machine.</param>
    public string? VoidBecause(double leastIdle) =>
        Idle < leastIdle ? $"only {Statistics.Show(100 * Idle, "0")} % of the machine had nothing to do, less than {Statistics.Show(100 * leastIdle, "0")}"
        : GeneratorCpu / Seconds > BusiestGenerator ? "the generator used more than 90 % of a core, so it may have measured itself"
        : null;

    public double PerDelivery(double cpuSeconds) => cpuSeconds * 1e6 / Result.Deliveries;
}
