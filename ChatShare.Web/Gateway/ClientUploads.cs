using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Gateway;

/// <summary>The files that clients send: uploads like any other. A singleton.</summary>
internal sealed class ClientUploads(UploadService uploads, ILogger<ClientUploads> logger)
{
    /// <summary>
    /// Takes a file, or throws its bytes away and says why. Returns when all that was announced has come, or nothing comes any more.
    /// </summary>
    public async Task ReceiveAsync(FileHeader header, AnnouncedBytes bytes, RoomSession room, ClientOutbox outbox, CancellationToken cancellationToken)
    {
        var name = FileName.Clean(header.Name);
        outbox.HoldFiles();
        try
        {
            var fault = header.IsBeyondNumbers ? $"“{name}” is too large." : await StoreAsync(new UploadRequest(name, header.Size), bytes, room, cancellationToken);
            if (fault is not null)
            {
                await outbox.SayAsync(fault, cancellationToken);
                await bytes.DrainAsync(cancellationToken);
            }
            else
            {
                // The client waits for the name that it gave.
                await outbox.PostAsync(new Outgoing.Delivered(OldProtocol.CanBeNamed(header.Name) ? header.Name : name.Value, header.Size), cancellationToken);
            }
        }
        finally
        {
            await outbox.PostAsync(new Outgoing.Listens(), cancellationToken);
        }
    }

    /// <returns>Why the file is not here, as a sentence; null when it is.</returns>
    private async Task<string?> StoreAsync(UploadRequest file, AnnouncedBytes bytes, RoomSession room, CancellationToken cancellationToken)
    {
        Upload? upload = null;
        try
        {
            upload = (await uploads.BeginAsync(room, [file], Guid.NewGuid().ToString(), cancellationToken))[0];
            await upload.AppendAsync(upload.Sender, 0, bytes, checksum: null, cancellationToken);
            if (!upload.IsUnderWay)
                return upload.File.State == FileState.Ready ? null : Ended(upload);
            await upload.FailAsync("The sender's connection was lost.", CancellationToken.None);
            return Ended(upload);
        }
        catch (RefusedException e)
        {
            if (upload is not null)
                await upload.FailAsync(e.Message, CancellationToken.None);
            return e.Message;
        }
        catch (OperationCanceledException) when (upload is { IsUnderWay: false })
        {
            await upload.Ended.WaitAsync(cancellationToken);
            logger.UploadStopped(upload.Id.ToString());
            return Ended(upload);
        }
        catch (IOException e)
        {
            logger.GatewayUploadFailed(e, upload?.Id.ToString() ?? "");
            if (upload is not null)
                await upload.FailAsync("The server could not store this file.", CancellationToken.None);
            return $"The server could not store “{file.Name}”.";
        }
    }

    private static string Ended(Upload upload) => upload.File.Failure is { } failure
        ? $"“{upload.File.Name}” was not shared. {failure}"
        : $"“{upload.File.Name}” was called off.";
}
