using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;

namespace ChatShare.Core.Messages;

/// <summary>From rows to what readers see.</summary>
internal static class RowMapping
{
    public static ChatMessage ToMessage(MessageRow row, IEnumerable<FileRow> files) => new()
    {
        RoomId = row.RoomId,
        Number = row.Number,
        Changed = row.Changed,
        Ordinal = row.Ordinal,
        PersonId = row.PersonId,
        Sender = row.SenderName,
        Door = row.Door,
        SentAt = row.SentAt,
        Text = row.Text,
        ClientId = row.ClientId,
        Deleted = row.Deleted,
        Files = [.. files.Select(ToFile)],
    };

    public static SharedFile ToFile(FileRow row) => new(
        FileId.TryParse(row.Id, out var id) ? id : throw new StorageException($"The database holds a file with an impossible id: {row.Id}"),
        row.Name,
        row.Length,
        row.State,
        row.MediaType,
        row.Sha256,
        row.Failure)
    {
        Folder = row.Folder,
        Width = row.Width,
        Height = row.Height,
        ReadyAt = row.ReadyAt,
        Kept = row.Kept,
        Position = row.Position,
    };
}
