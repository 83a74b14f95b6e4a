using System.Diagnostics;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Sharing;

/// <summary>What the machine did beside the benchmark while it measured; the kernel's own writing to the disk is in it.</summary>
internal sealed class OtherProcesses
{
    /// <summary>Cores. The kernel takes up to a quarter of one to write a file out.</summary>
    private const double Most = 0.35;

    private double _cpu;
    private double _seconds;

    public async Task<T> WatchAsync<T>(Func<Task<T>> measure)
    {
        var (before, at) = (Now(), Stopwatch.GetTimestamp());
        var result = await measure();
        _seconds += Stopwatch.GetElapsedTime(at).TotalSeconds;
        _cpu += Now() - before;
        return result;

        static double Now() => Machine.BusySeconds() - ProcessTree.CpuSeconds(Environment.ProcessId);
    }

    /// <returns>False when the figures mean nothing.</returns>
    public bool Print()
    {
        var cores = _cpu / Math.Max(_seconds, 0.01);
        Console.WriteLine($"Other processes and the kernel used {Show(100 * cores, "0")} % of a core meanwhile.");
        if (cores > Most)
            Console.WriteLine($"Void: more than {Show(100 * Most, "0")} % of a core went elsewhere.");
        Console.WriteLine();
        return cores <= Most;
    }
}
