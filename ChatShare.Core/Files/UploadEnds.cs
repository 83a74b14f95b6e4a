using System.Collections.Concurrent;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Files;

/// <summary>
/// How uploads end that become no file: the bytes go, the card says why. An end that the database cannot take now is kept, and noted beside
/// the partial files for the next start, until it can.
/// </summary>
internal sealed class UploadEnds(MessageLog log, DownloadStore store, StoredContents contents, TimeProvider time, ILogger<UploadEnds> logger)
{
    private readonly ConcurrentDictionary<FileId, (Room Room, SharedFile File)> _unrecorded = new();

    /// <returns>The file as its row says it is, or as it will say.</returns>
    public async Task<SharedFile> GiveUpAsync(Upload upload, SharedFile file)
    {
        try
        {
            // First the bytes: the row may need the space that they take.
            store.DeletePartial(upload.Id);
            file = await RecordAsync(upload.Room, file);
            logger.UploadEnded(upload.Id.ToString(), file.State, upload.Received);
        }
        catch (RefusedException)
        {
            logger.UploadEndNotRecorded(upload.Id.ToString());
            if (store.AdoptedAs(upload.Id) is null)
                store.NoteEnd(upload.Id, file.State, file.Failure);
            _unrecorded[upload.Id] = (upload.Room, file);
        }

        return file;
    }

    /// <summary>Records what could not be recorded. Called now and then.</summary>
    public async Task TryAgainAsync()
    {
        foreach (var (id, (room, file)) in _unrecorded)
        {
            try
            {
                // Whose content is in the store was whole; only its row was missing.
                var end = store.AdoptedAs(id) is { } sha256 ? await store.ReadyAsync(file with { Failure = null }, sha256, time.GetUtcNow()) : file;
                await RecordAsync(room, end);
            }
            catch (RefusedException)
            {
                // Not yet.
                return;
            }

            _unrecorded.TryRemove(id, out _);
        }
    }

    private async Task<SharedFile> RecordAsync(Room room, SharedFile file)
    {
        var recorded = await AppendAsync(room, file);
        if (store.AdoptedAs(file.Id) is { } sha256)
        {
            using var held = await contents.HoldAsync(CancellationToken.None);
            await contents.DropAsync(sha256, CancellationToken.None);
        }

        store.Settle(file.Id);
        return recorded;
    }

    private async Task<SharedFile> AppendAsync(Room room, SharedFile file)
    {
        try
        {
            var message = await log.AppendAsync(new LogEntry.ChangeFile(room, file), CancellationToken.None);
            return message.Files.Single(known => known.Id == file.Id);
        }
        catch (RefusedException refused) when (refused.Kind is RefusalKind.Gone or RefusalKind.NotFound)
        {
            // Its message was deleted and its row says so already; only what is here of it has to go.
            return file with { State = FileState.Deleted, Failure = null };
        }
    }
}
