using System.Data.Common;
using System.Diagnostics;
using ChatShare.Core.Cluster;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Files;

/// <summary>
/// Uploads that go from one run of the program, or from one node, to another. Whoever takes one up finds a row and a partial file, and goes on where
/// the bytes end; whoever lets one go has nothing left of it but these.
/// </summary>
internal sealed class UploadHandover(
    IDbContextFactory<ChatShareDbContext> contexts,
    UploadLeases leases,
    IRoomBus bus,
    DownloadStore store,
    RoomService rooms,
    SessionService sessions,
    UploadEnds ends,
    ILogger<UploadHandover> logger)
{
    // Its sender waits for the answer, and asks again.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // Once a second: it may have gone from one node to another meanwhile.
    private const int TriesForAWord = 10;

    // Taking an upload and letting it go again must not run beside each other: an upload is one object or none.
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>The leases of this node.</summary>
    public UploadLeases Leases => leases;

    /// <summary>Gets an upload that is not this node’s: at once where nobody lives who holds it, else its holder is asked to let it go.</summary>
    /// <param name="uploads">Where it is to go on.</param>
    /// <param name="id">Which.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when it is not under way: its row says how it ended, or <see cref="UploadEnds"/>.</returns>
    /// <exception cref="RefusedException"><see cref="RefusalKind.Elsewhere"/>: its holder is not ready to let it go.</exception>
    public async Task<Upload?> TakeOverAsync(UploadService uploads, FileId id, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var tries = 0; ; tries++)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            if (await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id.ToString(), cancellationToken) is not { } row || !IsUnderWay(row))
                return null;
            var (taken, upload) = await TryTakeAsync(uploads, row, cancellationToken);
            if (taken)
                return upload;
            if (tries % TriesForAWord == 0)
            {
                await leases.WantAsync(row.Id, cancellationToken);
                bus.Tell(new NodeNews.Wanted(id));
            }

            if (Stopwatch.GetElapsedTime(begun) > Patience)
                throw UploadLeases.Elsewhere();
            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>
    /// Whether there is something to take up: what nobody holds, and what this node holds without knowing of it. That is an upload whose announcement
    /// was refused because the database was away, and which turned out to be written when it was back.
    /// </summary>
    public Task<bool> IsAnyLeftAsync(UploadService uploads, CancellationToken cancellationToken) =>
        leases.IsAnyLeftAsync([.. uploads.Active.Select(upload => upload.Id.ToString()), .. ends.Kept.Select(id => id.ToString())], cancellationToken);

    /// <summary>Takes up everything that nobody holds, or this node without knowing of it; where there is one node, everything.</summary>
    public async Task TakeFreeAsync(UploadService uploads, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // Nothing there says then how one has ended, and each would look as if it had not.
            if (leases.IsShared && !uploads.Downloads.Look())
                return;
            foreach (var row in leases.IsShared ? await leases.TakeFreeAsync(cancellationToken) : await AllAsync(cancellationToken))
            {
                // It is forgotten after its row says how it ended, which was read before: so that is asked again.
                if (FileId.TryParse(row.Id, out var id) && uploads.Find(id) is null && ends.Find(id) is null && await IsStillUnderWayAsync(row, cancellationToken))
                    await TakeUpAsync(uploads, row, cancellationToken);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<bool> IsStillUnderWayAsync(FileRow row, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Files.AnyAsync(
            f => f.Id == row.Id && f.Holder == row.Holder && f.State == FileState.Uploading, cancellationToken);
    }

    /// <summary>Lets an upload go, for another node or because this one may not keep it: what feeds it is broken off, what is being finished is finished.</summary>
    public async Task LetGoAsync(UploadService uploads, Upload upload)
    {
        await upload.LetGoAsync();
        await ReleaseAsync(uploads, upload.Id, upload);
    }

    /// <summary>The same in the background, unless it has ended or goes already.</summary>
    public async Task LetGoQuietlyAsync(UploadService uploads, FileId id)
    {
        try
        {
            // One that is not here may have this node in its row all the same, if that could not be changed before.
            if (uploads.Find(id) is not { } upload)
                await ReleaseAsync(uploads, id, gone: null);
            else if (upload.IsUnderWay)
                await LetGoAsync(uploads, upload);
        }
        catch (Exception e) when (e is DbException or RefusedException or TimeoutException or InvalidOperationException)
        {
            // Who wants it asks again.
            logger.LeaseNotProlonged(e);
        }
    }

    /// <summary>Whether a row is of an upload that has not ended.</summary>
    public static bool IsUnderWay(FileRow row) => row.State is FileState.Uploading;

    private async Task ReleaseAsync(UploadService uploads, FileId id, Upload? gone)
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            if (gone is not null)
                uploads.Forget([gone]);
            // It may have come back already, as another object; or its end waits here for the database.
            if (uploads.Find(id) is null && ends.Find(id) is null)
                await leases.LetGoAsync(id.ToString(), CancellationToken.None);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<List<FileRow>> AllAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Files.AsNoTracking().Where(f => f.State == FileState.Uploading).ToListAsync(cancellationToken);
    }

    private async Task<(bool Taken, Upload? Upload)> TryTakeAsync(UploadService uploads, FileRow row, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (FileId.TryParse(row.Id, out var id) && uploads.Find(id) is { } known)
            {
                // Somebody else here was faster. One that is let go may be about to become the file: nobody else is to bring it to another end.
                return known.IsLetGo ? (false, null) : (true, known);
            }

            uploads.Downloads.Demand();
            row.Holder = await leases.TryTakeAsync(row.Id, cancellationToken);
            return row.Holder is null ? (false, null) : (true, await TakeUpAsync(uploads, row, cancellationToken));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <returns>Null when it has ended.</returns>
    private async Task<Upload?> TakeUpAsync(UploadService uploads, FileRow row, CancellationToken cancellationToken)
    {
        if (rooms.Find(row.RoomId) is null)
            await rooms.RefreshAsync(cancellationToken);
        if (rooms.Find(row.RoomId) is not { } room)
            return null;
        var file = RowMapping.ToFile(row);
        // It had ended, and only the row could not be written. Asked first: what was called off may not have let go of its content yet.
        if (store.EndOf(file.Id) is { } ended)
            return await EndAsync(ended.State, ended.Failure);
        // Its last byte was here and checked, and only the row was missing.
        if (store.AdoptedAs(file.Id) is { } sha256)
            return await EndAsync(FileState.Failed, UploadFaults.NotStored, sha256);
        if (await sessions.FindAsync(row.SessionId, cancellationToken) is not { } sender)
            return await EndAsync(FileState.Failed, UploadService.NotFinished);
        // The old protocol cannot go on with anything: its connection is gone with whoever held it.
        var door = await DoorOfAsync(row, cancellationToken);
        if (door == Door.Tcp)
            return await EndAsync(FileState.Failed, "The sender's connection was lost.");

        var deadline = uploads.Deadlines.After(store.LastWritten(file.Id) ?? row.CreatedAt);
        var upload = new Upload(uploads, room, sender, file) { Door = door, Deadline = deadline, ClientId = row.ClientId, Holder = row.Holder };
        // In the background: a start must not wait for gigabytes. Until it is done, an append finds the upload busy. Begun before anybody can find it, who
        // would else see an upload without a byte.
        upload.TakeUp();
        uploads.TakeIn(upload);
        _ = GoOnAsync(upload);
        return upload;

        async Task<Upload?> EndAsync(FileState state, string? failure, string? sha256 = null)
        {
            await ends.EndAsync(new UploadEnd(room, file with { State = state, Failure = failure }, row.PersonId, sha256), cancellationToken);
            return null;
        }
    }

    private async Task<Door> DoorOfAsync(FileRow row, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Messages.Where(m => m.RoomId == row.RoomId && m.Number == row.MessageNumber).Select(m => m.Door).SingleAsync(cancellationToken);
    }

    private async Task GoOnAsync(Upload upload)
    {
        try
        {
            await upload.TakenUp;
            // The program died between the last byte and the end of it: nothing more will come that could end it.
            if (upload.IsUnderWay && upload.Received == upload.Length)
                await upload.AppendAsync(upload.Sender, upload.Length, Stream.Null, checksum: null, CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            // It was called off meanwhile, or goes on elsewhere.
            return;
        }
        catch (RefusedException refused)
        {
            // Its sender came back first, or its end was refused and stands on the card.
            logger.UploadNotEnded(refused, upload.Id.ToString());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.SweepFailed(exception);
            await upload.FailAsync(UploadFaults.Damaged, CancellationToken.None);
        }
    }
}
