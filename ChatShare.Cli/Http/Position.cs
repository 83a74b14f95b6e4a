using System.Globalization;

namespace ChatShare.Cli.Http;

/// <summary>A place in a room's changes: after this one.</summary>
/// <param name="Epoch">The database that numbers them, in lower-case hexadecimal digits; null when it is not known yet.</param>
/// <param name="Number">The number of the last change that was seen.</param>
internal readonly record struct Position(string? Epoch, long Number)
{
    /// <summary>As <c>after</c> and <c>Last-Event-ID</c> take it: <c>{epoch}-{number}</c>, or the number alone.</summary>
    public override string ToString() =>
        Epoch is null ? Number.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Number}");

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string? text, out Position position)
    {
        position = default;
        if (text is null)
            return false;
        var dash = text.LastIndexOf('-');
        if (!long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || dash == 0)
            return false;
        // What is no epoch is a slip of the pen, and not another database; and not all of it can stand in a header.
        if (dash > 0 && !text[..dash].All(char.IsAsciiHexDigitLower))
            return false;
        position = new(dash < 0 ? null : text[..dash], number);
        return true;
    }
}
