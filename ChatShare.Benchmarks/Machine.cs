using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace ChatShare.Benchmarks;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    public static void Print()
    {
        var gc = GCSettings.IsServerGC ? "server" : "workstation";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Field("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} cores, {Memory():0} GiB; {Os()}; {RuntimeInformation.FrameworkDescription}, {gc} GC in this process; {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC"));
        Console.WriteLine();
    }

    /// <summary>CPU seconds that all processes have used together since the start of the machine.</summary>
    public static double BusySeconds()
    {
        // user nice system idle iowait irq softirq
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..8]
            .Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        return (fields.Sum() - fields[3] - fields[4]) / 100;
    }

    /// <summary>Seconds, of all cores together, in which there was nothing to do since the start of the machine.</summary>
    public static double IdleSeconds()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (double.Parse(fields[4], CultureInfo.InvariantCulture) + double.Parse(fields[5], CultureInfo.InvariantCulture)) / 100;
    }

    private static double Memory() =>
        double.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) / 1024 / 1024;

    private static string Os() =>
        File.Exists("/etc/os-release") ? Field("/etc/os-release", "PRETTY_NAME", '=').Trim('"') : RuntimeInformation.OSDescription;

    private static string Field(string file, string name, char separator = ':') =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(separator, StringComparison.Ordinal) + 1)..].Trim()
            : "?";
}
