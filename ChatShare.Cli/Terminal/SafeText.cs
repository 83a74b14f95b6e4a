using System.Buffers;
using System.Globalization;
using System.Text;

namespace ChatShare.Cli.Terminal;

/// <summary>
/// Text of other people made fit for a terminal: nothing in it moves the cursor, changes a colour or a title, answers a question, or
/// turns the direction of what stands around it. What is taken out is shown as what it was.
/// </summary>
internal static class SafeText
{
    private const int ControlPictures = 0x2400;
    private const string Tab = "    ";

    /// <summary>One line; a line break becomes a sign for one. Made safe twice is made safe once.</summary>
    public static string Of(string? text)
    {
        if (text is null)
            return "";
        var safe = new StringBuilder(text.Length);
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var whole = Rune.DecodeFromUtf16(rest, out var rune, out var length) == OperationStatus.Done;
            Append(safe, whole ? rune : Rune.ReplacementChar);
            rest = rest[length..];
        }

        return safe.ToString();
    }

    /// <summary>The lines of a text, each safe.</summary>
    public static IReadOnlyList<string> Lines(string? text) =>
        [.. (text ?? "").ReplaceLineEndings("\n").Split('\n').Select(Of)];

    /// <summary>Whether a character is seen as it is and changes nothing around it.</summary>
    public static bool IsHarmless(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned => false,
        // The joiners shape letters and pictures; all others change direction or hide.
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
        // Letters that draw nothing.
        _ => rune.Value is not (0x115F or 0x1160 or 0x3164 or 0xFFA0),
    };

    private static void Append(StringBuilder safe, Rune rune)
    {
        if (rune.Value == '\t')
            safe.Append(Tab);
        else if (rune.Value < 0x20)
            safe.Append((char)(ControlPictures + rune.Value));
        else if (rune.Value == 0x7F)
            safe.Append((char)(ControlPictures + 0x21));
        else if (IsHarmless(rune))
            safe.Append(rune);
        else
            safe.Append(CultureInfo.InvariantCulture, $"<U+{rune.Value:X4}>");
    }
}
