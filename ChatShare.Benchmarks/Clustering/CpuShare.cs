using System.Globalization;
using ChatShare.Benchmarks.FanningOut;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>
/// A control group whose processes together get a part of one core. The runtime looks at it when it starts and takes the machine to have one core,
/// as it does in a container with such a limit.
/// </summary>
internal sealed class CpuShare : IDisposable
{
    // A fifth of what the kernel has by itself: a node shall be slow, and not stand still for 70 of 100 ms.
    private const int PeriodMicroseconds = 20_000;

    /// <summary>How many periods there are in a second.</summary>
    public const double PeriodsPerSecond = 1e6 / PeriodMicroseconds;

    private static int _made;

    private readonly string _folder;
    private readonly bool _isUnified;
    private readonly double _cores;

    private CpuShare(string folder, bool isUnified, double cores)
    {
        _folder = folder;
        _isUnified = isUnified;
        _cores = cores;
    }

    /// <returns>Null where this machine's groups cannot be written.</returns>
    public static CpuShare? TryMake(double cores)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"chatshare-benchmark-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}");
        string[] roots = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"];
        foreach (var root in roots.Where(root => File.Exists(Path.Combine(root, "cgroup.procs"))))
        {
            var share = new CpuShare(Path.Combine(root, name), File.Exists(Path.Combine(root, "cgroup.controllers")), cores);
            try
            {
                if (share._isUnified)
                    File.WriteAllText(Path.Combine(root, "cgroup.subtree_control"), "+cpu");
                Directory.CreateDirectory(share._folder);
                share.Hold();
                return share;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"Not held to {cores} of a core: {e.Message}");
                if (Directory.Exists(share._folder))
                    share.Dispose();
            }
        }

        return null;
    }

    /// <summary>A program for dotnet that is in the group from its beginning.</summary>
    public ChildProcess Start(string dll, IReadOnlyDictionary<string, string> environment) => ChildProcess.Start(
        "sh", ["-c", "echo $$ >\"$1\" && shift && exec dotnet \"$@\"", "sh", Path.Combine(_folder, "cgroup.procs"), dll], environment);

    /// <summary>From now on it gets no more than its share.</summary>
    public void Hold() => Set((int)(_cores * PeriodMicroseconds));

    /// <summary>From now on it gets what it wants: to start and to warm up, which is not measured.</summary>
    public void Free() => Set(null);

    /// <summary>
    /// In how many periods it had used up its share and was stopped, since it was made. That, and not the CPU it took, says whether it was at its limit: the kernel hands a
    /// share out to one processor at a time, and what one of them keeps for itself (a millisecond of the six of a period) nobody uses.
    /// </summary>
    public long StoppedPeriods => File.ReadLines(Path.Combine(_folder, "cpu.stat"))
        .Select(line => line.Split(' '))
        .Where(fact => fact[0] == "nr_throttled")
        .Select(fact => long.Parse(fact[1], CultureInfo.InvariantCulture))
        .Single();

    /// <summary>When its processes have ended.</summary>
    public void Dispose() => Directory.Delete(_folder);

    private void Set(int? quota)
    {
        if (_isUnified)
        {
            File.WriteAllText(
                Path.Combine(_folder, "cpu.max"), string.Create(CultureInfo.InvariantCulture, $"{(quota is null ? "max" : $"{quota}")} {PeriodMicroseconds}"));
            return;
        }

        File.WriteAllText(Path.Combine(_folder, "cpu.cfs_period_us"), $"{PeriodMicroseconds}");
        File.WriteAllText(Path.Combine(_folder, "cpu.cfs_quota_us"), $"{quota ?? -1}");
    }
}
