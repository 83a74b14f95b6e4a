using System.Buffers;
using System.Globalization;
using System.Text;

namespace ChatShare.Core.Files;

/// <summary>
/// The display name of a shared file. It is cleaned and never refused, because a hostile name must not lose a person's file;
/// what comes out can be shown, put into a header and saved under on any usual system. Never a path on the server.
/// </summary>
public sealed record FileName
{
    /// <summary>The longest name, in bytes of UTF-8: what the usual file systems take.</summary>
    public const int MaxBytes = 255;

    // An ending longer than this is not an ending that tells the kind of a file.
    private const int MaxExtensionBytes = 32;
    // Beyond this many code units a name is cut before it is normalised, which takes quadratic time for a run of marks.
    // Either part alone is longer than what is kept of it in the end, so the cut never shows.
    private const int HeadUnits = 1024;
    private const int TailUnits = 256;
    private const string Nameless = "file";

    private static readonly SearchValues<char> ForbiddenOnWindows = SearchValues.Create(":*?\"<>|");

    private FileName(string value) => Value = value;

    /// <summary>The cleaned name: not empty, NFC, without characters that cannot be seen but for those that join or part signs of a script or an emoji, at most <see cref="MaxBytes"/> of UTF-8, one line, no path.</summary>
    public string Value { get; }

    /// <summary>The ending with its dot, in lower case (<c>.gz</c>); empty when there is none or the name is nothing else.</summary>
    public string Extension => Value[ExtensionStart(Value)..].ToLowerInvariant();

    /// <summary>Makes a display name of whatever a client sent. Never throws; cleaning a cleaned name changes nothing.</summary>
    /// <param name="raw">A name or a path of either kind of slash, of any length; null counts as empty.</param>
    public static FileName Clean(string? raw)
    {
        var segment = raw.AsSpan().TrimEnd("/\\");
        segment = segment[(segment.LastIndexOfAny('/', '\\') + 1)..];

        var name = WithoutLooseJoiners(Bound(Visible(segment)).Normalize(NormalizationForm.FormC)).Normalize(NormalizationForm.FormC);
        name = AvoidDevice(Trim(ReplaceForbidden(name)));
        if (Encoding.UTF8.GetByteCount(name) > MaxBytes)
            name = AvoidDevice(WithoutLooseJoiners(Shorten(name))); // A long run of spaces after CON can make it a device only now.
        return new(name.Length == 0 ? Nameless : name);
    }

    /// <summary><see cref="Value"/>.</summary>
    public override string ToString() => Value;

    /// <summary>A cleaned name with a count before its ending (<c>a (2).txt</c>), as short as every name.</summary>
    internal static string Numbered(string name, int number)
    {
        var (stem, ending) = Split(name);
        var tail = string.Create(CultureInfo.InvariantCulture, $" ({number}){ending}");
        return CutAtElement(stem, MaxBytes - Encoding.UTF8.GetByteCount(tail)) + tail;
    }

    private static string Visible(ReadOnlySpan<char> text)
    {
        var visible = new StringBuilder(Math.Min(text.Length, HeadUnits));
        while (!text.IsEmpty)
        {
            var whole = Rune.DecodeFromUtf16(text, out var rune, out var length) == OperationStatus.Done;
            if (whole && (IsJoiner(rune) || !InvisibleCharacters.Contains(rune)))
                visible.Append(rune);
            text = text[length..];
        }
        return visible.ToString();
    }

    /// <summary>
    /// What cannot be seen, and changes what is: the signs of Persian or Hindi that do not join, or do, a family of four faces, a heart that is red (Unicode 16,
    /// chapters 23.2 and 23.4). Only between such signs; anywhere else it would make two names of one.
    /// </summary>
    private static bool IsJoiner(Rune rune) => rune.Value is 0x200C or 0x200D or 0xFE0F;

    private static string WithoutLooseJoiners(string name)
    {
        var kept = new StringBuilder(name.Length);
        var joiners = new StringBuilder();
        var before = default(Rune);
        foreach (var rune in name.EnumerateRunes())
        {
            if (IsJoiner(rune))
            {
                // A red heart that is joined to something has both.
                if (joiners.Length == 0 || (joiners.Length == 1 && joiners[0] == '\uFE0F' && rune.Value == 0x200D))
                    joiners.Append(rune);
                continue;
            }

            if (IsSign(before) && (IsSign(rune) || joiners.Equals("\uFE0F")))
                kept.Append(joiners);
            joiners.Clear();
            kept.Append(rune);
            before = rune;
        }

        return IsSign(before) && joiners.Equals("\uFE0F") ? kept.Append(joiners).ToString() : kept.ToString();

        static bool IsSign(Rune rune) => !rune.IsAscii && !Rune.IsWhiteSpace(rune);
    }

    private static string Bound(string text)
    {
        if (text.Length <= HeadUnits + TailUnits)
            return text;
        var head = char.IsHighSurrogate(text[HeadUnits - 1]) ? HeadUnits - 1 : HeadUnits;
        var tail = char.IsLowSurrogate(text[^TailUnits]) ? TailUnits - 1 : TailUnits;
        return string.Concat(text.AsSpan(0, head), text.AsSpan(text.Length - tail));
    }

    private static string ReplaceForbidden(string name) => string.Create(name.Length, name, static (target, source) =>
        source.AsSpan().ReplaceAny(target, ForbiddenOnWindows, '_'));

    private static string Trim(string name)
    {
        var end = name.Length;
        while (end > 0 && (name[end - 1] == '.' || char.IsWhiteSpace(name[end - 1])))
            end--;
        return name[..end].TrimStart();
    }

    /// <summary>Windows opens a device by these names, whatever ending or spaces follow.</summary>
    private static string AvoidDevice(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var stem = (dot < 0 ? name : name[..dot]).TrimEnd().ToUpperInvariant();
        var isDevice = stem is "CON" or "PRN" or "AUX" or "NUL" or "CONIN$" or "CONOUT$"
            || (stem.Length == 4 && (stem.StartsWith("COM", StringComparison.Ordinal) || stem.StartsWith("LPT", StringComparison.Ordinal))
                && stem[3] is (>= '0' and <= '9') or '¹' or '²' or '³');
        return isDevice ? "_" + name : name;
    }

    private static string Shorten(string name)
    {
        var (stem, ending) = Split(name);
        return Trim(CutAtElement(stem, MaxBytes - Encoding.UTF8.GetByteCount(ending))) + ending;
    }

    /// <summary>What a name is shortened in, and the ending that tells its kind, which stays.</summary>
    private static (string Stem, string Ending) Split(string name)
    {
        var dot = ExtensionStart(name);
        if (Encoding.UTF8.GetByteCount(name.AsSpan(dot)) > MaxExtensionBytes)
            dot = name.Length;
        return (name[..dot], name[dot..]);
    }

    /// <summary>The longest beginning of whole text elements that fits; of characters when the first element does not.</summary>
    private static string CutAtElement(string text, int maxBytes)
    {
        var kept = 0;
        var bytes = 0;
        while (kept < text.Length)
        {
            var element = StringInfo.GetNextTextElementLength(text, kept);
            bytes += Encoding.UTF8.GetByteCount(text.AsSpan(kept, element));
            if (bytes > maxBytes)
                break;
            kept += element;
        }
        if (kept > 0)
            return text[..kept];

        bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > maxBytes)
                break;
            kept += rune.Utf16SequenceLength;
        }
        return text[..kept];
    }

    private static int ExtensionStart(string name)
    {
        var dot = name.LastIndexOf('.');
        return dot > 0 ? dot : name.Length;
    }
}
