using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>Deleting what was shared. A singleton; all members may be called from any thread.</summary>
public sealed class FileRemoval
{
    private const int MostInOneHold = 100;

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly StoredContents _contents;
    private readonly UploadService _uploads;
    private readonly MessageLog _log;
    private readonly RoomService _rooms;

    internal FileRemoval(
        IDbContextFactory<ChatShareDbContext> contexts, StoredContents contents, UploadService uploads, MessageLog log, RoomService rooms)
    {
        _contexts = contexts;
        _contents = contents;
        _uploads = uploads;
        _log = log;
        _rooms = rooms;
    }

    /// <summary>Deletes a finished file: the card stays and says so, the content goes when nobody else shares it.</summary>
    /// <param name="id">Which.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="cancellationToken">Gives up before anything was changed.</param>
    /// <param name="before">Notes that it is about to happen, once it is sure that there is such a file; null for nothing.</param>
    /// <exception cref="RefusedException">Not an administrator, or there is no such file.</exception>
    public async Task DeleteAsync(FileId id, PersonSession who, CancellationToken cancellationToken, Func<CancellationToken, Task>? before = null)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanAdminister(who), who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        if (!await db.Files.AnyAsync(f => f.Id == id.ToString() && (f.State == FileState.Ready || f.State == FileState.Uploading), cancellationToken))
            throw new RefusedException(RefusalKind.NotFound, "This file is not there any more.");
        if (before is not null)
            await before(cancellationToken);
        var wasUnderWay = await _uploads.CancelAsync(id, who, cancellationToken);
        using var held = await _contents.HoldAsync(cancellationToken);
        var row = await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id.ToString() && f.State == FileState.Ready, cancellationToken);
        // Else its last byte came first: then it is a file, to be deleted like any other.
        if (row is null && wasUnderWay)
            return;
        if (row is null || _rooms.Find(row.RoomId) is not { } room)
            throw new RefusedException(RefusalKind.NotFound, "This file is not there any more.");
        var deleted = RowMapping.ToFile(row) with { State = FileState.Deleted, Sha256 = null };
        _contents.Condemn(row.Sha256);
        await _log.AppendAsync(new LogEntry.ChangeFile(room, deleted), CancellationToken.None);
        await _contents.DropAsync(row.Sha256, CancellationToken.None);
    }

    /// <summary>
    /// Removes many finished files, each for its reason; those that are gone meanwhile, or that somebody keeps now, are left out.
    /// Uploads that end in between wait for a hundred files at most.
    /// </summary>
    /// <exception cref="OperationCanceledException">Between two hundreds; what was removed stays so.</exception>
    /// <exception cref="RefusedException">The log cannot write now.</exception>
    internal async Task<FreedSpace> RemoveAsync(IReadOnlyCollection<DoomedFile> files, CancellationToken cancellationToken)
    {
        var freed = default(FreedSpace);
        foreach (var some in files.Chunk(MostInOneHold))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var more = await RemoveSomeAsync(some.ToDictionary(file => file.Id, file => file.Reason, StringComparer.Ordinal));
            freed = new FreedSpace(freed.Files + more.Files, freed.Bytes + more.Bytes);
        }

        return freed;
    }

    private async Task<FreedSpace> RemoveSomeAsync(Dictionary<string, string> reasons)
    {
        using var held = await _contents.HoldAsync(CancellationToken.None);
        await using var db = await _contexts.CreateDbContextAsync(CancellationToken.None);
        var rows = await db.Files.AsNoTracking()
            .Where(f => reasons.Keys.Contains(f.Id) && f.State == FileState.Ready && !f.Kept).ToListAsync(CancellationToken.None);
        var contents = rows.Select(row => row.Sha256).Distinct().ToList();
        contents.ForEach(_contents.Condemn);
        // Together: the log writes what waits in one commit.
        var changes = Task.WhenAll(rows.Select(row => _log.AppendAsync(
            new LogEntry.ChangeFile(
                _rooms.Find(row.RoomId)!, RowMapping.ToFile(row) with { State = FileState.Deleted, Sha256 = null, Failure = reasons[row.Id] }),
            CancellationToken.None)));
        // Some may have been written before one was refused: their contents go, the others' are still named.
        await ((Task)changes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var bytes = 0L;
        foreach (var sha256 in contents)
            bytes += await _contents.DropAsync(sha256, CancellationToken.None);
        return new FreedSpace((await changes).Length, bytes);
    }

    /// <summary>Takes a message back, with its text and files.</summary>
    /// <exception cref="RefusedException">Neither its sender nor an administrator, or there is no such message.</exception>
    public async Task DeleteMessageAsync(
        Room room, long number, PersonSession who, CancellationToken cancellationToken, Func<CancellationToken, Task>? before = null)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var known = await db.Messages.AsNoTracking().Where(m => m.RoomId == room.Id && m.Number == number)
            .Select(m => new { m.PersonId, m.Deleted }).SingleOrDefaultAsync(cancellationToken);
        // A message that is not there is nobody's: whoever asks learns that from the log.
        Permissions.Demand(Permissions.CanDeleteMessage(who, known?.PersonId ?? who.PersonId), who);
        if (before is not null && known is { Deleted: false })
            await before(cancellationToken);
        var rows = db.Files.AsNoTracking().Where(f => f.RoomId == room.Id && f.MessageNumber == number);
        using (await _contents.HoldAsync(cancellationToken))
        {
            var contents = await rows.Select(f => f.Sha256).Distinct().ToListAsync(cancellationToken);
            // One that becomes a file from here on would be left without a row.
            await _contents.DemandAsync(cancellationToken);
            contents.ForEach(_contents.Condemn);
            await _log.AppendAsync(new LogEntry.Delete(room, number), CancellationToken.None);
            foreach (var sha256 in contents)
                await _contents.DropAsync(sha256, CancellationToken.None);
        }

        // Nothing joins a deleted message, and no file of it becomes ready: so these are the last ones. Not while the contents are held: an
        // upload that is at its end waits for them, and is waited for here.
        var ids = await rows.Select(f => f.Id).ToHashSetAsync(CancellationToken.None);
        await Task.WhenAll(_uploads.Active.Where(upload => ids.Contains(upload.Id.ToString())).Select(upload => upload.CancelAsync(who, CancellationToken.None)));
    }
}
