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

    /// <summary>Whether this entry made the change, and not an earlier try with the same client id. Known when it is written.</summary>
    public bool IsNew { get; private set; }

    public void Complete(ChatMessage message, bool isNew)
    {
        IsNew = isNew;
        _written.TrySetResult(message);
    }

    public void Fail(Exception exception) => _written.TrySetException(exception);

    /// <summary>A new message, with a card for each file.</summary>
    public sealed record Post(Room Room, PersonSession Sender, Door Door, string Text, string ClientId, ImmutableArray<SharedFile> Files)
        : LogEntry(Room)
    {
        /// <summary>The files join the message that the sender posted under this client id before, when there is one.</summary>
        public bool JoinsMessage { get; init; }

        /// <summary>What is kept of each file beside the card, in the order of <see cref="Files"/>; empty when there is nothing.</summary>
        public ImmutableArray<UploadRequest> Requests { get; init; } = [];

        /// <summary>How many files the message may have when these have joined it; 0 for no limit.</summary>
        public int MostFiles { get; init; }

        /// <summary>See <see cref="Storage.FileRow.Holder"/>.</summary>
        public Guid? Holder { get; init; }
    }

    /// <summary>A file changed its state.</summary>
    public sealed record ChangeFile(Room Room, SharedFile File) : LogEntry(Room);

    /// <summary>A message is taken back, its text and files with it.</summary>
    public sealed record Delete(Room Room, long Number) : LogEntry(Room);
}
