using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ChatShare.Core.Messages;

/// <summary>
/// The text of a message as it is stored: something to read, line breaks as LF, no other control characters than tab, no halves
/// of characters, no blank lines before it and no white space after it. Immutable; made by <see cref="TryParse"/> only.
/// </summary>
public sealed record MessageText
{
    /// <summary>The longest text, in UTF-16 code units: what <c>length</c> says in the browser, which checks it too.</summary>
    public const int MaxLength = 16_000;

    private MessageText(string value) => Value = value;

    /// <summary>The text. Not yet safe as HTML: see <see cref="MessageHtml"/>.</summary>
    public string Value { get; }

    /// <summary>Reads what a person sent. Never throws; takes linear time.</summary>
    /// <param name="raw">What was sent, with line breaks of any kind; null counts as empty.</param>
    /// <param name="text">The text, or null when it is refused.</param>
    /// <param name="error">A sentence for the person that says what is wrong, or null.</param>
    /// <returns>Whether <paramref name="raw"/> is a message.</returns>
    public static bool TryParse(string? raw, [NotNullWhen(true)] out MessageText? text, [NotNullWhen(false)] out string? error)
    {
        // Not ReplaceLineEndings: it takes a form feed for a line break, and that is a control character to be named.
        var normal = (raw ?? "").Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        // Before white space is trimmed, because some controls are white space.
        error = FindFault(normal);
        text = null;
        if (error is not null)
            return false;

        var value = Trim(normal);
        if (value.Length > MaxLength)
            error = string.Create(
                CultureInfo.InvariantCulture, $"This message has {value.Length:N0} characters; the limit is {MaxLength:N0}.");
        else
            text = new(value);
        return text is not null;
    }

    /// <summary><see cref="Value"/>.</summary>
    public override string ToString() => Value;

    private static string? FindFault(ReadOnlySpan<char> rest)
    {
        var isReadable = false;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done)
                return $"The message contains half a character ({InvisibleCharacters.Name(rest[0])}).";
            if (Rune.IsControl(rune) && rune.Value is not ('\t' or '\n'))
                return $"The message contains a control character ({InvisibleCharacters.Name(rune.Value)}).";
            isReadable |= !Rune.IsWhiteSpace(rune) && !InvisibleCharacters.Contains(rune);
            rest = rest[length..];
        }
        return isReadable ? null : "A message cannot be empty.";
    }

    /// <summary>Drops blank lines in front, but not the indentation of the first line with words, and white space behind.</summary>
    private static string Trim(string value)
    {
        var start = 0;
        for (var i = 0; i < value.Length && char.IsWhiteSpace(value[i]); i++)
        {
            if (value[i] == '\n')
                start = i + 1;
        }
        return value[start..].TrimEnd();
    }
}
