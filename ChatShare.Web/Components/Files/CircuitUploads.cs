using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using Microsoft.AspNetCore.Components.Forms;

namespace ChatShare.Web.Components.Files;

/// <summary>A file that was picked in a page.</summary>
/// <param name="File">What the browser says of it.</param>
/// <param name="Folder">The folder that it came out of, as the browser says; null or empty for none.</param>
public sealed record PickedFile(IBrowserFile File, string? Folder)
{
    internal UploadRequest Request => new(FileName.Clean(File.Name), File.Size) { Folder = FolderPath.Clean(Folder) };
}

/// <summary>
/// The files that one circuit sends, one after the other: two streams at a time lock a circuit up
/// (dotnet/aspnetcore #47301). Scoped, so one for each circuit; it outlives the pages of the rooms.
/// </summary>
public sealed class CircuitUploads(UploadService uploads, RoomService rooms, ILogger<CircuitUploads> logger)
{
    private readonly SemaphoreSlim _turn = new(1);
    private CancellationTokenSource _connection = new();

    /// <summary>Why a file cannot be shared, as a sentence; null when it can.</summary>
    public string? FaultOf(PickedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return uploads.FaultOf(file.Request);
    }

    /// <summary>Announces the files in the room, then sends them. Returns when the last one has ended, well or not.</summary>
    /// <exception cref="RefusedException">Nothing was announced: no such room, a limit, no space, an ended session.</exception>
    public async Task SendAsync(string? roomName, Participant sender, IReadOnlyList<PickedFile> files, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(files);
        if (!RoomName.TryParse(roomName, out var name, out var error))
            throw new RefusedException(RefusalKind.Invalid, error);
        var room = rooms.Find(name) ?? throw new RefusedException(RefusalKind.NotFound, $"There is no room “{name}”.");
        // Taken before the cards are announced: a connection that breaks while they are written down must end these, too.
        var connection = _connection.Token;
        var begun = await uploads.BeginAsync(
            room, sender.Session, sender.Door, [.. files.Select(file => file.Request)], Guid.NewGuid().ToString(), cancellationToken);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, connection);
        // At once, and not when the stream is disposed of: over a connection that is down that takes a minute.
        using var broken = until.Token.Register(() =>
        {
            foreach (var upload in begun)
                _ = upload.FailAsync("The sender's connection was lost.", CancellationToken.None);
        });
        foreach (var (upload, file) in begun.Zip(files))
            await SendOneAsync(upload, file.File, until.Token);
    }

    /// <summary>The connection broke: what is under way or waiting has failed, and everybody's card says so.</summary>
    public void Break()
    {
        var broken = Interlocked.Exchange(ref _connection, new CancellationTokenSource());
        broken.Cancel();
    }

    private async Task SendOneAsync(Upload upload, IBrowserFile file, CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                // Called off while it waited for its turn.
                if (!upload.IsUnderWay)
                    return;
                await using var stream = file.OpenReadStream(long.MaxValue, cancellationToken);
                await upload.AppendAsync(upload.Sender, 0, stream, checksum: null, cancellationToken);
                if (upload.IsUnderWay)
                    await upload.FailAsync("The file turned out shorter than was announced.", CancellationToken.None);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (!upload.IsUnderWay)
        {
            logger.UploadStopped(upload.Id.ToString());
        }
        catch (OperationCanceledException)
        {
            await upload.FailAsync("The sender's connection was lost.", CancellationToken.None);
        }
        catch (RefusedException exception)
        {
            await upload.FailAsync(exception.Message, CancellationToken.None);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Whatever broke in the stream of the browser, the card must not stay "uploading" for ever.
            logger.UploadBroke(exception, upload.Id.ToString());
            await upload.FailAsync("The browser could not read the file to its end.", CancellationToken.None);
        }
    }
}
