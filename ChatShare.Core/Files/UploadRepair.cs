using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Files;

/// <summary>
/// What becomes, at start, of the uploads of an earlier run: each goes on where its bytes end, or becomes the file that it was about to
/// be, or is over. Runs before anybody can come in.
/// </summary>
internal sealed class UploadRepair(
    IDbContextFactory<ChatShareDbContext> contexts,
    DownloadStore store,
    StoredContents contents,
    UploadService uploads,
    RoomService rooms,
    SessionService sessions,
    ILogger<UploadRepair> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Open();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var unfinished = await db.Files.AsNoTracking()
            .Where(f => f.State == FileState.Uploading || f.State == FileState.Paused).ToListAsync(cancellationToken);
        foreach (var row in unfinished)
        {
            if (rooms.Find(row.RoomId) is { } room && await RepairAsync(room, row, cancellationToken) is { } end)
                await uploads.Ends.EndAsync(end, cancellationToken);
        }

        foreach (var id in store.Unsettled().Where(id => uploads.Find(id) is null && uploads.Ends.Find(id) is null).ToList())
        {
            // Of uploads that this database does not know, only age tells that nobody needs them.
            if (await db.Files.AnyAsync(f => f.Id == id.ToString(), cancellationToken))
                await SettleAsync(id, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Its row says what became of it. A content that it had become before its message was deleted goes with it.</summary>
    private async Task SettleAsync(FileId id, CancellationToken cancellationToken)
    {
        using var held = await contents.HoldAsync(cancellationToken);
        await contents.LetGoAsync(id, cancellationToken);
        store.Settle(id);
    }

    /// <returns>How it has ended; null when it goes on.</returns>
    private async Task<UploadEnd?> RepairAsync(Room room, FileRow row, CancellationToken cancellationToken)
    {
        var file = RowMapping.ToFile(row);
        // It had ended, and only the row could not be written. Asked first: what was called off may not have let go of its content yet.
        if (store.EndOf(file.Id) is { } ended)
            return End(ended.State, ended.Failure);
        // Its last byte was here and checked, and only the row was missing.
        if (store.AdoptedAs(file.Id) is { } sha256)
            return End(FileState.Failed, UploadEnds.NotStored) with { Sha256 = sha256 };
        if (await sessions.FindAsync(row.SessionId, cancellationToken) is not { } sender)
            return End(FileState.Failed, UploadService.NotFinished);

        var deadline = uploads.Deadlines.After(store.LastWritten(file.Id) ?? row.CreatedAt);
        var upload = new Upload(uploads, room, sender, file) { Deadline = deadline, ClientId = row.ClientId };
        uploads.TakeIn(upload);
        // In the background: a start must not wait for gigabytes. Until it is done, an append finds the upload busy.
        _ = TakeUpAsync(upload);
        return null;

        UploadEnd End(FileState state, string? failure) => new(room, file with { State = state, Failure = failure }, row.PersonId, Sha256: null);
    }

    private async Task TakeUpAsync(Upload upload)
    {
        try
        {
            upload.TakeUp();
            await upload.TakenUp;
            // The program died between the last byte and the end of it: nothing more will come that could end it.
            if (upload.IsUnderWay && upload.Received == upload.Length)
                await upload.AppendAsync(upload.Sender, upload.Length, Stream.Null, checksum: null, CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            // It was called off meanwhile.
            return;
        }
        catch (RefusedException refused)
        {
            // Its sender came back first, or its end was refused and stands on the card.
            logger.UploadNotEnded(refused, upload.Id.ToString());
        }
        catch (IOException exception)
        {
            logger.SweepFailed(exception);
            await upload.FailAsync("What was here of it cannot be read any more.", CancellationToken.None);
        }
    }
}
