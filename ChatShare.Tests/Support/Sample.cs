using System.Collections.Immutable;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Tests.Support;

/// <summary>Messages as the log would give them.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static ChatMessage Make(
        long number,
        string text = "hello",
        Guid? person = null,
        string sender = "Ann",
        DateTimeOffset? sentAt = null,
        long? changed = null,
        bool deleted = false,
        Door door = Door.Browser,
        string? clientId = null,
        params ImmutableArray<SharedFile> files) => new()
        {
            RoomId = 1,
            Number = number,
            Changed = changed ?? number,
            Ordinal = number,
            PersonId = person ?? Guid.Empty,
            Sender = sender,
            Door = door,
            SentAt = sentAt ?? Noon.AddSeconds(number),
            Text = text,
            ClientId = clientId ?? $"c-{number}",
            Deleted = deleted,
            Files = files,
        };

    public static SharedFile File(string name, FileState state = FileState.Ready, long length = 1000, string? failure = null) => new(
        FileId.New(),
        name,
        length,
        state,
        state == FileState.Ready ? "application/octet-stream" : null,
        state == FileState.Ready ? new string('a', 64) : null,
        failure);
}
