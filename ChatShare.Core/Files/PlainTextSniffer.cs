using System.Buffers;
using System.Text;

namespace ChatShare.Core.Files;

/// <summary>Tells plain text from everything else, and from markup above all: shown in place, a page of ours must not run it.</summary>
internal static class PlainTextSniffer
{
    private const byte Escape = 0x1B; // colours in the logs of terminals

    // Elements that run or load something by themselves wherever they stand. A text that begins with any tag is markup as well,
    // so this list is for what comes later in it; it may also catch a source file that speaks of pages, which is then saved, not shown.
    private static readonly string[] ActiveElements =
    [
        "html", "head", "body", "script", "svg", "math", "iframe", "frame", "frameset", "object", "embed", "applet", "style",
        "link", "meta", "base", "img", "video", "audio", "?xml",
    ];

    /// <summary>Whether <paramref name="head"/> is not empty, UTF-8, free of controls that text does not have, and no markup.</summary>
    public static bool IsPlainText(ReadOnlySpan<byte> head, bool isWhole)
    {
        if (head.StartsWith("\uFEFF"u8))
            head = head[3..];
        return !head.IsEmpty && IsText(head, isWhole) && !IsMarkup(head);
    }

    private static bool IsText(ReadOnlySpan<byte> head, bool isWhole)
    {
        while (!head.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(head, out var rune, out var length);
            if (status == OperationStatus.NeedMoreData)
                return !isWhole; // The head ends inside a character.
            if (status != OperationStatus.Done || rune.Value is < ' ' and not ('\t' or '\n' or '\r' or '\f' or Escape))
                return false;
            head = head[length..];
        }
        return true;
    }

    private static bool IsMarkup(ReadOnlySpan<byte> text)
    {
        var start = text.TrimStart(" \t\n\r\f"u8);
        if (start.Length > 1 && start[0] == '<' && (char.IsAsciiLetter((char)start[1]) || start[1] is (byte)'!' or (byte)'?' or (byte)'/'))
            return true;

        for (var next = text.IndexOf((byte)'<'); next >= 0; next = text.IndexOf((byte)'<'))
        {
            text = text[(next + 1)..];
            if (StartsWith(text, "!doctype"))
                return true;
            foreach (var element in ActiveElements)
            {
                // List<Base> in a source file is <base>, but List<BaseClass> is nothing: the name must end here.
                if (StartsWith(text, element) && (text.Length == element.Length || !char.IsAsciiLetterOrDigit((char)text[element.Length])))
                    return true;
            }
        }
        return false;
    }

    private static bool StartsWith(ReadOnlySpan<byte> text, string name) =>
        text.Length >= name.Length && Ascii.EqualsIgnoreCase(text[..name.Length], name);
}
