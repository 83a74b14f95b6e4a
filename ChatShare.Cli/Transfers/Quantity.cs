using System.Globalization;

namespace ChatShare.Cli.Transfers;

/// <summary>Sizes and times as people say them, the same in every culture.</summary>
internal static class Quantity
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>Decimal units: <c>999 B</c>, <c>1.0 KB</c>, <c>123 MB</c>.</summary>
    public static string Bytes(double bytes)
    {
        var unit = 0;
        while (bytes >= 999.5 && unit < Units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        var format = unit == 0 || bytes >= 99.95 ? "0" : "0.0";
        return $"{bytes.ToString(format, CultureInfo.InvariantCulture)} {Units[unit]}";
    }

    /// <summary><c>0:12</c>, <c>1:02:03</c>.</summary>
    public static string Time(TimeSpan time) => time.TotalHours >= 100 ? "long"
        : time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
}
