using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace ChatShare.Core.Messages;

/// <summary>Makes the safe HTML of a message: everything is encoded, and web addresses become links. There are no other tags.</summary>
public static class MessageHtml
{
    private const string TrailingPunctuation = ".,;:!?'…’”";
    private const string Brackets = "()[]{}";
    private const string BareStart = "www.";
    private const int MaxPort = 65_535;

    // Of a name in the domain name system (RFC 1035, 2.3.4).
    private const int MaxHost = 253;

    private static readonly SearchValues<string> Starts =
        SearchValues.Create(["http://", "https://", BareStart], StringComparison.OrdinalIgnoreCase);

    // What ends an address inside a text: quotes of all kinds that are set around one, and the full-width stops of a language
    // that has no spaces.
    private static readonly SearchValues<char> Delimiters = SearchValues.Create("<>\"`“„«»、。，！？；：（）「」『』【】《》");

    /// <summary>
    /// The HTML of <paramref name="text"/>. Line breaks stay as they are; the page shows them (<c>white-space: pre-wrap</c>) and
    /// isolates the direction of the text. Takes linear time, whatever the text.
    /// </summary>
    /// <param name="text">The text of a message, any characters.</param>
    public static string Format(string text)
    {
        var html = new StringBuilder(text.Length + (text.Length / 8));
        var rest = text.AsSpan();
        var written = 0;
        for (var position = 0; ;)
        {
            var found = rest[position..].IndexOfAny(Starts);
            if (found < 0)
                break;
            var start = position + found;
            var isBare = rest[start] is 'w' or 'W';
            // A failed try looks no further than the next slash, which every address has, or than a host is long.
            var length = isBare ? (FollowsAddress(rest, start) ? 0 : BareLength(rest[start..]))
                : FollowsWord(rest, start) ? 0 : LinkLength(rest[start..], rest[start..].IndexOf("//", StringComparison.Ordinal) + 2);
            if (length == 0)
            {
                position = start + (isBare ? BareStart.Length : "http://".Length);
                continue;
            }
            AppendEncoded(html, rest[written..start]);
            AppendLink(html, isBare ? "http://" : "", rest.Slice(start, length));
            position = written = start + length;
        }
        AppendEncoded(html, rest[written..]);
        return html.ToString();
    }

    private static bool FollowsWord(ReadOnlySpan<char> text, int start) => start > 0 && char.IsAsciiLetterOrDigit(text[start - 1]);

    /// <summary>Whether it is in the middle of something: of a name, or of an address of another kind.</summary>
    private static bool FollowsAddress(ReadOnlySpan<char> text, int start) => start > 0 && !EndsAddress(text[start - 1]) && text[start - 1] is not ('(' or '[' or '\'');

    /// <summary>How much of <paramref name="text"/>, which begins as many hosts do and has no scheme, is an address; 0 when that is not one.</summary>
    private static int BareLength(ReadOnlySpan<char> text)
    {
        var end = 0;
        while (end < text.Length && end <= MaxHost && text[end] is not ('/' or '?' or '#') && !EndsAddress(text[end]))
            end++;
        return end > MaxHost || TrimEnd(text[..end]) <= BareStart.Length ? 0 : LinkLength(text, authorityStart: 0);
    }

    /// <summary>How much of <paramref name="text"/>, whose host begins there, is an address; 0 when it has no plain host.</summary>
    private static int LinkLength(ReadOnlySpan<char> text, int authorityStart)
    {
        var authority = text[authorityStart..];
        var authorityLength = 0;
        while (authorityLength < authority.Length && authority[authorityLength] is not ('/' or '?' or '#')
            && !EndsAddress(authority[authorityLength]))
            authorityLength++;

        var end = authorityStart + authorityLength;
        if (end == text.Length || EndsAddress(text[end]))
        {
            // A full stop after a bare host, or the bracket around it, belongs to the sentence; what is left must be a host.
            authorityLength = TrimEnd(authority[..authorityLength]);
            return IsHostAndPort(authority[..authorityLength]) ? authorityStart + authorityLength : 0;
        }
        if (!IsHostAndPort(authority[..authorityLength]))
            return 0;
        while (end < text.Length && !EndsAddress(text[end]))
            end++;
        return TrimEnd(text[..end]);
    }

    private static bool EndsAddress(char c) =>
        Delimiters.Contains(c) || char.IsWhiteSpace(c) || char.IsControl(c)
        || (!char.IsSurrogate(c) && InvisibleCharacters.Contains(new Rune(c))); // Bidi characters would show another address.

    /// <summary>The length without the punctuation of the sentence around, and without closing brackets that it did not open.</summary>
    private static int TrimEnd(ReadOnlySpan<char> address)
    {
        Span<int> balance = stackalloc int[Brackets.Length / 2];
        foreach (var c in address)
        {
            if (Brackets.IndexOf(c, StringComparison.Ordinal) is >= 0 and var bracket)
                balance[bracket / 2] += bracket % 2 == 0 ? 1 : -1;
        }
        var length = address.Length;
        for (; length > 0; length--)
        {
            var last = address[length - 1];
            if (TrailingPunctuation.Contains(last, StringComparison.Ordinal))
                continue;
            var bracket = Brackets.IndexOf(last, StringComparison.Ordinal);
            if (bracket < 0 || bracket % 2 == 0 || balance[bracket / 2] >= 0)
                break;
            balance[bracket / 2]++;
        }
        return length;
    }

    // No user name: in http://bank.example@evil.example the host is the second one. No percent signs and backslashes either,
    // which browsers and people read differently.
    private static bool IsHostAndPort(ReadOnlySpan<char> authority)
    {
        var portStart = authority.LastIndexOf(':');
        if (authority.StartsWith('['))
        {
            var close = authority.IndexOf(']');
            return close > 0 && close <= 46 && !authority[1..close].Contains('%') && IPAddress.TryParse(authority[1..close], out _)
                && (close == authority.Length - 1 || (portStart == close + 1 && IsPort(authority[(portStart + 1)..])));
        }
        if (portStart >= 0)
        {
            if (!IsPort(authority[(portStart + 1)..]))
                return false;
            authority = authority[..portStart];
        }
        if (authority.IsEmpty || authority[0] is '.' or '-')
            return false;
        foreach (var c in authority)
        {
            var isPlain = char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_';
            if (!isPlain && (c < 0x80 || !(char.IsLetterOrDigit(c) || char.IsSurrogate(c) || IsMark(c))))
                return false;
        }
        return true;
    }

    private static bool IsMark(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static bool IsPort(ReadOnlySpan<char> digits) =>
        digits.Length is > 0 and <= 5
        && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= MaxPort;

    private static void AppendLink(StringBuilder html, string scheme, ReadOnlySpan<char> address)
    {
        html.Append("<a href=\"").Append(scheme);
        AppendEncoded(html, address);
        html.Append("\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">");
        AppendEncoded(html, address);
        html.Append("</a>");
    }

    // WebUtility.HtmlEncode would make numbers of every letter between U+00A0 and U+00FF.
    private static void AppendEncoded(StringBuilder html, ReadOnlySpan<char> text)
    {
        for (var next = text.IndexOfAny("&<>\"'"); next >= 0; next = text.IndexOfAny("&<>\"'"))
        {
            html.Append(text[..next]).Append(text[next] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                _ => "&#39;",
            });
            text = text[(next + 1)..];
        }
        html.Append(text);
    }
}
