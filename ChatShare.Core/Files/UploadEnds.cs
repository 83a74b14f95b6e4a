using System.Collections.Concurrent;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Files;

/// <summary>The end of an upload, for its row.</summary>
/// <param name="Room">Where its card stands.</param>
/// <param name="File">What the row is to say when there is no content.</param>
/// <param name="PersonId">Its sender’s.</param>
/// <param name="Sha256">The content in the store that it becomes, whatever <paramref name="File"/> says; null when it becomes no file.</param>
internal sealed record UploadEnd(Room Room, SharedFile File, Guid PersonId, string? Sha256);

/// <summary>
/// How uploads end that become no file: the bytes go, the card says why. An end that the database cannot take now is kept, and noted beside
/// the partial files for the next start, until it can. What was whole by then still becomes the file.
/// </summary>
internal sealed class UploadEnds(MessageLog log, DownloadStore store, StoredContents contents, TimeProvider time, ILogger<UploadEnds> logger)
{
    /// <summary>To its sender, of one that was called off.</summary>
    public const string CalledOff = "This upload was called off.";

    // Half of the time after which all of them are tried again.
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<FileId, UploadEnd> _kept = new();

    /// <summary>The end that waits to be recorded; null when none does.</summary>
    public UploadEnd? Find(FileId id) => _kept.GetValueOrDefault(id);

    /// <summary>The uploads whose ends wait to be recorded.</summary>
    public IEnumerable<FileId> Kept => _kept.Keys;

    /// <summary>What is said to whoever asks for an upload whose end is kept: it need not be sent again, or why it is over.</summary>
    public static RefusedException RefusalOf(UploadEnd kept, Exception? cause = null) => kept.Sha256 is null
        ? Over(kept.File.Failure, cause)
        : new RefusedException(RefusalKind.NotYet, "All of it is here. It will be finished when there is room on the server.", cause) { RetryAfter = AskAgainAfter };

    /// <summary>What is said to the sender of an upload that became no file.</summary>
    /// <param name="failure">Why; null when it was called off.</param>
    /// <param name="cause">What has brought it up.</param>
    public static RefusedException Over(string? failure, Exception? cause = null) => failure is null
        ? new RefusedException(RefusalKind.CalledOff, CalledOff, cause)
        : new RefusedException(RefusalKind.Gone, failure, cause);

    /// <summary>Ends an upload that becomes no file.</summary>
    /// <param name="upload">Which.</param>
    /// <param name="file">What its row is to say.</param>
    /// <param name="cancellationToken">Waits no longer for the row: the end is kept.</param>
    /// <returns>The file as its row says it is, or as it will say.</returns>
    public async Task<SharedFile> GiveUpAsync(Upload upload, SharedFile file, CancellationToken cancellationToken)
    {
        // It is whole, and only the hold on its content was lost.
        if (Find(upload.Id) is { } kept)
            return kept.File;
        try
        {
            // First the bytes: the row may need the space that they take.
            DeletePartial(upload.Id);
            file = await AppendAsync(upload.Room, file, cancellationToken);
        }
        catch (Exception exception) when (exception is RefusedException or OperationCanceledException)
        {
            Keep(new UploadEnd(upload.Room, file, upload.Sender.PersonId, store.AdoptedAs(upload.Id)));
            return file;
        }

        try
        {
            // Most have no content, and hundreds that are called off together need not queue for the contents.
            using (store.AdoptedAs(upload.Id) is null ? null : await contents.HoldAsync(CancellationToken.None))
                await TidyAsync(upload.Id);
        }
        catch (RefusedException busy)
        {
            // When its note is swept away, it is looked at whether anybody else needs the content.
            CondemnContent(upload.Id);
            logger.ContentsHeldElsewhere(busy, upload.Id.ToString());
        }

        logger.UploadEnded(upload.Id.ToString(), file.State, upload.Received);
        return file;
    }

    /// <summary>Records the end of an upload of an earlier run, or keeps it: people can come in and read all the same.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task EndAsync(UploadEnd end, CancellationToken cancellationToken)
    {
        _kept[end.File.Id] = end;
        try
        {
            await RecordAsync(end.File.Id, cancellationToken);
        }
        catch (Exception exception) when (exception is RefusedException or IOException or UnauthorizedAccessException)
        {
            Keep(end);
        }
    }

    /// <summary>Its sender does not want it any more: what was whole and waits to become the file becomes none.</summary>
    /// <param name="id">Which.</param>
    /// <param name="cancellationToken">Gives up before anything was changed.</param>
    /// <returns>False when no such one is kept.</returns>
    public async Task<bool> CallOffAsync(FileId id, CancellationToken cancellationToken)
    {
        using var held = await contents.HoldAsync(cancellationToken);
        if (Find(id) is not { Sha256: not null } whole)
            return false;
        var cancelled = whole with { Sha256 = null, File = whole.File with { State = FileState.Cancelled, Failure = null } };
        _kept[id] = cancelled;
        Note(cancelled);
        try
        {
            // First the content: the row may need the space that it takes.
            await contents.LetGoAsync(id, CancellationToken.None);
            await RecordHeldAsync(id, CancellationToken.None);
        }
        catch (RefusedException)
        {
            logger.UploadEndNotRecorded(id.ToString());
        }

        return true;
    }

    /// <summary>Records what could not be recorded. Called now and then.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; what is left stays kept.</exception>
    public async Task TryAgainAsync(CancellationToken cancellationToken)
    {
        foreach (var id in _kept.Keys)
        {
            try
            {
                await RecordAsync(id, cancellationToken);
            }
            catch (RefusedException)
            {
                // Not yet. That may be for its own sake alone, so those behind it are tried as well.
                continue;
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
            {
                logger.SweepFailed(exception);
            }
        }
    }

    /// <summary>Records an end later; what is in the store then becomes the file.</summary>
    public void Keep(UploadEnd end)
    {
        // First: whatever becomes of the note, it is tried again.
        _kept[end.File.Id] = end;
        logger.UploadEndNotRecorded(end.File.Id.ToString());
        // What is to become the file has its note since it was adopted.
        if (end.Sha256 is null)
            Note(end);
    }

    private void Note(UploadEnd end)
    {
        try
        {
            store.NoteEnd(end.File.Id, end.File.State, end.File.Failure);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Only a start that comes before it is recorded will miss it.
            logger.SweepFailed(exception);
        }
    }

    private async Task RecordAsync(FileId id, CancellationToken cancellationToken)
    {
        using var held = await contents.HoldAsync(cancellationToken);
        await RecordHeldAsync(id, cancellationToken);
    }

    /// <summary>
    /// While the contents are held: from the look at its content to its row nobody may delete that with an equal file. Does nothing when the end
    /// was recorded, or is another, meanwhile.
    /// </summary>
    private async Task RecordHeldAsync(FileId id, CancellationToken cancellationToken)
    {
        if (Find(id) is not { } kept)
            return;
        // Whose content is in the store was whole; only its row was missing.
        var file = kept.Sha256 is { } sha256 && store.Has(sha256)
            ? await store.ReadyAsync(kept.File with { Failure = null }, sha256, time.GetUtcNow(), cancellationToken)
            : kept.File;
        await AppendAsync(kept.Room, file, cancellationToken);
        _kept.TryRemove(id, out _);
        await TidyAsync(id);
    }

    /// <summary>Its row says how it ended: nothing but a content that a row names is needed any more. While the contents are held, if it was adopted.</summary>
    private async Task TidyAsync(FileId id)
    {
        try
        {
            await contents.LetGoAsync(id, CancellationToken.None);
            store.Settle(id);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Not a reason to write the row again. The next start clears up.
            logger.SweepFailed(exception);
        }
    }

    /// <summary>Where the folder is away or cannot be written to, what is left there goes when it is looked through: the upload has ended all the same.</summary>
    private void DeletePartial(FileId id)
    {
        try
        {
            store.DeletePartial(id);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.SweepFailed(exception);
        }
    }

    private void CondemnContent(FileId id)
    {
        try
        {
            contents.Condemn(store.AdoptedAs(id));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.SweepFailed(exception);
        }
    }

    private async Task<SharedFile> AppendAsync(Room room, SharedFile file, CancellationToken cancellationToken)
    {
        try
        {
            var message = await log.AppendAsync(new LogEntry.ChangeFile(room, file), cancellationToken);
            return message.Files.Single(known => known.Id == file.Id);
        }
        catch (RefusedException refused) when (refused.Kind is RefusalKind.Gone or RefusalKind.NotFound)
        {
            // Its message was deleted, and its row says so already; only what is here of it has to go.
            return file with { State = FileState.Deleted, Failure = null };
        }
    }
}
