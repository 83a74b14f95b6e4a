using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;

namespace ChatShare.Core.Files;

/// <summary>
/// The bytes of an upload that are here: a partial file, how much of it counts, and the hash so far. The three are in step whenever nobody
/// is receiving, however the last one broke off. One receives at a time; <see cref="Count"/> may be read by any thread.
/// </summary>
/// <param name="length">Bytes in all, as declared.</param>
/// <param name="metrics">Counts them.</param>
/// <param name="demand">Called before bytes are written; throws when they may not be.</param>
/// <param name="moved">Called when <see cref="Count"/> has grown, by whichever thread wrote.</param>
internal sealed class ReceivedBytes(long length, ChatShareMetrics metrics, Action demand, Action moved) : IDisposable
{
    private const int BufferLength = 256 * 1024;

    // A shared folder may break off for a moment; what fails again and again on a folder that is there is damaged.
    private const int MostFaults = 3;
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(1);

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _count;
    private long _lastFed;

    /// <summary>How many are here and, where they came with a checksum, were verified.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>For how long no byte has come, verified or not; zero while none ever came.</summary>
    public TimeSpan Quiet => Interlocked.Read(ref _lastFed) is not 0 and var last ? Stopwatch.GetElapsedTime(last) : TimeSpan.Zero;

    /// <summary>Somebody feeds it, or did.</summary>
    public void Fed(TimeSpan ago = default) => Interlocked.Exchange(ref _lastFed, Stopwatch.GetTimestamp() - (long)(ago.TotalSeconds * Stopwatch.Frequency));

    /// <summary>SHA-256 of all of them, in hexadecimal. To be asked once, at the end.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    /// <summary>SHA-256 of those that are here; while nobody is receiving.</summary>
    public byte[] HashSoFar() => _hash.GetCurrentHash();

    /// <summary>The rest is known to be in the store and need not come.</summary>
    public void CountAll() => Interlocked.Exchange(ref _count, length);

    /// <summary>Writes what a source holds behind the bytes that are here, and syncs the file when it is complete.</summary>
    /// <param name="source">Read to its end. Not disposed.</param>
    /// <param name="path">Of the partial file, which is made when it is missing.</param>
    /// <param name="partPath">
    /// Where a part with a checksum lies until it was verified: the partial file holds nothing that does not count, also when the program
    /// is killed.
    /// </param>
    /// <param name="checksum">What the bytes have to hash to, or nothing of them counts; null where each counts by itself.</param>
    /// <param name="cancellationToken">Stops reading; what was read is kept.</param>
    /// <returns>False when the source holds more than is missing; its last bytes that fit are not taken then.</returns>
    /// <exception cref="RefusedException">Not what the checksum says.</exception>
    public async Task<bool> ReceiveAsync(Stream source, string path, string partPath, PartChecksum? checksum, CancellationToken cancellationToken)
    {
        // Opened for synchronous writing: there is no other on Linux, an asynchronous one only moves to another thread of the pool.
        await using var partial = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        partial.Position = Count;
        var fits = await (checksum is null
            ? CopyAsync(source, bytes => Take(partial, bytes), cancellationToken)
            : ReceiveCheckedAsync(source, partial, partPath, checksum, cancellationToken));
        if (fits && Count == length)
            partial.Flush(flushToDisk: true);
        return fits;
    }

    /// <summary>
    /// Takes up the bytes that an earlier run of the program has received: they are hashed again. After a power failure that is what the disk
    /// has of them, which may be less than their sender was told: a sender asks where to go on. While the folder is away this waits.
    /// </summary>
    /// <param name="store">Where they are.</param>
    /// <param name="downloads">Whether that is there.</param>
    /// <param name="id">Of which upload.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">They cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">They may not be read.</exception>
    public async Task TakeUpAsync(DownloadStore store, DownloadsHealth downloads, FileId id, CancellationToken cancellationToken)
    {
        for (var faults = 0; ;)
        {
            try
            {
                // A folder that is away looks like one that has nothing of it.
                if (downloads.Look())
                {
                    await TakeUpAsync(store, id, cancellationToken);
                    return;
                }
            }
            catch (Exception e) when (downloads.IsCauseOf(e) || (e is IOException or UnauthorizedAccessException && ++faults < MostFaults))
            {
                // From the beginning again.
                _hash.GetHashAndReset();
            }

            await Task.Delay(TryAgainAfter, cancellationToken);
        }
    }

    private async Task TakeUpAsync(DownloadStore store, FileId id, CancellationToken cancellationToken)
    {
        store.DropPart(id);
        if (store.PartialLength(id) == 0)
            return;
        await using var partial = store.OpenPartial(id);
        // More than declared cannot have been written; should it be there, it is not ours.
        var count = Math.Min(partial.Length, length);
        await HashAsync(partial, count, cancellationToken);
        Interlocked.Exchange(ref _count, count);
    }

    public void Dispose() => _hash.Dispose();

    private void Take(FileStream partial, ReadOnlySpan<byte> bytes)
    {
        demand();
        partial.Write(bytes);
        _hash.AppendData(bytes);
        var count = Interlocked.Add(ref _count, bytes.Length);
        DurableFiles.BeginWriteOut(partial.SafeFileHandle, count - bytes.Length, count);
        metrics.Received(bytes.Length);
        moved();
    }

    private async Task<bool> ReceiveCheckedAsync(
        Stream source, FileStream partial, string partPath, PartChecksum checksum, CancellationToken cancellationToken)
    {
        await using var part = new FileStream(
            partPath, FileMode.Create, FileAccess.ReadWrite, FileShare.Delete, bufferSize: 0, FileOptions.DeleteOnClose);
        using var hash = checksum.Begin();
        var fits = await CopyAsync(
            source,
            bytes =>
            {
                part.Write(bytes);
                hash.AppendData(bytes);
            },
            cancellationToken);
        if (!fits)
            return false;
        if (!checksum.Fits(hash))
            throw new RefusedException(RefusalKind.Checksum, "The bytes that arrived are not the ones that were sent. Send this part again.");
        part.Position = 0;
        // Verified, they are bytes like any others; all of them come over, whatever becomes of the sender.
        return await CopyAsync(part, bytes => Take(partial, bytes), CancellationToken.None);
    }

    private async Task<bool> CopyAsync(Stream source, TakeBytes take, CancellationToken cancellationToken)
    {
        var left = length - Count;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            int count;
            while ((count = await source.ReadAsync(buffer.AsMemory(0, BufferLength), cancellationToken)) > 0)
            {
                Fed();
                left -= count;
                if (left < 0)
                    return false;
                if (left == 0)
                    return await TakeLastAsync(source, buffer.AsMemory(0, count), take, cancellationToken);
                // What was read is kept: taking it does not stop in the middle. Beside it the server reads on from the connection, into
                // memory of its own; a second buffer here, taken by another thread, showed no gain on two cores.
                take(buffer.AsSpan(0, count));
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// The bytes that make it complete are taken when it is known that none come behind them: complete by a part of something longer, it
    /// could not be told from the file any more. A source that breaks off here has given them all the same.
    /// </summary>
    private static async Task<bool> TakeLastAsync(Stream source, ReadOnlyMemory<byte> last, TakeBytes take, CancellationToken cancellationToken)
    {
        var isMore = false;
        try
        {
            isMore = await source.ReadAsync(new byte[1], cancellationToken) > 0;
        }
        finally
        {
            if (!isMore)
                take(last.Span);
        }

        return !isMore;
    }

    private async Task HashAsync(FileStream partial, long count, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (count > 0)
            {
                var read = await partial.ReadAsync(buffer.AsMemory(0, (int)Math.Min(BufferLength, count)), cancellationToken);
                if (read == 0)
                    throw new EndOfStreamException("A partial file is shorter than it was.");
                _hash.AppendData(buffer, 0, read);
                count -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private delegate void TakeBytes(ReadOnlySpan<byte> bytes);
}
