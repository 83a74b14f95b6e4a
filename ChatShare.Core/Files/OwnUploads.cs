using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>One of somebody's own uploads under way.</summary>
/// <param name="File">What it is.</param>
/// <param name="Room">The name of the room that it is for.</param>
/// <param name="Received">Bytes that are here.</param>
/// <param name="IsReceiving">Somebody is feeding it right now.</param>
public sealed record OwnUpload(SharedFile File, string Room, long Received, bool IsReceiving);

/// <summary>A part of what is here of an upload.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
public sealed record UploadSample(long Offset, int Length, string Sha256);

/// <summary>By what a file that is chosen again is known to be the one whose upload was begun.</summary>
/// <param name="File">What it is.</param>
/// <param name="ModifiedAt">When the sender's copy was last changed, UTC; null when that was not said.</param>
/// <param name="Received">Bytes that are here.</param>
/// <param name="Samples">Spread over the part that is here; empty when nothing is.</param>
public sealed record UploadSamples(SharedFile File, DateTimeOffset? ModifiedAt, long Received, ImmutableArray<UploadSample> Samples);

/// <summary>What a sender may know of uploads that wait. A singleton; asks <see cref="Permissions"/> each time.</summary>
public sealed class OwnUploads
{
    /// <summary>Bytes of the longest sample.</summary>
    public const int SampleBytes = 1024 * 1024;

    /// <summary>So many samples are taken at most.</summary>
    public const int MostSamples = 16;

    private const int BufferLength = 128 * 1024;

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly UploadService _uploads;
    private readonly RoomService _rooms;
    private readonly DownloadStore _store;
    private readonly PersonLimits _limits;

    internal OwnUploads(IDbContextFactory<ChatShareDbContext> contexts, UploadService uploads, RoomService rooms, DownloadStore store, PersonLimits limits)
    {
        _contexts = contexts;
        _uploads = uploads;
        _rooms = rooms;
        _store = store;
        _limits = limits;
    }

    /// <summary>The person's uploads under way, of all rooms and through all doors and nodes, by name.</summary>
    /// <exception cref="RefusedException">The session has ended.</exception>
    public async Task<ImmutableArray<OwnUpload>> OfAsync(PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanSend(who), who);
        // First: one that comes here between the two looks is in both.
        var elsewhere = _uploads.Leases.IsShared ? await ElsewhereAsync(who, cancellationToken) : [];
        return
        [
            .. _uploads.Active
                .Where(upload => upload.IsUnderWay && Permissions.CanContinueUpload(who, upload.Sender.PersonId))
                .Select(upload => new OwnUpload(upload.File, upload.Room.Name.Value, upload.Here, upload.IsReceiving))
                .Concat(elsewhere).DistinctBy(own => own.File.Id)
                .OrderBy(own => own.File.Name, StringComparer.OrdinalIgnoreCase).ThenBy(own => own.File.Id.ToString(), StringComparer.Ordinal),
        ];
    }

    /// <summary>Hashes some of what is here: at most <see cref="MostSamples"/> parts of <see cref="SampleBytes"/>, the first and the last among them.</summary>
    /// <exception cref="RefusedException">
    /// As of <see cref="UploadService.FindOwnAsync"/>; <see cref="RefusalKind.Gone"/> also when it has become the file;
    /// <see cref="RefusalKind.TooFast"/>.
    /// </exception>
    public async Task<UploadSamples> SampleAsync(FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        var (upload, _) = await _uploads.FindOwnAsync(id, who, cancellationToken);
        if (upload is null)
            throw new RefusedException(RefusalKind.Gone, "This upload has become the file already.");
        _limits.TakeLook(who.PersonId);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var modifiedAt = await db.Files.Where(f => f.Id == id.ToString()).Select(f => f.ModifiedAt).SingleOrDefaultAsync(cancellationToken);
        // Taken once: more may come while the samples are hashed, and what is here does not change any more.
        var received = upload.Received;
        var samples = ImmutableArray.CreateBuilder<UploadSample>();
        if (received > 0)
        {
            try
            {
                await using var partial = new FileStream(
                    _store.PartialPath(id), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
                foreach (var (offset, length) in Spread(received))
                    samples.Add(new UploadSample(offset, length, await HashAsync(partial, offset, length, cancellationToken)));
            }
            catch (IOException) when (!upload.IsUnderWay)
            {
                // It ended between the look and the opening.
                throw new RefusedException(RefusalKind.Gone, "This upload has ended.");
            }
        }

        return new UploadSamples(upload.File, modifiedAt, received, samples.ToImmutable());
    }

    /// <summary>Where samples are taken of so many bytes: in order, none over another, the first at the start and the last up to the end.</summary>
    internal static IEnumerable<(long Offset, int Length)> Spread(long received)
    {
        var count = (int)Math.Min(MostSamples, (received / SampleBytes) + (received % SampleBytes > 0 ? 1 : 0));
        for (var i = 0; i < count; i++)
        {
            // Few enough to cover all of it, or evenly. 128 bits: a file may be declared as long as a number can be.
            var offset = received <= (long)MostSamples * SampleBytes
                ? (long)i * SampleBytes
                : (long)((Int128)(received - SampleBytes) * i / (MostSamples - 1));
            yield return (offset, (int)Math.Min(SampleBytes, received - offset));
        }
    }

    /// <summary>Those of other nodes, as far as they are in the shared folder.</summary>
    private async Task<List<OwnUpload>> ElsewhereAsync(PersonSession who, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Files.AsNoTracking()
            .Where(f => f.PersonId == who.PersonId && f.State == FileState.Uploading).ToListAsync(cancellationToken);
        var elsewhere = new List<OwnUpload>();
        foreach (var row in rows)
        {
            var file = RowMapping.ToFile(row);
            // What is being finished here is no upload any more.
            if (_rooms.Find(row.RoomId) is not { } room || _uploads.Find(file.Id) is { IsLetGo: false } || _uploads.Ends.Find(file.Id) is not null)
                continue;
            var isReceiving = room.FindProgress(file.Id) is { IsPaused: false, BytesPerSecond: > 0 };
            elsewhere.Add(new OwnUpload(file, room.Name.Value, Math.Min(file.Length, _store.PartialLength(file.Id)), isReceiving));
        }

        return elsewhere;
    }

    private static async Task<string> HashAsync(FileStream partial, long offset, int length, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            partial.Position = offset;
            while (length > 0)
            {
                var read = await partial.ReadAsync(buffer.AsMemory(0, Math.Min(BufferLength, length)), cancellationToken);
                if (read == 0)
                    throw new EndOfStreamException("A partial file is shorter than it was.");
                hash.AppendData(buffer, 0, read);
                length -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
