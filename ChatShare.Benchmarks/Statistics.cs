using System.Globalization;

namespace ChatShare.Benchmarks;

/// <summary>Orders and picks.</summary>
internal static class Statistics
{
    public static double Median(IEnumerable<double> values) => Percentile([.. values.Order()], 50);

    /// <param name="sorted">Ascending, not empty.</param>
    /// <param name="percent">0 to 100; the nearest rank, so that the result was really measured.</param>
    public static double Percentile(IReadOnlyList<double> sorted, double percent) =>
        sorted[Math.Clamp((int)Math.Ceiling(sorted.Count * percent / 100) - 1, 0, sorted.Count - 1)];

    /// <summary>"12,345 (11,000–13,000)".</summary>
    public static string MedianAndSpread(IReadOnlyCollection<double> values, string format) =>
        $"{Show(Median(values), format)} ({Show(values.Min(), format)}–{Show(values.Max(), format)})";

    public static string Show(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
