using CsCheck;

namespace ChatShare.Tests.Support;

/// <summary>Strings as a hostile or an unlucky client sends them, dense in the characters that rules are about.</summary>
internal static class HostileText
{
    /// <summary>Short pieces, each with a trap: halves of pairs, bidi, invisible, marks, path and markup characters, look-alikes.</summary>
    public static readonly Gen<string> Piece = Gen.OneOf(
        Gen.OneOf(
            " ", "  ", "\u00A0", "\u3000", ".", "..", "-", "_", "/", "\\", ":", "<", ">", "\"", "'", "&", "|", "?", "*", "@",
            "\uD83D", "\uDE00", "😀", "👨‍👩‍👧", "\u202E", "\u2066",
            "\u200B", "\u200C", "\u200D", "\uFE0F", "\uFEFF", "\uFFFE", "\u00AD", "\u034F", "\u3164",
            "\u0301", "\u0345", "\u0338", "\u3099", "\u0000", "\u0007", "\t", "\n", "\u007F", "\u0085", "\u2028", "\u2800",
            "a", "A", "ß", "ı", "İ", "é", "e\u0301", "Å", "ﬁ", "ﷺ", "я", "Ω", "Σ", "ς",
            "中", "한", "ᄒ", "م", "ก", "1", "٣", "𝐀", "𝚪"),
        Gen.OneOf("CON", "nul", "COM1", "LPT¹", ".txt", ".tar.gz", "http://", "https://", "HTTP://", "a.b", "(", ")", "[", "]"),
        Gen.Char.Select(c => c.ToString()));

    /// <summary>Any number of pieces from 0 to 60.</summary>
    public static readonly Gen<string> Any = Piece.Array[0, 60].Select(string.Concat);

    /// <summary>Few pieces, so that a good part of them is accepted where names are read.</summary>
    public static readonly Gen<string> Short = Piece.Array[0, 4].Select(string.Concat);
}
