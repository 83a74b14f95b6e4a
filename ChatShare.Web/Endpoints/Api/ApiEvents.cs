using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.AspNetCore.Mvc;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>
/// <c>GET …/events</c>: every change of a room's messages as Server-Sent Events, once and in its order. Behind it is a
/// <see cref="RoomSession"/> as behind a page, so that a slow reader holds nobody up and misses nothing.
/// </summary>
internal sealed class ApiEvents(
    RoomService rooms, UploadService uploads, Database database, ApiLimits limits, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(15);

    // What is on its way may still arrive; then a reader that does not read is cut off.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    /// <summary>Maps it.</summary>
    public static void Map(IEndpointRouteBuilder api) => api.MapGet(
            "/rooms/{room}/events",
            (string room, string? after, [FromHeader(Name = "Last-Event-ID")] string? last, HttpContext context, ApiEvents self, CancellationToken cancellationToken) =>
                self.FollowAsync(room, after, last, context, cancellationToken))
        .WithName("FollowRoom").WithSummary("Follow a room")
        .WithDescription(
            "Server-Sent Events. “message”: a message was posted or changed; its data is the message and its id the epoch, “-” and the number of the change. "
            + "“reset”: the numbers that were asked for are of another life of the database; read the room afresh. “ping”: every 15 seconds, with where the reader stands as its id. "
            + "Nothing is missed or doubled by whoever comes back with the last id.")
        .Produces<ApiMessage>(StatusCodes.Status200OK, "text/event-stream").Refuses(400, 401, 404, 429);

    // A browser's EventSource repeats the address it was given and says by the header how far it has come.
    private async Task<IResult> FollowAsync(string address, string? after, string? last, HttpContext context, CancellationToken cancellationToken)
    {
        var room = rooms.Open(address);
        LogPosition position = default;
        if (last is null && after is not null && !LogPosition.TryParse(after, out position))
            return Refusals.Field("after", "“after” is the number of a change, or an epoch, “-” and a number.");
        var isReadable = last is null || LogPosition.TryParse(last, out position);
        // A number that this room has not reached yet is one all the same: what is above it comes when it is there.
        var isOurs = isReadable && position.IsOf(database.Epoch);
        var goesOn = isOurs && (last ?? after) is not null;

        var connection = context.ApiConnection();
        context.Response.RegisterForDispose(limits.OpenStream(connection.Participant.Session));
        // Their place in the room, which outlasts the stream: who comes back at once was not away.
        await connection.EnterAsync(room, cancellationToken);
        var session = await rooms.JoinAsync(room, connection.Participant, goesOn ? position.Number : null, cancellationToken);
        context.Response.RegisterForDisposeAsync(session);
        // nginx would collect the events before it passes them on.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(StreamAsync(context, session, isReset: !isOurs, cancellationToken));
    }

    private async IAsyncEnumerable<SseItem<ApiMessage?>> StreamAsync(
        HttpContext context, RoomSession session, bool isReset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, context.RequestAborted, lifetime.ApplicationStopping, session.Participant.Session.Ended);
        await using var cut = time.CreateTimer(_ => context.Abort(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using var farewell = until.Token.Register(() => cut.Change(Farewell, Timeout.InfiniteTimeSpan));

        var number = session.Backlog.LastNumber;
        // At once, so that the reader knows that it is heard: the first event may be long in coming.
        await context.Response.Body.FlushAsync(cancellationToken);
        if (isReset)
            yield return Item(null, "reset", number);
        using var pings = new PeriodicTimer(PingInterval, time);
        var batches = session.Events(until.Token).GetAsyncEnumerator(CancellationToken.None);
        var batch = batches.MoveNextAsync().AsTask();
        try
        {
            var ping = pings.WaitForNextTickAsync(until.Token).AsTask();
            while (!until.IsCancellationRequested)
            {
                if (await Task.WhenAny(batch, ping) == ping)
                {
                    if (ping.IsCompletedSuccessfully)
                        yield return Item(null, "ping", number);
                    ping = pings.WaitForNextTickAsync(until.Token).AsTask();
                    continue;
                }

                if (!await HasMoreAsync(batch, until.Token))
                    break;
                foreach (var change in batches.Current.OfType<RoomEvent.MessageChanged>())
                {
                    number = change.Message.Changed;
                    yield return Item(ApiMessage.Of(session.Room, change.Message, uploads), "message", number);
                }

                batch = batches.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // The reader hung up between two events, or the session ended: an enumerator is disposed when it rests.
            await until.CancelAsync();
            await ((Task)batch).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await batches.DisposeAsync();
        }
    }

    /// <summary>False at the end, also when it comes in the middle of a page of the log; a fault goes on to the server's log.</summary>
    private static async Task<bool> HasMoreAsync(Task<bool> batch, CancellationToken until)
    {
        try
        {
            return await batch;
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            return false;
        }
    }

    private SseItem<ApiMessage?> Item(ApiMessage? message, string type, long number) =>
        new(message, type) { EventId = new LogPosition(database.Epoch, number).ToString() };
}
