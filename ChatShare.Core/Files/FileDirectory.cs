using System.Collections.Immutable;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>A finished file that can be read.</summary>
/// <param name="File">What it is.</param>
/// <param name="Path">Where its content lies; never shown to anybody.</param>
/// <param name="SharedAt">When it was announced, UTC.</param>
public sealed record StoredFile(SharedFile File, string Path, DateTimeOffset SharedAt);

/// <summary>A line of the administrator's list of files.</summary>
public sealed record ListedFile(SharedFile File, string Room, string Sender, DateTimeOffset SharedAt);

/// <summary>A line of the administrator's list of rooms.</summary>
public sealed record ListedRoom(Room Room, int Files, long Bytes);

/// <summary>Finding files again. A singleton; asks <see cref="Permissions"/> each time.</summary>
public sealed class FileDirectory
{
    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly DownloadStore _store;
    private readonly DownloadsHealth _downloads;
    private readonly RoomService _rooms;
    private readonly UploadService _uploads;
    private readonly TimeProvider _time;

    internal FileDirectory(
        IDbContextFactory<ChatShareDbContext> contexts, DownloadStore store, DownloadsHealth downloads, RoomService rooms, UploadService uploads,
        TimeProvider time)
    {
        _contexts = contexts;
        _store = store;
        _downloads = downloads;
        _rooms = rooms;
        _uploads = uploads;
        _time = time;
    }

    /// <summary>Null when there is no finished file of this id. One that is being finished right now is waited for.</summary>
    /// <exception cref="RefusedException">The asker may not read it; <see cref="RefusalKind.NotYet"/>: it may be there when the downloads folder is.</exception>
    public async Task<StoredFile?> FindAsync(FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanRead(who), who);
        // Its last byte is here and its row not yet: it is neither arriving nor finished, and it was there all the time.
        if (_uploads.Find(id) is { IsUnderWay: false } ending)
            await ending.Ended.WaitAsync(cancellationToken);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Files.AsNoTracking()
            .SingleOrDefaultAsync(f => f.Id == id.ToString() && f.State == FileState.Ready, cancellationToken);
        if (row?.Sha256 is not { } sha256)
            return _uploads.Ends.Find(id) is { Sha256: not null } whole ? throw UploadEnds.RefusalOf(whole) : null;
        if (_store.Has(sha256))
            return new StoredFile(RowMapping.ToFile(row), _store.ContentPath(sha256), row.CreatedAt);
        _downloads.Demand();
        return null;
    }

    /// <summary>To be asked before files are sent of which each may be left out: one that is missing was deleted, unless all are out of reach.</summary>
    /// <exception cref="RefusedException"><see cref="RefusalKind.NotYet"/>: the downloads folder is away.</exception>
    public void DemandContents(ImmutableArray<ArchivedFile> files)
    {
        if (files.Any(file => !File.Exists(file.Stored.Path)))
            _downloads.Demand();
    }

    /// <summary>See <see cref="UploadRequest.Metadata"/>; null also when there is no such file.</summary>
    /// <exception cref="RefusedException">The asker is not its sender.</exception>
    public async Task<string?> MetadataAsync(FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var said = await db.Files.Where(f => f.Id == id.ToString()).Select(f => new { f.PersonId, f.Metadata }).SingleOrDefaultAsync(cancellationToken);
        if (said is null)
            return null;
        Permissions.Demand(Permissions.CanContinueUpload(who, said.PersonId), who);
        return said.Metadata;
    }

    /// <summary>Null when no file of this id is coming in now, or none is read before a scanner has seen it. To be disposed.</summary>
    /// <exception cref="RefusedException">The asker may not read it.</exception>
    public async Task<RelayedFile?> OpenArrivingAsync(FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanRead(who), who);
        if (!_uploads.IsRelaying)
            return null;
        var upload = _uploads.Find(id);
        if (upload is { IsUnderWay: true })
            return Relay(upload.File, upload);
        // One that is being finished here is about to be found as a file.
        if (upload is { IsLetGo: false } || !_uploads.Leases.IsShared)
            return null;
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        return await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id.ToString(), cancellationToken) is { } row && UploadHandover.IsUnderWay(row)
            ? Relay(RowMapping.ToFile(row), null)
            : null;

        RelayedFile Relay(SharedFile file, Upload? here) => new(new ArrivingFile(file, here, _uploads.Ends, _store, _contexts, _time), _time);
    }

    /// <summary>The finished files of a room, oldest first.</summary>
    /// <param name="room">Which.</param>
    /// <param name="message">The number of the one message that they are of; null for all.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RefusedException">The asker may not read them.</exception>
    public async Task<ImmutableArray<ArchivedFile>> InRoomAsync(Room room, long? message, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        Permissions.Demand(Permissions.CanRead(who), who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Files.AsNoTracking()
            .Where(f => f.RoomId == room.Id && f.State == FileState.Ready && (message == null || f.MessageNumber == message))
            .Join(db.Messages, f => new { f.RoomId, Number = f.MessageNumber }, m => new { m.RoomId, m.Number }, (f, m) => new { File = f, m.SenderName })
            .OrderBy(f => f.File.MessageNumber).ThenBy(f => f.File.Position).ToListAsync(cancellationToken);
        return
        [
            .. rows.Where(row => row.File.Sha256 is not null).Select(row => new ArchivedFile(
                new StoredFile(RowMapping.ToFile(row.File), _store.ContentPath(row.File.Sha256!), row.File.CreatedAt), row.SenderName)),
        ];
    }

    /// <summary>The finished files of the message that a file is of, in their order; empty when there is no such file.</summary>
    /// <exception cref="RefusedException">The asker may not read them.</exception>
    public async Task<ImmutableArray<ArchivedFile>> InMessageOfAsync(FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanRead(who), who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id.ToString(), cancellationToken);
        return row is not null && _rooms.Find(row.RoomId) is { } room ? await InRoomAsync(room, row.MessageNumber, who, cancellationToken) : [];
    }

    /// <summary>The largest files first, those that still come in by the length that was announced; how far they are is for <see cref="UploadService"/> to say.</summary>
    /// <exception cref="RefusedException">Not an administrator.</exception>
    public async Task<ImmutableArray<ListedFile>> LargestAsync(int limit, PersonSession who, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanAdminister(who), who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Files.AsNoTracking()
            .Where(f => f.State == FileState.Ready || f.State == FileState.Uploading)
            .Join(db.Messages, f => new { f.RoomId, Number = f.MessageNumber }, m => new { m.RoomId, m.Number }, (f, m) => new { File = f, m.SenderName })
            .OrderByDescending(f => f.File.Length).ThenBy(f => f.File.Id).Take(limit).ToListAsync(cancellationToken);
        return
        [
            .. rows.Select(row => new ListedFile(
                RowMapping.ToFile(row.File), _rooms.Find(row.File.RoomId)?.Name.Value ?? "", row.SenderName, row.File.CreatedAt)),
        ];
    }

    /// <summary>All rooms with what their files take; equal contents are counted for each room that shares them.</summary>
    /// <exception cref="RefusedException">Not an administrator.</exception>
    public async Task<ImmutableArray<ListedRoom>> RoomsAsync(PersonSession who, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanAdminister(who), who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var sums = await db.Files.Where(f => f.State == FileState.Ready).GroupBy(f => f.RoomId)
            .Select(group => new { RoomId = group.Key, Count = group.Count(), Bytes = group.Sum(f => f.Length) })
            .ToDictionaryAsync(sum => sum.RoomId, cancellationToken);
        return
        [
            .. _rooms.Rooms.Select(room => sums.TryGetValue(room.Id, out var sum)
                ? new ListedRoom(room, sum.Count, sum.Bytes)
                : new ListedRoom(room, 0, 0)),
        ];
    }
}
