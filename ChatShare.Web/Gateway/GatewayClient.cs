using ChatShare.Core;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Gateway;

/// <summary>A client that is in a room: what it says goes there, what happens there goes to it.</summary>
internal sealed class GatewayClient(
    RoomSession room, ClientInput input, ClientOutbox outbox, RoomFeed feed, ClientUploads uploads, GatewayPace pace, TimeProvider time)
{
    // A person who types too fast for the server waits; their next words wait in the connection.
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(1);

    private bool _fileWasLast;

    /// <summary>Returns when the client has hung up, throws when anything else ends it.</summary>
    /// <exception cref="ClientStalledException">It takes nothing any more.</exception>
    /// <exception cref="OperationCanceledException">The token.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(over.Token);
        Task[] ways = [ReadAsync(over.Token), FollowAsync(leaves.Token), outbox.RunAsync(over.Token)];
        var first = await Task.WhenAny(ways);
        if (first == ways[0] && first.IsCompletedSuccessfully && _fileWasLast)
        {
            // At the end of a pipe it may still listen, for the word that its file is here. Others are gone at once, and their names are free.
            await leaves.CancelAsync();
            await ways[1].ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            outbox.End();
            await Task.WhenAny(ways[2], Task.Delay(pace.LastWords, time, over.Token));
        }

        await over.CancelAsync();
        // The others end because this one did.
        foreach (var way in ways)
            await way.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Said first: the room's events end without a word when the session does, and what else then fails does so because of it.
        cancellationToken.ThrowIfCancellationRequested();
        await first;
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        // From a long wait for a place in the queue until the queue is empty again. That it is full says nothing by itself: when many come in, the
        // gaps between the messages alone fill it.
        var isBehind = false;
        await foreach (var batch in room.Events(cancellationToken))
        {
            foreach (var happened in batch)
            {
                isBehind &= !outbox.IsEmpty;
                foreach (var outgoing in feed.Tell(happened, isBehind))
                {
                    var since = time.GetTimestamp();
                    await outbox.PostAsync(outgoing, cancellationToken);
                    isBehind |= time.GetElapsedTime(since) > pace.Behind;
                }
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        using var queue = new SaidQueue();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var hearing = HearAsync(queue, over.Token);
        try
        {
            await ActAsync(queue, cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
            await hearing;
        }
    }

    /// <summary>Never throws: what goes wrong stands at the end of the queue.</summary>
    private async Task HearAsync(SaidQueue queue, CancellationToken cancellationToken)
    {
        try
        {
            while (await input.NextAsync(cancellationToken) is { } said)
            {
                await queue.AddAsync(said, cancellationToken);
                // Its bytes are nothing that is said, and have their length: nothing is lost while they wait.
                if (said is ClientSaid.File { Bytes: var bytes })
                    await bytes.Ended.WaitAsync(cancellationToken);
            }

            queue.End(fault: null);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            queue.End(e);
        }
    }

    private async Task ActAsync(SaidQueue queue, CancellationToken cancellationToken)
    {
        await foreach (var said in queue.TakeAllAsync(cancellationToken))
        {
            _fileWasLast = said is ClientSaid.File;
            switch (said)
            {
                case ClientSaid.File { Header: var header, Bytes: var bytes }:
                    await using (bytes)
                    {
                        await uploads.ReceiveAsync(header, bytes, room, outbox, cancellationToken);
                        if (bytes.BrokeOff)
                            return;
                    }

                    break;
                case ClientSaid.Text { Value: var text }:
                    await PostAsync(text, cancellationToken);
                    break;
                default:
                    await outbox.SayAsync("This was no text that the server understands (UTF-8); it was not sent.", cancellationToken);
                    break;
            }
        }
    }

    private async Task PostAsync(string said, CancellationToken cancellationToken)
    {
        // What a terminal makes of an arrow key is no reason to lose the words around it.
        if (!MessageText.TryParse(string.Concat(said.Where(c => !char.IsControl(c) || c is '\n' or '\r' or '\t')), out var text, out var fault))
        {
            await outbox.SayAsync(fault, cancellationToken);
            return;
        }

        var clientId = Guid.NewGuid().ToString();
        while (true)
        {
            try
            {
                await room.SendAsync(text, clientId, cancellationToken);
                return;
            }
            catch (RefusedException e) when (e.Kind == RefusalKind.TooFast)
            {
                await Task.Delay(e.RetryAfter ?? Breath, time, cancellationToken);
            }
            catch (RefusedException e)
            {
                await outbox.SayAsync(e.Message, cancellationToken);
                return;
            }
        }
    }
}
