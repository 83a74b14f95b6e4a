using System.Buffers;
using System.Collections.Frozen;
using System.Linq.Expressions;
using System.Security.Cryptography;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>
/// Nothing is sent twice: an upload whose content its sender can read here already becomes the file at once. What somebody cannot read
/// does not exist for them here either, or a hash would be a way to ask for it. A singleton.
/// </summary>
public sealed class AlreadyHere
{
    /// <summary>Shorter files come with their announcement.</summary>
    public const long LeastBytes = 64 * 1024;

    private const int BufferLength = 1024 * 1024;

    private static readonly Expression<Func<FileRow, bool>> IsHere = f => f.State == FileState.Ready && f.Sha256 != null;

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly DownloadStore _store;
    private readonly StoredContents _contents;
    private readonly RoomService _rooms;
    private readonly UploadService _uploads;
    private readonly PersonLimits _limits;

    internal AlreadyHere(
        IDbContextFactory<ChatShareDbContext> contexts,
        DownloadStore store,
        StoredContents contents,
        RoomService rooms,
        UploadService uploads,
        PersonLimits limits)
    {
        _contexts = contexts;
        _store = store;
        _contents = contents;
        _rooms = rooms;
        _uploads = uploads;
        _limits = limits;
    }

    /// <summary>Which of these lengths, in bytes, make a file worth hashing: one that this person can read is as long.</summary>
    public async Task<IReadOnlySet<long>> SameLengthsAsync(IEnumerable<long> lengths, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        ArgumentNullException.ThrowIfNull(who);
        List<long> worth = [.. lengths.Where(length => length >= LeastBytes).Distinct()];
        if (worth.Count == 0)
            return FrozenSet<long>.Empty;
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var found = await db.Files.Where(f => worth.Contains(f.Length)).Where(IsHere).Select(f => new { f.Length, f.RoomId }).Distinct().ToListAsync(cancellationToken);
        return found.Where(file => IsReadable(file.RoomId, who)).Select(file => file.Length).ToHashSet();
    }

    /// <summary>
    /// Makes an upload the file without the bytes that are missing, when its sender can read a finished file of this content. The append
    /// that is running then breaks off.
    /// </summary>
    /// <param name="id">The upload.</param>
    /// <param name="sha256">64 lower-case hexadecimal digits: what its sender says that the whole of it hashes to.</param>
    /// <param name="who">Who says so.</param>
    /// <param name="cancellationToken">Gives up before anything was changed.</param>
    /// <returns>Whether it is the file now; if not, it goes on.</returns>
    /// <exception cref="RefusedException">
    /// As of <see cref="UploadService.FindOwnAsync"/>; <see cref="RefusalKind.Conflict"/> when it has become another file;
    /// <see cref="RefusalKind.TooFast"/>; <see cref="RefusalKind.DiskFull"/> (failed).
    /// </exception>
    public async Task<bool> TryFinishAsync(FileId id, string sha256, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        var (upload, file) = await _uploads.FindOwnAsync(id, who, cancellationToken);
        if (upload is null)
        {
            return file.Sha256 == sha256
                ? true
                : throw new RefusedException(RefusalKind.Conflict, "This upload has become the file already, with other contents.");
        }

        _limits.TakeLook(who.PersonId);
        // Looked for before the append that is running is disturbed.
        if (!await IsReadableAsync(sha256, upload.Length, who, cancellationToken))
            return false;
        try
        {
            return await upload.CompleteFromStoreAsync(sha256, (received, hash, stopped) => HoldAsync(sha256, upload.Length, received, hash, who, stopped));
        }
        catch (OperationCanceledException) when (!upload.IsUnderWay)
        {
            await upload.Ended.WaitAsync(cancellationToken);
            return false;
        }
        catch (IOException exception) when (DownloadStore.IsDiskFull(exception))
        {
            throw new RefusedException(RefusalKind.DiskFull, upload.File.Failure ?? "The server’s disk is full.");
        }
    }

    /// <summary>Null when the content is not there any more, or does not begin with what has come.</summary>
    private async Task<IDisposable?> HoldAsync(
        string sha256, long length, long received, byte[] hash, PersonSession who, CancellationToken cancellationToken)
    {
        // People may have read the part that has come, and it is going on for them with this content. Before the hold: it may take a while.
        if (!await BeginsAsync(sha256, received, hash, cancellationToken))
            return null;
        var held = await _contents.HoldAsync(cancellationToken);
        try
        {
            // It may have been deleted meanwhile, or its reader have lost the right to it.
            if (await IsReadableAsync(sha256, length, who, cancellationToken))
                return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }

        held.Dispose();
        return null;
    }

    private bool IsReadable(int roomId, PersonSession who) => _rooms.Find(roomId) is not null && Permissions.CanRead(who);

    private async Task<bool> IsReadableAsync(string sha256, long length, PersonSession who, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rooms = await db.Files.Where(f => f.Sha256 == sha256 && f.Length == length).Where(IsHere).Select(f => f.RoomId).Distinct().ToListAsync(cancellationToken);
        return rooms.Any(id => IsReadable(id, who)) && _store.Has(sha256);
    }

    private async Task<bool> BeginsAsync(string sha256, long count, byte[] expected, CancellationToken cancellationToken)
    {
        if (count == 0)
            return true;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var content = new FileStream(
                _store.ContentPath(sha256), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
            while (count > 0)
            {
                var read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(BufferLength, count)), cancellationToken);
                if (read == 0)
                    return false;
                hash.AppendData(buffer, 0, read);
                count -= read;
            }

            return hash.GetHashAndReset().AsSpan().SequenceEqual(expected);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Deleted meanwhile.
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
