using System.Globalization;

namespace ChatShare.Core.Files;

/// <summary>Sizes as people say them.</summary>
public static class ByteSize
{
    private static readonly string[] Units = ["KB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>
    /// The size in decimal units (1 KB is 1000 bytes), with one decimal below a hundred: <c>0 B</c>, <c>999 B</c>,
    /// <c>1.0 KB</c>, <c>8.1 GB</c>, <c>123 MB</c>. The same text in every culture.
    /// </summary>
    /// <param name="bytes">The size in bytes, not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    public static string Format(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (bytes < 1000)
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");

        // A decimal, because a double cannot tell 999,499,999,999,999,999 from its neighbour that rounds up.
        var value = bytes / 1000m;
        var unit = 0;
        while (Round(value, 0) >= 1000) // 999.5 KB would round to 1000 KB; it is 1.0 MB.
        {
            value /= 1000;
            unit++;
        }
        return Round(value, 1) < 100
            ? string.Create(CultureInfo.InvariantCulture, $"{Round(value, 1):0.0} {Units[unit]}")
            : string.Create(CultureInfo.InvariantCulture, $"{Round(value, 0):0} {Units[unit]}");
    }

    /// <summary>Two sizes of which one is too much beside the other: as people say them, or in bytes where both would read the same.</summary>
    internal static (string First, string Second) FormatApart(long first, long second)
    {
        var (one, other) = (Format(first), Format(second));
        return one != other ? (one, other)
            : (string.Create(CultureInfo.InvariantCulture, $"{first:N0} B"), string.Create(CultureInfo.InvariantCulture, $"{second:N0} B"));
    }

    private static decimal Round(decimal value, int decimals) => Math.Round(value, decimals, MidpointRounding.AwayFromZero);
}
