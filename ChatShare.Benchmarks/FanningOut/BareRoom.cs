using ChatShare.Benchmarks.Appending;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>What the sides that ChatShare is compared with have of it: the same durable log, and one reader who passes on what it says.</summary>
internal sealed class BareRoom : IAsyncDisposable
{
    /// <summary>Where a message is posted as plain text; answered when it is durable.</summary>
    public const string Path = "/say";

    private readonly ChatLog _log;
    private readonly RoomSession _room;

    private BareRoom(ChatLog log, RoomSession room)
    {
        _log = log;
        _room = room;
    }

    public static async Task<BareRoom> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        var log = await ChatLog.OpenAsync(folder, senders: 0, cancellationToken);
        return new BareRoom(log, await log.JoinAsync("Sender", cancellationToken));
    }

    public async Task SayAsync(string words, CancellationToken cancellationToken)
    {
        if (!MessageText.TryParse(words, out var text, out var error))
            throw new InvalidOperationException(error);
        await _room.SendAsync(text, Sample.NewClientId(), cancellationToken);
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

    public async ValueTask DisposeAsync()
    {
        await _room.DisposeAsync();
        _room.Participant.Dispose();
        await _log.DisposeAsync();
    }
}
