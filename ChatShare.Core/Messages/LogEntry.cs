using System.Collections.Immutable;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Core.Messages;

/// <summary>A durable change that waits to be written. Each takes the next number of its room.</summary>
internal abstract record LogEntry(Room Room)
{
    private readonly TaskCompletionSource<ChatMessage> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The message as it is after the change, once it is durable and published.</summary>
    public Task<ChatMessage> Written => _written.Task;

    public void Complete(ChatMessage message) => _written.TrySetResult(message);

    public void Fail(Exception exception) => _written.TrySetException(exception);

    /// <summary>A new message, with a card for each file.</summary>
    public sealed record Post(Room Room, Participant Sender, string Text, string ClientId, ImmutableArray<SharedFile> Files) : LogEntry(Room);

    /// <summary>A file changed its state.</summary>
    public sealed record ChangeFile(Room Room, SharedFile File) : LogEntry(Room);

    /// <summary>A message is taken back, its text and files with it.</summary>
    public sealed record Delete(Room Room, long Number) : LogEntry(Room);
}
