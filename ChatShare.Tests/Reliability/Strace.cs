using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ChatShare.Tests.Reliability;

/// <summary>What the system was asked for, seen from outside the program: Debian's strace.</summary>
internal static partial class Strace
{
    private const string Program = "/usr/bin/strace";

    /// <summary>Skips the test, with the reason, where there is none.</summary>
    public static void Demand() =>
        Assert.SkipUnless(File.Exists(Program), "strace is not installed; ./test installs it on Debian as root.");

    /// <summary>Runs a program and writes down its writes and syncs with what was written and where.</summary>
    public static IEnumerable<string> Recording(string file) =>
        [Program, "-f", "--seccomp-bpf", "-qq", "-y", "-s", "10000", "-e", "signal=none", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o", file];

    /// <summary>
    /// Reads a recording: every acknowledgement, in order, and whether what it acknowledges had been written to the log of the database and
    /// synced before the acknowledgement began to be written.
    /// </summary>
    /// <param name="file">The recording.</param>
    /// <param name="ids">What stands both in the written pages and in the acknowledgements.</param>
    public static IReadOnlyList<(string Id, bool WasDurable)> Acknowledgements(string file, Regex ids)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        var durable = new HashSet<string>(StringComparer.Ordinal);
        // A sync makes durable what had been written when it began; other threads go on meanwhile.
        var syncing = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var acknowledged = new List<(string, bool)>();
        foreach (var line in File.ReadLines(file))
        {
            var thread = line.Split(' ', 2)[0];
            if (SyncBegins().IsMatch(line))
                syncing[thread] = [.. written];
            if (SyncEnds().IsMatch(line) && syncing.Remove(thread, out var synced))
                durable.UnionWith(synced);
            if (WritesPage().IsMatch(line))
                written.UnionWith(ids.Matches(line).Select(match => match.Value));
            if (WritesAnswer().IsMatch(line))
                acknowledged.AddRange(ids.Matches(line).Select(match => (match.Value, durable.Contains(match.Value))));
        }

        return acknowledged;
    }

    /// <summary>
    /// Lies in wait for a running program: as soon as it asks for a sync of this file, which it has written to before, it is killed.
    /// </summary>
    public static async Task<Process> KillAtSyncAsync(int process, string file, CancellationToken cancellationToken)
    {
        var strace = Process.Start(new ProcessStartInfo(
            Program,
            [
                "-f", "-p", process.ToString(CultureInfo.InvariantCulture), "-P", file, "-e", "trace=fsync,fdatasync",
                "-e", "inject=fsync,fdatasync:signal=KILL",
            ]) { UseShellExecute = false, RedirectStandardError = true })!;
        var said = await strace.StandardError.ReadLineAsync(cancellationToken);
        Assert.Contains("attached", said, StringComparison.Ordinal);
        _ = strace.StandardError.ReadToEndAsync(CancellationToken.None);
        return strace;
    }

    [GeneratedRegex(@"^\d+ +f(data)?sync\(\d+<[^>]*-wal>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SyncBegins();

    [GeneratedRegex(@"^\d+ +(f(data)?sync\(\d+<[^>]*-wal>|<\.\.\. f(data)?sync resumed>).*= 0$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SyncEnds();

    [GeneratedRegex(@"^\d+ +pwrite64\(\d+<[^>]*-wal>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WritesPage();

    [GeneratedRegex(@"^\d+ +write\(\d+<(pipe|socket|TCP)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WritesAnswer();
}
