using System.Security.Cryptography;

namespace ChatShare.Benchmarks.Sharing;

/// <summary>A file of random bytes on the disk, in the page cache, that nothing was compared with before.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Sha256">In lower case hexadecimal.</param>
internal sealed record Payload(string Path, long Length, string Sha256)
{
    private const int PieceLength = 4 * 1024 * 1024;
    private static int _made;

    public string Name => System.IO.Path.GetFileName(Path);

    private static async Task<Payload> MakeAsync(TemporaryFolder folder, int mebibytes, CancellationToken cancellationToken)
    {
        // No two have the same length: a server that has a file of that length could suspect that it has this one.
        var number = ++_made;
        var length = (mebibytes * 1024L * 1024) - (number * 4096L);
        var path = folder.File($"payload-{number}.bin");
        await using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            await foreach (var piece in PiecesAsync(number, length))
                await file.WriteAsync(piece, cancellationToken);
        }

        return new Payload(path, length, await HashAsync(path, cancellationToken));
    }

    /// <summary>A payload on a machine whose memory is full of files: what is going to write it down meets no page that has to be brought in.</summary>
    public static async Task<Payload> MakeToWriteAsync(TemporaryFolder folder, int mebibytes, CancellationToken cancellationToken)
    {
        var payload = await MakeAsync(folder, mebibytes, cancellationToken);
        await PageCache.FillAsync(folder, cancellationToken);
        return payload;
    }

    /// <summary>The bytes of a payload without a file. A piece is valid until the next one.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(int seed, long length)
    {
        var piece = new byte[(int)Math.Min(PieceLength, length)];
#pragma warning disable CA5394 // Nobody has to guess it.
        var random = new Random(seed);
        for (var left = length; left > 0; left -= piece.Length)
        {
            random.NextBytes(piece);
            yield return piece.AsMemory(0, (int)Math.Min(piece.Length, left));
        }
#pragma warning restore CA5394
        await Task.CompletedTask;
    }

    public static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, PieceLength);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }
}
