using System.Globalization;
using System.Text;

namespace ChatShare.Core;

/// <summary>
/// The characters that a reader cannot see, or that change how the text around them is shown: controls, bidi and other
/// format characters, line separators, default-ignorable letters and marks, noncharacters.
/// </summary>
internal static class InvisibleCharacters
{
    /// <summary>Whether <paramref name="rune"/> draws nothing of its own. Spaces are seen as gaps and are not meant.</summary>
    public static bool Contains(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || IsDefaultIgnorable(rune.Value)
        || IsNoncharacter(rune.Value)
        || rune.Value == 0x2800; // A braille cell without dots: formally a symbol.

    /// <summary>The usual way to name a character that cannot be shown: <c>U+202E</c>.</summary>
    public static string Name(int codePoint) => string.Create(CultureInfo.InvariantCulture, $"U+{codePoint:X4}");

    // Default_Ignorable_Code_Point of the Unicode Character Database, without what the categories above already cover.
    private static bool IsDefaultIgnorable(int codePoint) => codePoint is
        0x034F or (>= 0x115F and <= 0x1160) or (>= 0x17B4 and <= 0x17B5) or (>= 0x180B and <= 0x180F)
        or 0x2065 or 0x3164 or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xFFF0 and <= 0xFFF8)
        or (>= 0xE0000 and <= 0xE0FFF);

    private static bool IsNoncharacter(int codePoint) =>
        (codePoint & 0xFFFE) == 0xFFFE || codePoint is >= 0xFDD0 and <= 0xFDEF;
}
