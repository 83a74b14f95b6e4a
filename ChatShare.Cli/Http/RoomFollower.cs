using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace ChatShare.Cli.Http;

/// <summary>What whoever follows a room is told.</summary>
internal abstract record Followed
{
    private Followed()
    {
    }

    /// <summary>A message came, or is another now.</summary>
    public sealed record Changed(Message Message) : Followed;

    /// <summary>The server's database is another one: all that was shown counts no more, and everything comes anew.</summary>
    public sealed record Reset : Followed;

    /// <summary>The connection is lost, and is tried again.</summary>
    public sealed record Lost(Failure Why) : Followed;

    /// <summary>The connection is there again.</summary>
    public sealed record Back : Followed;

    /// <summary>Something on the way holds events back: from now on the server is asked every few seconds.</summary>
    public sealed record Polling : Followed;
}

/// <summary>How patient a <see cref="RoomFollower"/> is.</summary>
/// <param name="Silence">The server sends a ping every 15 seconds; after three of them nothing comes any more.</param>
/// <param name="Poll">Between two questions when events do not get through.</param>
internal sealed record FollowTimes(TimeSpan Silence, TimeSpan Poll)
{
    /// <summary>For real use.</summary>
    public static readonly FollowTimes Usual = new(TimeSpan.FromSeconds(45), TimeSpan.FromSeconds(2));
}

/// <summary>
/// Follows a room's changes for as long as it may: reconnects by itself and goes on after the last number it saw, so that nothing is
/// missed and nothing comes twice.
/// </summary>
internal sealed class RoomFollower(
    ChatShareClient client, string room, Position start, Func<Followed, CancellationToken, ValueTask> tell, TimeProvider time, FollowTimes times)
{
    private readonly Backoff _backoff = new(time);
    private Position _at = start;
    private bool _isLost;
    private bool _isPolling;

    /// <summary>Ends only when it is cancelled.</summary>
    /// <exception cref="Failure">The session has ended, or the room is gone.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan? asked = null;
            try
            {
                if (_isPolling)
                    await PollAsync(cancellationToken);
                else
                    await ListenAsync(cancellationToken);
            }
            catch (Failure failure) when (failure.Status == HttpStatusCode.Conflict)
            {
                // The place is one of another database.
                await ResetAsync(cancellationToken);
                continue;
            }
            catch (Failure failure) when (failure.IsPassing)
            {
                asked = failure.RetryAfter;
                if (!_isLost)
                    await tell(new Followed.Lost(failure), cancellationToken);
                _isLost = true;
            }

            await _backoff.WaitAsync(asked, cancellationToken);
        }
    }

    /// <summary>Reads events until the connection ends.</summary>
    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        // Not disposed before the stream is: it is what ends it.
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(times.Silence);
        var since = time.GetTimestamp();
        var heard = false;
        try
        {
            using var response = await client.OpenEventsAsync(room, _at, silence.Token);
            if (response.Content.Headers.ContentType?.MediaType is not "text/event-stream")
                throw new Failure(ExitCode.Refused, "The server does not answer with events. Is it a ChatShare server?");
            // That it has begun to answer is enough to know that it is there: in a quiet room the first event is a ping, much later.
            silence.CancelAfter(times.Silence);
            since = time.GetTimestamp();
            await ConnectedAsync(cancellationToken);
            await using var stream = await response.Content.ReadAsStreamAsync(silence.Token);
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(silence.Token))
            {
                silence.CancelAfter(times.Silence);
                heard = true;
                // After a reset another stream begins from the first number.
                if (!await TakeAsync(item, cancellationToken))
                    return;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The timer of a program that was stopped, or of a machine that slept, is late: then nothing is known of the way.
            if (heard || time.GetElapsedTime(since) > times.Silence * 1.1)
                throw new Failure(ExitCode.NoServer, "Nothing comes from the server any more.") { IsPassing = true };
            // Not even a ping: events wait somewhere on the way until there are many of them.
            _isPolling = true;
            await tell(new Followed.Polling(), cancellationToken);
        }
        catch (Exception e) when (ChatShareClient.IsBreak(e))
        {
            throw client.Broken(e);
        }
    }

    /// <returns>Whether what follows in this stream counts.</returns>
    private async Task<bool> TakeAsync(SseItem<string> item, CancellationToken cancellationToken)
    {
        Position at = default;
        if (item.EventType == "message" && !Position.TryParse(item.EventId, out at))
            return true;
        if (item.EventType == "reset" || (item.EventType == "message" && _at.Epoch is not null && at.Epoch != _at.Epoch))
        {
            await ResetAsync(cancellationToken);
            return false;
        }

        if (item.EventType == "message")
            await PassAsync(ReadMessage(item.Data), at, cancellationToken);
        return true;
    }

    /// <summary>Asks again and again until something does not work.</summary>
    private async Task PollAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var (messages, at) = await client.ChangedAfterAsync(room, _at, cancellationToken);
            await ConnectedAsync(cancellationToken);
            foreach (var message in messages)
                await PassAsync(message, new Position(at.Epoch, message.Changed), cancellationToken);
            _at = at;
            if (messages.Length == 0)
                await Task.Delay(times.Poll, time, cancellationToken);
        }
    }

    private async ValueTask PassAsync(Message message, Position at, CancellationToken cancellationToken)
    {
        // After a break of the line the server may begin with what came before it.
        if (at.Number <= _at.Number)
            return;
        // Whoever has heard enough hears no more, though more is here already.
        cancellationToken.ThrowIfCancellationRequested();
        await tell(new Followed.Changed(message), cancellationToken);
        _at = at;
    }

    private async ValueTask ConnectedAsync(CancellationToken cancellationToken)
    {
        _backoff.Reset();
        if (_isLost)
            await tell(new Followed.Back(), cancellationToken);
        _isLost = false;
    }

    private async ValueTask ResetAsync(CancellationToken cancellationToken)
    {
        _at = default;
        await tell(new Followed.Reset(), cancellationToken);
    }

    private static Message ReadMessage(string data)
    {
        try
        {
            return JsonSerializer.Deserialize(data, ApiJson.Default.Message) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new Failure(ExitCode.Refused, "The server sent an event that cannot be read.", e);
        }
    }
}
