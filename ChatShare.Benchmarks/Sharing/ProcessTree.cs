using System.Globalization;

namespace ChatShare.Benchmarks.Sharing;

/// <summary>CPU of a process with everything that it has started: a browser and nginx are several.</summary>
internal static class ProcessTree
{
    /// <summary>CPU seconds of the process, of all that live below it, and of those that they have waited for.</summary>
    public static double CpuSeconds(int root)
    {
        var all = new List<(int Id, int Parent, long Ticks)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && Read(id) is var (parent, ticks))
                all.Add((id, parent, ticks));
        }

        var children = all.ToLookup(process => process.Parent);
        return all.Where(process => process.Id == root).Sum(Sum) / 100.0;

        long Sum((int Id, int Parent, long Ticks) process) => process.Ticks + children[process.Id].Sum(Sum);
    }

    private static (int Parent, long Ticks)? Read(int id)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            // Behind the name in parentheses: state, ppid, ...; utime, stime, cutime, cstime are fields 14 to 17, in hundredths.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[1], CultureInfo.InvariantCulture), fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
        }
        catch (IOException)
        {
            // It has ended between the listing and the look.
            return null;
        }
    }
}
