using System.Collections.Concurrent;
using ChatShare.Benchmarks.Appending;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>What the sides that ChatShare is compared with have of it: the same durable log, and one reader who passes on what it says.</summary>
internal sealed class BareRoom : IAsyncDisposable
{
    /// <summary>Where a message is posted as <see cref="Said"/>; answered when it is durable.</summary>
    public const string Path = "/say";

    private readonly ChatLog _log;
    private readonly RoomSession _room;

    // Whose turn it is: posts that are under way at the same time have connections of their own and overtake each other, as the calls of a
    // circuit do not.
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _turns = [];

    private BareRoom(ChatLog log, RoomSession room)
    {
        _log = log;
        _room = room;
    }

    public static async Task<BareRoom> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        var log = await ChatLog.OpenAsync(folder, senders: 0, cancellationToken);
        var room = new BareRoom(log, await log.JoinAsync("Sender", cancellationToken));
        room.Turn(0).SetResult();
        return room;
    }

    /// <summary>Returns when it is durable; it stands in the log after the one with the index before.</summary>
    public async Task SayAsync(Said said, CancellationToken cancellationToken)
    {
        if (!MessageText.TryParse(said.Text, out var text, out var error))
            throw new InvalidOperationException(error);
        await Turn(said.Index).Task.WaitAsync(cancellationToken);
        Task sent;
        try
        {
            // It has its place as soon as the task is there.
            sent = _room.SendAsync(text, Sample.NewClientId(), cancellationToken);
        }
        finally
        {
            _turns.TryRemove(said.Index, out _);
            Turn(said.Index + 1).TrySetResult();
        }

        await sent;
    }

    /// <summary>Passes on one message after the other, in their order, until told to stop.</summary>
    public async Task FollowAsync(Func<ChatMessage, Task> passOnAsync, CancellationToken cancellationToken)
    {
        await foreach (var batch in _room.Events(cancellationToken))
        {
            foreach (var posted in batch.OfType<RoomEvent.MessageChanged>())
                await passOnAsync(posted.Message);
        }
    }

    private TaskCompletionSource Turn(int index) =>
        _turns.GetOrAdd(index, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public async ValueTask DisposeAsync()
    {
        await _room.DisposeAsync();
        _room.Participant.Dispose();
        await _log.DisposeAsync();
    }
}

/// <param name="Index">Its place in the order of sending, from 0.</param>
/// <param name="Text">What is to be posted.</param>
internal sealed record Said(int Index, string Text);
