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
    UploadService uploads,
    RoomService rooms,
    SessionService sessions,
    MessageLog log,
    TimeProvider time,
    ILogger<UploadRepair> logger) : IHostedService
{
    private const string NotFinished = "Its sender did not come back to finish it.";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Open();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var unfinished = await db.Files.AsNoTracking()
            .Where(f => f.State == FileState.Uploading || f.State == FileState.Paused).ToListAsync(cancellationToken);
        foreach (var row in unfinished)
        {
            if (rooms.Find(row.RoomId) is { } room && await RepairAsync(room, row, cancellationToken) is { } changed)
                await log.AppendAsync(new LogEntry.ChangeFile(room, changed), cancellationToken);
        }

        foreach (var id in store.Unsettled().Where(id => uploads.Find(id) is null).ToList())
        {
            // Of uploads that this database does not know, only age tells that nobody needs them.
            if (await db.Files.AnyAsync(f => f.Id == id.ToString(), cancellationToken))
                store.Settle(id);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <returns>What the file has become; null when it goes on.</returns>
    private async Task<SharedFile?> RepairAsync(Room room, FileRow row, CancellationToken cancellationToken)
    {
        var file = RowMapping.ToFile(row);
        // Its last byte was here and checked, and only the row was missing.
        if (store.AdoptedAs(file.Id) is { } sha256)
            return await store.ReadyAsync(file, sha256, time.GetUtcNow());

        var expires = uploads.Expiry(store.LastWritten(file.Id) ?? row.CreatedAt);
        if (expires <= time.GetUtcNow() || await sessions.FindAsync(row.SessionId, cancellationToken) is not { } sender)
            return file with { State = FileState.Failed, Failure = NotFinished };

        var upload = new Upload(uploads, room, sender, file) { ExpiresAt = expires, ClientId = row.ClientId };
        uploads.TakeIn(upload);
        // In the background: a start must not wait for gigabytes. Until it is done, an append finds the upload busy.
        _ = TakeUpAsync(upload);
        return null;
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
