using System.Globalization;
using System.Text;

namespace ChatShare.Core.Messages;

/// <summary>
/// Finds words as people type them when they look for something: <c>cafe</c> is in <c>Café</c>, <c>STRASSE</c> in <c>Straße</c>, <c>ＡＢＣ</c> in
/// <c>abc</c>. By the collation of Unicode (UTS #10) at its first level, the same in every language and on every machine.
/// </summary>
public static class TextSearch
{
    private const CompareOptions Loosely = CompareOptions.IgnoreCase | CompareOptions.IgnoreNonSpace | CompareOptions.IgnoreWidth;

    /// <summary>Whether a text has a word in it. An empty one is in every text.</summary>
    public static bool Contains(string text, string word)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(word);
        return word.Length == 0 || Find(text, word, 0) is not null;
    }

    /// <summary>Where a word that is not empty stands in a text for the first time from a place on; null when it does not. The place found may be longer or shorter than the word.</summary>
    public static (int Start, int End)? Find(string text, string word, int from)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentException.ThrowIfNullOrEmpty(word);
        var rest = text.AsSpan(from);
        if (!Ascii.IsValid(rest) || !Ascii.IsValid(word))
        {
            // Nothing is found at length 0: what a collation does not see at all, as a joiner of no width, is looked for as it is below.
            var place = CultureInfo.InvariantCulture.CompareInfo.IndexOf(rest, word, Loosely, out var length);
            if (place >= 0 && length > 0)
                return (from + place, from + place + length);
        }

        var start = rest.IndexOf(word, StringComparison.OrdinalIgnoreCase);
        return start < 0 ? null : (from + start, from + start + word.Length);
    }
}
