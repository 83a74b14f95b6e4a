using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>Announces files: everything that can be refused is refused here, before the first byte; then everybody sees their cards.</summary>
internal sealed class Announcements(MessageLog log, Quota quota, PersonLimits persons, IOptions<ChatShareOptions> options)
{
    private readonly LimitOptions _limits = options.Value.Limits;

    /// <summary>See <see cref="UploadService.FaultOf"/>.</summary>
    public string? FaultOf(UploadRequest file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var most = _limits.FileBytes;
        if (file.Length < 0)
            return $"“{file.Name}” has no possible size.";
        if (most == 0 || file.Length <= most)
            return null;
        var (size, limit) = ByteSize.FormatApart(file.Length, most);
        return $"“{file.Name}” is {size}; the limit here is {limit}.";
    }

    /// <summary>
    /// What the message of a batch is known by. A batch is the sender's own word; as a client id of the message it must not meet those of other
    /// messages, nor be too long.
    /// </summary>
    public static string IdOf(string batch) =>
        "batch." + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ClientIds.Check(batch))))[..32];

    /// <summary>One message with a card for each file, or more cards on one that is there.</summary>
    /// <param name="uploads">Who takes the uploads in.</param>
    /// <param name="room">Whose people see them.</param>
    /// <param name="who">The sender, who may send.</param>
    /// <param name="door">How they come.</param>
    /// <param name="files">At least one.</param>
    /// <param name="clientId">The sender's id for the message.</param>
    /// <param name="joinsMessage">Whether they join the message that was posted under this client id before, when there is one.</param>
    /// <param name="cancellationToken">Gives up before anything was announced.</param>
    /// <exception cref="RefusedException">A limit, no space; <see cref="RefusalKind.Conflict"/> when they were announced already.</exception>
    public async Task<ImmutableArray<Upload>> MakeAsync(
        UploadService uploads, Room room, PersonSession who, Door door, IReadOnlyList<UploadRequest> files, string clientId, bool joinsMessage,
        CancellationToken cancellationToken)
    {
        DemandLimits(files);
        uploads.Downloads.Demand();
        var holder = uploads.Leases.Node;
        uploads.Leases.Demand(holder);
        persons.TakeUploads(who.PersonId, files.Count);
        ImmutableArray<SharedFile> cards =
        [
            .. files.Select(file => new SharedFile(FileId.New(), file.Name.Value, file.Length, FileState.Uploading, null, null, null)
            {
                Folder = file.Folder,
                Position = file.Index ?? PlacedFiles.AtEnd,
                Width = file.Picture?.Width,
                Height = file.Picture?.Height,
            }),
        ];
        // Until the message is written, or nothing has come of it.
        using var reserved = await quota.ReserveAsync(room, who.PersonId, cards, uploads.Active, cancellationToken);
        // From here on nobody may give up: the message would be posted, and its cards would wait for uploads that are forgotten.
        cancellationToken.ThrowIfCancellationRequested();
        ImmutableArray<Upload> begun =
        [
            .. cards.Zip(files, (card, file) =>
                new Upload(uploads, room, who, card) { Door = door, Deadline = uploads.Deadlines.Next(), ClientId = file.ClientId, Holder = holder }),
        ];
        uploads.Register(begun);
        ChatMessage message;
        try
        {
            message = await log.AppendAsync(
                new LogEntry.Post(room, who, door, "", ClientIds.Check(clientId), cards)
                {
                    JoinsMessage = joinsMessage, Requests = [.. files], MostFiles = _limits.FilesPerMessage, Holder = holder,
                },
                CancellationToken.None);
        }
        catch
        {
            uploads.Forget(begun);
            throw;
        }

        if (!message.Files.Any(file => file.Id == cards[0].Id))
        {
            uploads.Forget(begun);
            throw new RefusedException(RefusalKind.Conflict, "These files were announced already.");
        }

        uploads.Metrics.Begun(begun.Length);
        foreach (var upload in begun)
            uploads.EndWithSender(upload);
        return begun;
    }

    private void DemandLimits(IReadOnlyList<UploadRequest> files)
    {
        if (files.Count == 0)
            throw new RefusedException(RefusalKind.Invalid, "No file was picked.");
        if (_limits.FilesPerMessage > 0 && files.Count > _limits.FilesPerMessage)
            throw new RefusedException(RefusalKind.TooLarge, $"{files.Count} files are too many for one message; the limit here is {_limits.FilesPerMessage}.");
        foreach (var file in files)
        {
            if (FaultOf(file) is { } fault)
                throw new RefusedException(file.Length < 0 ? RefusalKind.Invalid : RefusalKind.TooLarge, fault);
        }
    }
}
