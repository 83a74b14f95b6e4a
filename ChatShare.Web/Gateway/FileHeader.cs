using System.Text;

namespace ChatShare.Web.Gateway;

/// <summary>How a client announces a file: <c>FILE_TRANSFER:{name}:{size}</c>, and perhaps its first bytes right behind.</summary>
/// <param name="Name">As the client calls it, not cleaned.</param>
/// <param name="Size">Bytes that follow; <see cref="long.MaxValue"/> for a number that is larger.</param>
/// <param name="Length">Of the header itself, in bytes.</param>
internal sealed record FileHeader(string Name, long Size, int Length)
{
    private static ReadOnlySpan<byte> Prefix => "FILE_TRANSFER:"u8;

    /// <summary>Whether these bytes are the beginning of an announcement, or as much of one as they are.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> bytes) =>
        bytes.Length < Prefix.Length ? Prefix.StartsWith(bytes) : bytes.StartsWith(Prefix);

    /// <summary>Whether the bytes that come next may belong to the header: it has no size yet, or its digits go on.</summary>
    public static bool MayGoOn(ReadOnlySpan<byte> bytes) =>
        MayBegin(bytes) && bytes.Length < OldProtocol.MaxMessageBytes && (Read(bytes) is not { } header || header.Length == bytes.Length);

    /// <summary>
    /// The size is the digits up to the first that is none; what follows is the file. A colon that no digit follows is part of the name. Null
    /// when it is no announcement.
    /// </summary>
    public static FileHeader? Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Prefix))
            return null;
        bytes = bytes[..Math.Min(bytes.Length, OldProtocol.MaxMessageBytes)];
        for (var colon = Prefix.Length; colon < bytes.Length - 1; colon++)
        {
            if (bytes[colon] != ':' || !char.IsAsciiDigit((char)bytes[colon + 1]))
                continue;
            var end = colon + 1;
            var size = 0L;
            for (; end < bytes.Length && char.IsAsciiDigit((char)bytes[end]); end++)
                size = size > (long.MaxValue - 9) / 10 ? long.MaxValue : (size * 10) + (bytes[end] - '0');
            return new FileHeader(Encoding.UTF8.GetString(bytes[Prefix.Length..colon]), size, end);
        }

        return null;
    }
}
