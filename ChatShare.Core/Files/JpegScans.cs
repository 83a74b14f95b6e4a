namespace ChatShare.Core.Files;

/// <summary>
/// How often a JPEG is drawn over. Each scan of a progressive one costs a decoder as much as the whole picture, whatever few bytes it has: a small file can
/// keep it busy for minutes.
/// </summary>
internal static class JpegScans
{
    /// <summary>Encoders write about ten.</summary>
    public const int Most = 100;

    // Markers (ITU-T T.81, B.1.1.3).
    private const int Begins = 0xD8;
    private const int Ends = 0xD9;
    private const int Scan = 0xDA;
    private const int Progressive = 0xC2;

    /// <summary>Whether there are more than <see cref="Most"/>. Reads no further than that needs; false for what is no JPEG.</summary>
    public static bool AreTooMany(Stream jpeg)
    {
        if (jpeg.ReadByte() != 0xFF || jpeg.ReadByte() != Begins)
            return false;
        var isProgressive = false;
        for (var scans = 0; scans <= Most;)
        {
            switch (NextMarker(jpeg))
            {
                case -1 or Ends:
                    return false;
                case Progressive:
                    isProgressive = true;
                    Skip(jpeg);
                    break;
                case Scan when !isProgressive:
                    // Its scans are of one colour each.
                    return false;
                case Scan:
                    scans++;
                    Skip(jpeg);
                    break;
                default:
                    Skip(jpeg);
                    break;
            }
        }

        return true;
    }

    /// <summary>The next one that has a length or ends the picture: behind a scan stand its bytes first. -1 at the end of the file.</summary>
    private static int NextMarker(Stream jpeg)
    {
        while (true)
        {
            int next;
            while ((next = jpeg.ReadByte()) is not (0xFF or -1))
                continue;
            while (next == 0xFF)
                next = jpeg.ReadByte();
            // 0 stands for a byte of 0xFF; the others have no length.
            if (next is not (0 or 1 or (>= 0xD0 and <= 0xD7) or Begins))
                return next;
        }
    }

    private static void Skip(Stream jpeg)
    {
        var length = (jpeg.ReadByte() << 8) | jpeg.ReadByte();
        if (length > 2)
            jpeg.Seek(length - 2, SeekOrigin.Current);
    }
}
