using System.Collections.Immutable;
using ChatShare.Core.Files;
using ChatShare.Core.People;

namespace ChatShare.Core.Rooms;

/// <summary>
/// A message as of its last change. Immutable and shared by everybody who reads the room; a change makes a new one
/// with the same <see cref="Number"/>.
/// </summary>
public sealed class ChatMessage
{
    private string? _html;

    /// <summary>The room's row.</summary>
    public required int RoomId { get; init; }

    /// <summary>The change it was posted under; orders the room, never reused.</summary>
    public required long Number { get; init; }

    /// <summary>The number of its last change; equals <see cref="Number"/> when it was only posted.</summary>
    public required long Changed { get; init; }

    /// <summary>It is the room's n-th message, from 1; what unread counts are made of.</summary>
    public required long Ordinal { get; init; }

    /// <summary>Who sent it.</summary>
    public required Guid PersonId { get; init; }

    /// <summary>The name they had then.</summary>
    public required string Sender { get; init; }

    /// <summary>The door they sent it through.</summary>
    public required Door Door { get; init; }

    /// <summary>When the server took it, UTC; for people, never for ordering.</summary>
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>What was written; empty for files alone and after a deletion.</summary>
    public required string Text { get; init; }

    /// <summary>The sender's own id for it: a retry with the same makes no second message.</summary>
    public required string ClientId { get; init; }

    /// <summary>True when it was taken back; text and files are gone.</summary>
    public required bool Deleted { get; init; }

    /// <summary>In the order in which they were picked.</summary>
    public ImmutableArray<SharedFile> Files { get; init; } = [];

    /// <summary>Whether bytes of any of its files may still come.</summary>
    public bool IsFilling => Files.Any(file => file.IsUnderWay);

    /// <summary>The message after a change of its files.</summary>
    internal ChatMessage With(long changed, ImmutableArray<SharedFile> files) => new()
    {
        RoomId = RoomId,
        Number = Number,
        Changed = changed,
        Ordinal = Ordinal,
        PersonId = PersonId,
        Sender = Sender,
        Door = Door,
        SentAt = SentAt,
        Text = Text,
        ClientId = ClientId,
        Deleted = Deleted,
        Files = files,
    };

    /// <summary>The message after it was taken back: no text, and of its files only that they were there.</summary>
    internal ChatMessage Without(long changed) => new()
    {
        RoomId = RoomId,
        Number = Number,
        Changed = changed,
        Ordinal = Ordinal,
        PersonId = PersonId,
        Sender = Sender,
        Door = Door,
        SentAt = SentAt,
        Text = "",
        ClientId = ClientId,
        Deleted = true,
        Files = [.. Files.Select(file => file with { State = FileState.Deleted, Sha256 = null })],
    };

    /// <summary>
    /// The message's markup, made once and shared by all who show it. Two pages may meet here for the first time and
    /// both make it: they make the same.
    /// </summary>
    public string Html(Func<ChatMessage, string> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return _html ??= make(this);
    }
}
