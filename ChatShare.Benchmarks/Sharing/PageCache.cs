using System.Globalization;

namespace ChatShare.Benchmarks.Sharing;

/// <summary>
/// A machine that has run for a while has its memory full of files. On a fresh one, and above all on a virtual one whose host takes back what
/// is free, each page that a file is written to has to be brought in first: seconds for each GiB, and more for whichever side comes first.
/// </summary>
internal static class PageCache
{
    // Left free, so that nothing is pushed out of memory but files.
    private const long Rest = 256L * 1024 * 1024;

    /// <summary>Fills what is free with the zeros of a file that takes no place on the disk.</summary>
    public static async Task FillAsync(TemporaryFolder folder, CancellationToken cancellationToken)
    {
        var length = FreeBytes() - Rest;
        if (length <= 0)
            return;
        await using var file = new FileStream(folder.File($"filling-{Guid.NewGuid():N}"), FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        file.SetLength(length);
        var buffer = new byte[1024 * 1024];
        while (await file.ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }

    private static long FreeBytes()
    {
        // "MemFree:     12345 kB"
        var line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemFree:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
