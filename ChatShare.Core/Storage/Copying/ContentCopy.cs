using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using ChatShare.Core.Files;

namespace ChatShare.Core.Storage.Copying;

/// <summary>What became of contents that were copied.</summary>
/// <param name="Contents">How many are there now.</param>
/// <param name="Bytes">The bytes of these.</param>
/// <param name="Lost">Those that were missing, or not what their name says.</param>
internal sealed record CopiedContents(int Contents, long Bytes, ImmutableArray<string> Lost);

/// <summary>
/// Copies stored contents from one folder to another and compares each with its name. Never by links: a copy that shares the bytes of the original is
/// lost with it.
/// </summary>
internal static class ContentCopy
{
    private const int BufferLength = 1024 * 1024;

    public static async Task<CopiedContents> RunAsync(
        IReadOnlyCollection<string> contents, Func<string, string> from, Func<string, string> to, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var lost = ImmutableArray.CreateBuilder<string>();
        var (copied, bytes) = (0, 0L);
        foreach (var sha256 in contents)
        {
            progress?.Report($"file {copied + lost.Count + 1} of {contents.Count}");
            if (await CopyAsync(sha256, from(sha256), to(sha256), cancellationToken) is { } length)
                (copied, bytes) = (copied + 1, bytes + length);
            else
                lost.Add(sha256);
        }

        return new CopiedContents(copied, bytes, lost.ToImmutable());
    }

    /// <returns>Its length; null when it is not there, or not what its name says.</returns>
    private static async Task<long?> CopyAsync(string sha256, string from, string to, CancellationToken cancellationToken)
    {
        if (!File.Exists(from))
            return null;
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        var copy = to + ".copy";
        var length = await CopyAsync(sha256, from, copy, ArrayPool<byte>.Shared, cancellationToken);
        if (length is null)
            File.Delete(copy);
        else
            File.Move(copy, to, overwrite: true);
        DurableFiles.SyncFolder(Path.GetDirectoryName(to)!);
        return length;
    }

    private static async Task<long?> CopyAsync(string sha256, string from, string to, ArrayPool<byte> pool, CancellationToken cancellationToken)
    {
        var buffer = pool.Rent(BufferLength);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
            await using var target = new FileStream(to, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            var length = 0L;
            int count;
            while ((count = await source.ReadAsync(buffer, cancellationToken)) > 0)
            {
                hash.AppendData(buffer, 0, count);
                await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                length += count;
            }

            target.Flush(flushToDisk: true);
            return Convert.ToHexStringLower(hash.GetHashAndReset()) == sha256 ? length : null;
        }
        finally
        {
            pool.Return(buffer);
        }
    }
}
