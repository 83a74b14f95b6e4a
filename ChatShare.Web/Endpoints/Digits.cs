using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ChatShare.Web.Endpoints;

/// <summary>Numbers of requests: digits and nothing else. The framework's own reading lets zero bytes behind them pass.</summary>
internal static class Digits
{
    /// <summary>From 0, and at most as large as fits.</summary>
    public static bool TryRead([NotNullWhen(true)] string? text, out long number)
    {
        number = 0;
        return text is not null && text.All(char.IsAsciiDigit) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
