using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using ChatShare.Core.Cluster;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>
/// How much a person, a room and all together may have on the disk. A singleton; all members may be called from any thread.
/// </summary>
/// <remarks>
/// What counts is the length of finished files and the whole declared length of uploads under way, from the moment of their
/// announcement. Equal contents lie on the disk once and count for each person and room that shares them: what somebody has left must
/// not depend on what others share or delete. The database is asked each time, which takes some 8 ms with 50,000 files: so there is
/// nothing to keep in step with deletions, with rules that remove files and with a restart.
/// </remarks>
public sealed class Quota
{
    // Hundreds of files may come or go at once; nobody reads a figure that changes more often.
    private static readonly TimeSpan Frame = TimeSpan.FromSeconds(1);

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly Database _database;
    private readonly UploadLeases _leases;
    private readonly DownloadStore _store;
    private readonly LowDisk _disk;
    private readonly ChatShareMetrics _metrics;
    private readonly LimitOptions _limits;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1);

    // What was granted and is not in the database yet.
    private readonly ConcurrentDictionary<Reservation, byte> _reserved = new();

    private readonly PersonSignals _changed = new();

    internal Quota(
        IDbContextFactory<ChatShareDbContext> contexts, Database database, UploadLeases leases, DownloadStore store, LowDisk disk, MessageLog log, ChatShareMetrics metrics,
        IOptions<ChatShareOptions> options, TimeProvider time)
    {
        _database = database;
        _leases = leases;
        _store = store;
        _contexts = contexts;
        _disk = disk;
        _metrics = metrics;
        _limits = options.Value.Limits;
        _time = time;
        log.FilesChanged = _changed.Raise;
    }

    /// <summary>What one person may have in all, in bytes; 0 when there is no limit.</summary>
    public long PersonBytes => _limits.PersonBytes;

    /// <summary>
    /// What a person has left, in bytes, not negative: now, and again whenever it has changed, at most once a second. Nothing where
    /// there is no limit.
    /// </summary>
    /// <exception cref="RefusedException">The person may not share files.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async IAsyncEnumerable<long> FollowLeftAsync(PersonSession who, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanSend(who), who);
        if (PersonBytes == 0)
            yield break;
        var changed = _changed.Of(who.PersonId);
        while (true)
        {
            var seen = changed.Version;
            yield return Math.Max(0, PersonBytes - await StoredAsync(f => f.PersonId == who.PersonId, [], cancellationToken));
            await changed.WaitAsync(seen, cancellationToken);
            await Task.Delay(Frame, _time, cancellationToken);
        }
    }

    /// <summary>
    /// Grants files their place, or says what is left. Of announcements at the same moment each sees what the ones before were granted,
    /// so that they cannot pass a limit together, at whichever nodes.
    /// </summary>
    /// <param name="room">Where they are shared.</param>
    /// <param name="personId">Who shares them.</param>
    /// <param name="files">The files, which are not in the database yet.</param>
    /// <param name="active">The uploads under way, as they are when this is enumerated.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>To be disposed when the files are in the database, where they count by themselves, or have come to nothing.</returns>
    /// <exception cref="RefusedException"><see cref="RefusalKind.DiskFull"/>; <see cref="RefusalKind.Elsewhere"/>: other nodes are at it for too long.</exception>
    internal async Task<IDisposable> ReserveAsync(
        Room room, Guid personId, IReadOnlyList<SharedFile> files, IEnumerable<Upload> active, CancellationToken cancellationToken)
    {
        // What another node has granted is seen when it is in the database: until then it has the turn.
        var turn = _limits is { PersonBytes: 0, RoomBytes: 0, TotalBytes: 0 } ? null : await _database.TakeTurnAsync("quota:", cancellationToken);
        var granted = false;
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            var wanted = new Reservation(_reserved, turn, room.Id, personId, files);
            // Taken before the database and the uploads are asked: what gets there meanwhile is left out there, and counted once.
            Reservation[] reserved = [.. _reserved.Keys];
            List<string> ids = [.. reserved.SelectMany(other => other.Ids)];
            DemandDisk(wanted, reserved, active, _leases.IsShared ? await UnderWayAsync(cancellationToken) : []);
            await DemandAsync(Limit.PersonBytes, _limits.PersonBytes, f => f.PersonId == personId, other => other.PersonId == personId, left => $"You have {left} left here");
            await DemandAsync(Limit.RoomBytes, _limits.RoomBytes, f => f.RoomId == room.Id, other => other.RoomId == room.Id, left => $"This room has {left} left for files");
            await DemandAsync(Limit.TotalBytes, _limits.TotalBytes, f => true, other => true, left => $"The server has {left} left for files");
            // While this program stood still, another node may have granted the same space.
            await (turn?.DemandAsync(cancellationToken) ?? Task.CompletedTask);
            _reserved[wanted] = 0;
            granted = true;
            return wanted;

            async Task DemandAsync(Limit limit, long most, Expression<Func<FileRow, bool>> inDatabase, Func<Reservation, bool> inMemory, Func<string, string> say)
            {
                if (most == 0)
                    return;
                var taken = await StoredAsync(inDatabase, ids, cancellationToken) + reserved.Where(inMemory).Sum(other => other.Bytes);
                if (wanted.Bytes > most - taken)
                {
                    _metrics.Refused(limit);
                    throw Refused(most - taken, say, files);
                }
            }
        }
        finally
        {
            _gate.Release();
            if (!granted)
                turn?.Dispose();
        }
    }

    private void DemandDisk(Reservation wanted, Reservation[] reserved, IEnumerable<Upload> active, IReadOnlyCollection<SharedFile> ofAllNodes)
    {
        // Bytes that others were promised are not free any more. Counted before the look at the disk: one that arrives in between
        // counts twice, which errs on the safe side.
        var announcing = reserved.SelectMany(other => other.Ids).ToHashSet(StringComparer.Ordinal);
        var here = active.Where(upload => !announcing.Contains(upload.Id.ToString())).ToList();
        var counted = here.Select(upload => upload.Id).ToHashSet();
        var promised = reserved.Sum(other => other.Bytes)
            + here.Sum(upload => (decimal)(upload.Length - upload.Here))
            + ofAllNodes.Where(file => !counted.Contains(file.Id) && !announcing.Contains(file.Id.ToString()))
                .Sum(file => (decimal)Math.Max(0, file.Length - _store.PartialLength(file.Id)));
        var spare = _disk.Look();
        if (spare < 0 || wanted.Bytes > spare - promised)
            _metrics.Refused(Limit.MinimumFreeBytes);
        if (spare < 0)
            throw new RefusedException(RefusalKind.DiskFull, LowDisk.Sentence);
        if (wanted.Bytes > spare - promised)
            throw new RefusedException(RefusalKind.DiskFull, "There is not enough space left on the server for this.");
    }

    private async Task<List<SharedFile>> UnderWayAsync(CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Files.AsNoTracking().Where(f => f.State == FileState.Uploading).ToListAsync(cancellationToken);
        return [.. rows.Select(RowMapping.ToFile)];
    }

    private async Task<long> StoredAsync(Expression<Func<FileRow, bool>> whose, List<string> without, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Files.Where(whose)
            .Where(f => f.State == FileState.Ready || f.State == FileState.Uploading);
        if (without.Count > 0)
            rows = rows.Where(f => !without.Contains(f.Id));
        return await rows.SumAsync(f => f.Length, cancellationToken);
    }

    private static RefusedException Refused(decimal left, Func<string, string> say, IReadOnlyList<SharedFile> files)
    {
        var (takes, has) = ByteSize.FormatApart((long)Math.Min(files.Sum(file => (decimal)file.Length), long.MaxValue), (long)Math.Max(0, left));
        var sentence = say(left > 0 ? has : "no space");
        return new RefusedException(
            RefusalKind.DiskFull, files is [var only] ? $"{sentence}; “{only.Name}” takes {takes}." : $"{sentence}; these {files.Count} files take {takes}.");
    }

    /// <summary>What was granted to one announcement.</summary>
    private sealed class Reservation(
        ConcurrentDictionary<Reservation, byte> all, Turn? turn, int roomId, Guid personId, IReadOnlyList<SharedFile> files) : IDisposable
    {
        public int RoomId => roomId;

        public Guid PersonId => personId;

        public IReadOnlyList<string> Ids { get; } = [.. files.Select(file => file.Id.ToString())];

        /// <summary>A decimal: without a limit for one file anybody may announce two of 2^63 bytes.</summary>
        public decimal Bytes { get; } = files.Sum(file => (decimal)file.Length);

        public void Dispose()
        {
            all.TryRemove(this, out _);
            turn?.Dispose();
        }
    }
}
