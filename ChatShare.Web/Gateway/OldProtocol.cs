using System.Globalization;

namespace ChatShare.Web.Gateway;

/// <summary>
/// The words of the old protocol. It has no framing: a message is what one read of the client returns, at most 4,096 bytes of it; one that is
/// <c>NICK</c> or begins as the name of another control message is no text.
/// </summary>
internal static class OldProtocol
{
    /// <summary>The longest read of either side, in bytes.</summary>
    public const int MaxMessageBytes = 4096;

    /// <summary>Who are you?</summary>
    public const string Nick = "NICK";

    /// <summary>A client listens for the bytes of a file.</summary>
    public const string Ready = "READY";

    /// <summary>To a client that is in.</summary>
    public const string Connected = "Connected to the server!";

    /// <summary>How a client announces a file.</summary>
    public const string TransferPrefix = "FILE_TRANSFER:";

    private const string IncomingPrefix = "FILE_INCOMING:";
    private const string CompletePrefix = "FILE_TRANSFER_COMPLETE:";

    // Below the limit, so that a read that is full never stands for one that goes on.
    private const int MaxPartBytes = MaxMessageBytes - 16;

    private const int MaxNameLength = 255;

    /// <summary>A file follows; neither name may contain a colon.</summary>
    public static string Incoming(string name, long size, string sender) =>
        string.Create(CultureInfo.InvariantCulture, $"{IncomingPrefix}{name}:{size}:{sender}");

    /// <summary>A file is through.</summary>
    public static string Complete(string name) => CompletePrefix + name;

    /// <summary>To everyone.</summary>
    public static string Joined(string nickname) => $"{nickname} joined the chat!";

    /// <summary>To everyone.</summary>
    public static string Left(string nickname) => $"{nickname} left the chat!";

    /// <summary>
    /// Text for people, in parts that a client reads one at a time. No part can be taken for a control message, whoever wrote it, and none holds
    /// a control character that a terminal would obey.
    /// </summary>
    public static IEnumerable<string> Parts(string text)
    {
        text = Harmless(text);
        if (IsControl(text))
            text = " " + text;
        var start = 0;
        while (start < text.Length)
        {
            var length = Fitting(text.AsSpan(start));
            // A part that would begin as a control message gets the character before it; two in a row never do.
            if (start + length < text.Length && IsControl(text.AsSpan(start + length)))
                length -= char.IsLowSurrogate(text[start + length - 1]) ? 2 : 1;
            yield return text.Substring(start, length);
            start += length;
        }
    }

    /// <summary>
    /// Whether a name can stand in a control message: clients split those at every colon, save under the name, and read all of it at once.
    /// </summary>
    public static bool CanBeNamed(string name) => name.Length is > 0 and <= MaxNameLength && !name.Any(c => c is ':' or '/' or '\\' || char.IsControl(c));

    private static bool IsControl(ReadOnlySpan<char> message) =>
        message.SequenceEqual(Nick)
        || message.StartsWith(IncomingPrefix, StringComparison.Ordinal)
        || message.StartsWith(CompletePrefix, StringComparison.Ordinal);

    private static string Harmless(string text) =>
        text.Any(IsUnsafe) ? string.Create(text.Length, text, static (target, source) =>
        {
            for (var i = 0; i < target.Length; i++)
                target[i] = IsUnsafe(source[i]) ? '\uFFFD' : source[i];
        }) : text;

    private static bool IsUnsafe(char c) => char.IsControl(c) && c is not ('\n' or '\t');

    /// <summary>How many code units make one part; at least one character.</summary>
    private static int Fitting(ReadOnlySpan<char> text)
    {
        var units = 0;
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxPartBytes)
                break;
            units += rune.Utf16SequenceLength;
        }

        return units;
    }
}
