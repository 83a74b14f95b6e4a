using System.Buffers.Binary;

namespace ChatShare.Core.Files;

/// <summary>The signatures of images, sound, video and PDF; strict, so that text is not taken for one of them by accident.</summary>
internal static class MediaSignature
{
    /// <summary>The type that <paramref name="head"/> begins as, or null.</summary>
    public static ContentType? Detect(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
            return ContentType.Png;
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return ContentType.Jpeg;
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8))
            return ContentType.Gif;
        if (head.StartsWith("%PDF-"u8))
            return ContentType.Pdf;
        return DetectRiff(head) ?? DetectIsoMedia(head) ?? DetectEbml(head) ?? (
            IsBmp(head) ? ContentType.Bmp
            : IsFlac(head) ? ContentType.Flac
            : head.StartsWith("OggS\0"u8) ? DetectOgg(head)
            : IsId3(head) || IsMp3Frames(head) ? ContentType.Mp3
            : IsAacFrames(head) ? ContentType.Aac
            : IsIcon(head) ? ContentType.Icon
            : null);
    }

    private static bool Has(ReadOnlySpan<byte> head, int offset, ReadOnlySpan<byte> bytes) =>
        head.Length >= offset + bytes.Length && head.Slice(offset, bytes.Length).SequenceEqual(bytes);

    private static ContentType? DetectRiff(ReadOnlySpan<byte> head) =>
        !head.StartsWith("RIFF"u8) ? null
        : Has(head, 8, "WEBPVP8 "u8) || Has(head, 8, "WEBPVP8L"u8) || Has(head, 8, "WEBPVP8X"u8) ? ContentType.Webp
        : Has(head, 8, "WAVE"u8) ? ContentType.Wav
        : null;

    // "BM" alone begins many a text, so the two size fields and the reserved zeros must fit as well.
    private static bool IsBmp(ReadOnlySpan<byte> head) =>
        head.StartsWith("BM"u8) && head.Length >= 18
        && BinaryPrimitives.ReadUInt32LittleEndian(head[6..]) == 0
        && BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) is var header and (12 or 40 or 52 or 56 or 64 or 108 or 124)
        && BinaryPrimitives.ReadUInt32LittleEndian(head[10..]) >= 14 + header;

    // The first block of a FLAC file is its stream info of 34 bytes.
    private static bool IsFlac(ReadOnlySpan<byte> head) =>
        head.Length >= 8 && head.StartsWith("fLaC"u8) && (head[4] & 0x7F) == 0 && Has(head, 5, [0, 0, 34]);

    /// <summary>An Ogg stream tells what it carries at the start of its first packet (RFC 3533, 6); one with pictures names them first.</summary>
    private static ContentType? DetectOgg(ReadOnlySpan<byte> head)
    {
        const int segmentCountOffset = 26;
        if (head.Length <= segmentCountOffset)
            return null;
        var packet = segmentCountOffset + 1 + head[segmentCountOffset];
        return Has(head, packet, [0x80, .. "theora"u8]) ? ContentType.OggVideo
            : Has(head, packet, "OpusHead"u8) || Has(head, packet, "\u0001vorbis"u8) || Has(head, packet, "\u007fFLAC"u8) || Has(head, packet, "Speex   "u8)
                ? ContentType.Ogg
                : null;
    }

    /// <summary>Two ADTS frames of the same kind, the second where the first one ends (ISO/IEC 13818-7, 6.2).</summary>
    private static bool IsAacFrames(ReadOnlySpan<byte> head)
    {
        var length = AacFrameLength(head);
        return length > 0 && head.Length >= length + 7 && AacFrameLength(head[length..]) > 0 && head[1] == head[length + 1] && head[2] == head[length + 2];
    }

    /// <summary>The length of the ADTS frame that <paramref name="frame"/> begins with, in bytes, or 0.</summary>
    private static int AacFrameLength(ReadOnlySpan<byte> frame)
    {
        // Twelve set bits, and layer 0; then a sampling rate that there is.
        if (frame.Length < 7 || frame[0] != 0xFF || (frame[1] & 0xF6) != 0xF0 || ((frame[2] >> 2) & 15) > 12)
            return 0;
        var length = ((frame[3] & 3) << 11) | (frame[4] << 3) | (frame[5] >> 5);
        return length > 7 ? length : 0;
    }

    /// <summary>An icon is a list of pictures: each entry has a zero in its place, a depth, and lies behind the list.</summary>
    private static bool IsIcon(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith((ReadOnlySpan<byte>)[0, 0, 1, 0]) || head.Length < 22)
            return false;
        var count = BinaryPrimitives.ReadUInt16LittleEndian(head[4..]);
        return count is > 0 and < 256 && head[9] == 0 && BinaryPrimitives.ReadUInt16LittleEndian(head[10..]) <= 1
            && BinaryPrimitives.ReadUInt16LittleEndian(head[12..]) is 0 or 1 or 4 or 8 or 16 or 24 or 32
            && BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) > 0 && BinaryPrimitives.ReadUInt32LittleEndian(head[18..]) >= 6 + (16u * count);
    }

    private static bool IsId3(ReadOnlySpan<byte> head) =>
        head.Length >= 10 && head.StartsWith("ID3"u8) && head[3] is >= 2 and <= 4 && head[4] != 0xFF && (head[5] & 0x0F) == 0
        && (head[6] | head[7] | head[8] | head[9]) < 0x80; // The length is written in bytes of seven bits.

    /// <summary>Two frames of the same kind, the second where the first one ends: eleven set bits alone are in many files.</summary>
    private static bool IsMp3Frames(ReadOnlySpan<byte> head)
    {
        var length = Mp3FrameLength(head);
        return length > 0 && head.Length >= length + 4 && Mp3FrameLength(head[length..]) > 0
            && head[1] == head[length + 1] // version, layer, protection
            && (head[2] & 0x0C) == (head[length + 2] & 0x0C); // sampling rate
    }

    /// <summary>The length of the layer III frame that <paramref name="frame"/> begins with, in bytes, or 0.</summary>
    private static int Mp3FrameLength(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 4 || frame[0] != 0xFF || (frame[1] & 0xE6) != 0xE2)
            return 0;
        var version = (frame[1] >> 3) & 3; // 0: MPEG 2.5, 2: MPEG 2, 3: MPEG 1
        var bitrate = frame[2] >> 4;
        var rate = (frame[2] >> 2) & 3;
        if (version == 1 || bitrate is 0 or 15 || rate == 3)
            return 0;

        ReadOnlySpan<short> mpeg1 = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        ReadOnlySpan<short> mpeg2 = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
        ReadOnlySpan<int> rates = [44_100, 48_000, 32_000];
        var kilobits = (version == 3 ? mpeg1 : mpeg2)[bitrate - 1];
        var hertz = rates[rate] >> (version switch { 3 => 0, 2 => 1, _ => 2 });
        var bytesPerFrameFactor = version == 3 ? 144_000 : 72_000;
        var padding = (frame[2] >> 1) & 1;
        return (bytesPerFrameFactor * kilobits / hertz) + padding;
    }

    /// <summary>MP4 and its relatives: a box <c>ftyp</c> that lists brands. HEIC has one too, and browsers do not show it.</summary>
    private static ContentType? DetectIsoMedia(ReadOnlySpan<byte> head)
    {
        if (!Has(head, 4, "ftyp"u8) || head.Length < 16)
            return null;
        var size = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (size < 16 || size % 4 != 0 || size > head.Length)
            return null;

        var major = head.Slice(8, 4);
        if (IsBrand(major, "avif"u8, "avis"u8))
            return ContentType.Avif;
        if (IsBrand(major, "mif1"u8, "msf1"u8))
        {
            for (var brand = head[16..(int)size]; !brand.IsEmpty; brand = brand[4..])
            {
                if (IsBrand(brand[..4], "avif"u8, "avis"u8))
                    return ContentType.Avif;
            }
            return null;
        }
        if (IsBrand(major, "M4A "u8, "M4B "u8))
            return ContentType.M4a;
        if (IsBrand(major, "qt  "u8, "qt  "u8))
            return ContentType.QuickTime;
        if (major.StartsWith("3gp"u8) || major.StartsWith("3g2"u8))
            return ContentType.Mobile;
        return major.StartsWith("iso"u8) || major.StartsWith("M4V"u8) || IsBrand(major, "mp41"u8, "mp42"u8)
            || IsBrand(major, "avc1"u8, "dash"u8) || IsBrand(major, "MSNV"u8, "mmp4"u8) ? ContentType.Mp4 : null;
    }

    private static bool IsBrand(ReadOnlySpan<byte> brand, ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) =>
        brand.SequenceEqual(one) || brand.SequenceEqual(other);

    /// <summary>WebM and Matroska: an EBML header whose element <c>DocType</c> tells them apart.</summary>
    private static ContentType? DetectEbml(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]))
            return null;
        var rest = head[4..];
        if (!TryReadSize(ref rest, out var headerSize))
            return null;
        rest = rest[..(int)Math.Min((ulong)rest.Length, headerSize)];
        while (!rest.IsEmpty)
        {
            var idLength = byte.LeadingZeroCount(rest[0]) + 1;
            if (idLength > rest.Length)
                return null;
            var id = rest[..idLength];
            rest = rest[idLength..];
            if (!TryReadSize(ref rest, out var size) || size > (ulong)rest.Length)
                return null;
            var value = rest[..(int)size].TrimEnd((byte)0);
            if (id.SequenceEqual((ReadOnlySpan<byte>)[0x42, 0x82]))
                return value.SequenceEqual("webm"u8) ? ContentType.Webm : value.SequenceEqual("matroska"u8) ? ContentType.Matroska : null;
            rest = rest[(int)size..];
        }
        return null;
    }

    /// <summary>Reads an EBML size: the number of leading zero bits tells how many bytes follow the first.</summary>
    private static bool TryReadSize(ref ReadOnlySpan<byte> rest, out ulong size)
    {
        size = 0;
        if (rest.IsEmpty || rest[0] == 0)
            return false;
        var length = byte.LeadingZeroCount(rest[0]) + 1;
        if (rest.Length < length)
            return false;
        size = rest[0] & (0xFFu >> length);
        foreach (var next in rest[1..length])
            size = (size << 8) | next;
        rest = rest[length..];
        return true;
    }
}
