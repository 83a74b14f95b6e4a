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

    // How much that it said may wait for the room, in UTF-16 code units, and what each thing takes beside its text: a thousand lines, or a few of the longest texts.
    private const int MostWaiting = 128 * 1024;
    private const int Overhead = 100;

    private bool _fileWasLast;
    private int _waiting;

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

    /// <summary>
    /// A message is what comes by itself, so the connection is read on while the room, the disk or the scanner takes its time: what came meanwhile would else be found in
    /// one piece, a file behind a line as a part of that line.
    /// </summary>
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        // What was said last, done behind all that was said before it; false when nothing more comes.
        var last = Task.FromResult(true);
        try
        {
            while (await HeardAsync(last, cancellationToken) is { } said)
            {
                Interlocked.Add(ref _waiting, WeightOf(said));
                last = ActAfterAsync(last, said, cancellationToken);
                // Beyond this the rest waits in the connection. So do the bytes of a file, which are nothing that is said, and have their length: nothing is lost by that.
                if (Volatile.Read(ref _waiting) > MostWaiting)
                    await last;
                else if (said is ClientSaid.File { Bytes: var bytes })
                    await Task.WhenAny(bytes.Ended, last);
            }

            await last;
        }
        finally
        {
            // Whatever has ended this: nothing may go on in a room that is left.
            await ((Task)last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The next thing it says; null when it has hung up, or what it said before was the last. Throws what that threw, as soon as it does.</summary>
    private async Task<ClientSaid?> HeardAsync(Task<bool> last, CancellationToken cancellationToken)
    {
        var next = input.NextAsync(cancellationToken);
        if (!last.IsCompleted)
            await Task.WhenAny(last, next);
        return last.IsCompleted && !await last ? null : await next;
    }

    /// <returns>False when nothing more comes.</returns>
    private async Task<bool> ActAfterAsync(Task<bool> before, ClientSaid said, CancellationToken cancellationToken)
    {
        if (!await before)
            return false;
        _fileWasLast = said is ClientSaid.File;
        switch (said)
        {
            case ClientSaid.File { Header: var header, Bytes: var bytes }:
                await using (bytes)
                {
                    await uploads.ReceiveAsync(header, bytes, room, outbox, cancellationToken);
                    if (bytes.BrokeOff)
                        return false;
                }

                break;
            case ClientSaid.Text { Value: var text }:
                await PostAsync(text, cancellationToken);
                break;
            default:
                await outbox.SayAsync("This was no text that the server understands (UTF-8); it was not sent.", cancellationToken);
                break;
        }

        Interlocked.Add(ref _waiting, -WeightOf(said));
        return true;
    }

    private static int WeightOf(ClientSaid said) => Overhead + (said is ClientSaid.Text text ? text.Value.Length : 0);

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
