using System.Globalization;
using System.Text;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Transfers;

/// <summary>
/// Names for the local disk, made of names that a server tells. What comes out is one name in one folder on any usual system: no path, no
/// device, nothing hidden, nothing that a terminal would not show.
/// </summary>
internal static class LocalFileName
{
    /// <summary>What the usual file systems take, in bytes of UTF-8.</summary>
    public const int MaxBytes = 255;

    private const string Nameless = "file";
    private const string Forbidden = "/\\:*?\"<>|";
    // An ending that is longer than this does not tell what a file is.
    private const int LongestEnding = 32;

    /// <summary>Never throws; a name that was made safe stays as it is.</summary>
    public static string Of(string? told)
    {
        var last = (told ?? "").TrimEnd('/', '\\').Split('/', '\\')[^1];
        var name = new StringBuilder();
        foreach (var rune in last.EnumerateRunes())
            name.Append(IsFit(rune) ? rune.ToString() : "_");
        // A dot in front would hide it, and could make it a settings file of some program.
        var safe = Shorten(TrimEnd(name.ToString()).TrimStart(), MaxBytes);
        if (safe.StartsWith('.'))
            safe = "_" + safe[1..];
        return IsDevice(safe) ? Shorten("_" + safe, MaxBytes) : safe.Length == 0 ? Nameless : safe;
    }

    /// <summary><c>report (2).pdf</c>.</summary>
    public static string Numbered(string name, int number)
    {
        var (stem, ending) = Split(name);
        var tail = string.Create(CultureInfo.InvariantCulture, $" ({number}){ending}");
        return Cut(stem, MaxBytes - Encoding.UTF8.GetByteCount(tail)) + tail;
    }

    /// <summary>Where a file lies until it is complete. It names the file's id, because a part of another file cannot be gone on with.</summary>
    public static string Part(string name, string id)
    {
        var tail = $".{Of(id)}.part";
        return Cut(name, MaxBytes - Encoding.UTF8.GetByteCount(tail)) + tail;
    }

    private static bool IsFit(Rune rune) =>
        rune != Rune.ReplacementChar && !Forbidden.Contains(rune.ToString(), StringComparison.Ordinal) && SafeText.IsHarmless(rune);

    /// <summary>Windows opens a device by these names, whatever ending follows.</summary>
    private static bool IsDevice(string name) => name.Split('.')[0].TrimEnd().ToUpperInvariant() is "CON" or "PRN" or "AUX" or "NUL" or "CONIN$" or "CONOUT$"
        or ['C', 'O', 'M', (>= '0' and <= '9') or '¹' or '²' or '³'] or ['L', 'P', 'T', (>= '0' and <= '9') or '¹' or '²' or '³'];

    private static string Shorten(string name, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(name) <= bytes)
            return name;
        var (stem, ending) = Split(name);
        return TrimEnd(Cut(stem, bytes - Encoding.UTF8.GetByteCount(ending)) + ending);
    }

    /// <summary>Windows drops dots and spaces at the end, and two names would be one.</summary>
    private static string TrimEnd(string name)
    {
        var end = name.Length;
        while (end > 0 && (name[end - 1] == '.' || char.IsWhiteSpace(name[end - 1])))
            end--;
        return name[..end];
    }

    private static (string Stem, string Ending) Split(string name)
    {
        var dot = name.LastIndexOf('.');
        return dot <= 0 || Encoding.UTF8.GetByteCount(name.AsSpan(dot)) > LongestEnding ? (name, "") : (name[..dot], name[dot..]);
    }

    private static string Cut(string text, int bytes)
    {
        var kept = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes -= rune.Utf8SequenceLength;
            if (bytes < 0)
                break;
            kept += rune.Utf16SequenceLength;
        }

        return text[..kept];
    }
}
