using ChatShare.Core.Messages;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>
/// A file that comes in, at this node or at another one, for who reads it. Bytes that come in here wake their readers; those of another node are looked
/// for in the shared folder, where each counts that lies in the partial file, and its row says how it ended.
/// </summary>
/// <param name="file">As it was when the reader came.</param>
/// <param name="upload">Null when it comes in elsewhere. When it is let go, it is looked for from then on.</param>
/// <param name="ends">Those of this node that the database could not be told yet.</param>
/// <param name="store">The shared folder.</param>
/// <param name="contexts">The database.</param>
/// <param name="time">The server’s time.</param>
internal sealed class ArrivingFile(
    SharedFile file, Upload? upload, UploadEnds ends, DownloadStore store, IDbContextFactory<ChatShareDbContext> contexts, TimeProvider time)
{
    // As often as a card is told how far it is.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    // Its row is asked every two seconds.
    private const int LooksForARow = 8;

    private SharedFile _file = file;

    /// <summary>The file as of its last change that is known here.</summary>
    public SharedFile File => upload is { IsLetGo: false } here ? here.File : _file;

    /// <summary>How many bytes have come; 0 when nothing of it lies there any more, because it has ended.</summary>
    public long Here => upload is { IsLetGo: false } here ? here.Received : store.PartialLength(_file.Id);

    /// <summary>How many bytes are here behind a position, as soon as there is one; 0 when it has ended before.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<long> BeyondAsync(long position, CancellationToken cancellationToken)
    {
        if (upload is not null)
        {
            await upload.MovedBeyondAsync(position, cancellationToken);
            if (upload.Received > position || !upload.IsLetGo)
                return Math.Max(0, upload.Received - position);
        }

        for (var looks = 0; ; looks++)
        {
            if (store.PartialLength(_file.Id) - position is > 0 and var here)
                return here;
            if (looks % LooksForARow == 0 && await HasEndedAsync(cancellationToken))
                return _file.State == FileState.Ready ? _file.Length - position : 0;
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>Returns when it has ended, well or not.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task EndedAsync(CancellationToken cancellationToken)
    {
        if (upload is not null)
            await upload.Ended.WaitAsync(cancellationToken);
        if (upload is { IsLetGo: false })
            return;
        while (!await HasEndedAsync(cancellationToken))
            await Task.Delay(Pause * LooksForARow, time, cancellationToken);
    }

    /// <summary>
    /// Whether it has ended and becomes no file. One that is whole and waits for the database to be written becomes one.
    /// </summary>
    public bool IsBrokenOff => File.State is FileState.Failed or FileState.Cancelled or FileState.Deleted && ends.Find(_file.Id) is not { Sha256: not null };

    /// <summary>Opens what has come, and what will.</summary>
    /// <exception cref="IOException">There is nothing any more, or nothing yet.</exception>
    public FileStream OpenPartial() => store.OpenPartial(_file.Id);

    /// <summary>Opens the content that it has become; null when it has become none.</summary>
    /// <exception cref="IOException">It is not there any more.</exception>
    public FileStream? OpenContent() => File is { State: FileState.Ready, Sha256: { } sha256 } ? store.OpenContent(sha256) : null;

    private async Task<bool> HasEndedAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == _file.Id.ToString(), cancellationToken) is not { } row || UploadHandover.IsUnderWay(row))
            return false;
        _file = RowMapping.ToFile(row);
        return true;
    }
}
