using System.Text;

namespace ChatShare.Web.Gateway;

/// <summary>How a client announces a file: <c>FILE_TRANSFER:{name}:{size}</c>, and perhaps its first bytes right behind.</summary>
/// <param name="Name">As the client calls it, not cleaned.</param>
/// <param name="Size">Bytes that follow; <see cref="long.MaxValue"/> for a number that is larger.</param>
/// <param name="Length">Of the header itself, in bytes.</param>
internal sealed record FileHeader(string Name, long Size, int Length)
{
    /// <summary>Whether it is more than anything can hold: then nobody knows how much.</summary>
    public bool IsBeyondNumbers => Size == long.MaxValue;

    private static ReadOnlySpan<byte> Prefix => "FILE_TRANSFER:"u8;

    /// <summary>Whether these bytes are the beginning of an announcement, or as much of one as they are.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> bytes) =>
        bytes.Length < Prefix.Length ? Prefix.StartsWith(bytes) : bytes.StartsWith(Prefix);

    /// <summary>Whether the bytes that come next may belong to the header: it has no size yet, or its digits go on.</summary>
    public static bool MayGoOn(ReadOnlySpan<byte> bytes) =>
        MayBegin(bytes) && bytes.Length < OldProtocol.MaxMessageBytes && (Read(bytes) is not { } header || header.Length == bytes.Length);

    /// <summary>
    /// The size is the digits up to the first that is none; what follows is the file. A colon that no digit follows is part of the name, and so are
    /// all but the last when a line and nothing else has come: a name may hold a time of day. Null when it is no announcement.
    /// </summary>
    public static FileHeader? Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Prefix))
            return null;
        bytes = bytes[..Math.Min(bytes.Length, OldProtocol.MaxMessageBytes)];
        var colon = IsLine(bytes) ? bytes.LastIndexOf((byte)':') : Prefix.Length;
        while (colon < bytes.Length - 1 && !(bytes[colon] == ':' && char.IsAsciiDigit((char)bytes[colon + 1])))
            colon++;
        if (colon >= bytes.Length - 1)
            return null;
        var end = colon + 1;
        var size = 0L;
        for (; end < bytes.Length && char.IsAsciiDigit((char)bytes[end]); end++)
            size = size > (long.MaxValue - 9) / 10 ? long.MaxValue : (size * 10) + (bytes[end] - '0');
        return new FileHeader(Encoding.UTF8.GetString(bytes[Prefix.Length..colon]), size, end);
    }

    /// <summary>Whether the whole is a line that ends in a size.</summary>
    private static bool IsLine(ReadOnlySpan<byte> bytes) =>
        bytes.LastIndexOf((byte)':') is var colon && colon >= Prefix.Length && colon < bytes.Length - 1
        && !bytes[(colon + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9') && !bytes.ContainsAnyInRange((byte)0, (byte)31);
}
