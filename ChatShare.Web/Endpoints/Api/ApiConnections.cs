using System.Collections.Concurrent;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Web.Security;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>
/// Who is here by HTTP. A request is over in a moment, but whoever posts every second is here all the time: each session and door has
/// one <see cref="ApiConnection"/>, from its first request until a while after its last.
/// </summary>
internal sealed class ApiConnections(ConnectedUsers connected, RoomService rooms, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(Guid SessionId, Door Door), Lazy<ApiConnection>> _open = new();

    /// <summary>For one request; to be released at its end.</summary>
    /// <param name="who">Whose.</param>
    /// <param name="door">The door.</param>
    /// <param name="address">Where the request comes from; the first one's is shown.</param>
    public ApiConnection Hold(PersonSession who, Door door, string address)
    {
        var key = (who.Id, door);
        while (true)
        {
            // Lazy: of two first requests one makes the connection, and nobody comes twice.
            var lazy = _open.GetOrAdd(key, _ => new Lazy<ApiConnection>(() => new ApiConnection(connected.Connect(who, door, address), rooms, time)));
            if (lazy.Value.TryHold(() => _open.TryRemove(KeyValuePair.Create(key, lazy))))
                return lazy.Value;
            // Its time ran out at this very moment.
            _open.TryRemove(KeyValuePair.Create(key, lazy));
        }
    }

    /// <summary>The server stops: everybody is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var lazy in _open.Values)
            await lazy.Value.DisposeAsync();
    }
}

/// <summary>Who asks is here, and an administrator can see and disconnect them, until the answer is sent.</summary>
internal static class ProgramsHere
{
    /// <summary>
    /// For what programs and pages ask alike. A program has nothing but its requests, and may send files for hours without another one; whoever comes with
    /// the cookie is here by their page.
    /// </summary>
    public static TBuilder ShowPrograms<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter((invocation, next) =>
        {
            var context = invocation.HttpContext;
            if (context.Door() != Door.Browser && context.PersonSession() is { } who)
                context.BeHere(who);
            return next(invocation);
        });

    /// <summary>This request's connection.</summary>
    public static ApiConnection BeHere(this HttpContext context, PersonSession who)
    {
        var connection = context.RequestServices.GetRequiredService<ApiConnections>().Hold(who, context.Door(), ClientAddress.Of(context));
        // Until the answer is sent, which of a stream of events takes as long as somebody reads.
        context.Response.RegisterForDispose(new Held(connection));
        return connection;
    }

    private sealed class Held(ApiConnection connection) : IDisposable
    {
        public void Dispose() => connection.Release();
    }
}

/// <summary>One person's requests through one door, as one connection, and the rooms that they are in by it.</summary>
internal sealed class ApiConnection : IAsyncDisposable
{
    // Longer than scripts pause between two looks, mostly; as long as one wonders where somebody has gone.
    private static readonly TimeSpan Stays = TimeSpan.FromSeconds(60);

    private readonly RoomService _rooms;
    private readonly Lock _gate = new();
    private readonly ITimer _over;
    private readonly SemaphoreSlim _entering = new(1);
    private readonly ConcurrentDictionary<int, RoomSession> _in = new();
    private Action? _closed;
    private int _holds;
    private bool _isOver;

    public ApiConnection(Participant participant, RoomService rooms, TimeProvider time)
    {
        Participant = participant;
        _rooms = rooms;
        _over = time.CreateTimer(_ => _ = EndUnlessHeldAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Who it is.</summary>
    public Participant Participant { get; }

    /// <summary>False when it is over and another one has to be made.</summary>
    /// <param name="closed">What to do when it is.</param>
    public bool TryHold(Action closed)
    {
        lock (_gate)
        {
            if (_isOver)
                return false;
            _closed = closed;
            _holds++;
            return true;
        }
    }

    /// <summary>The request is over; without a next one the person is gone after a while.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (--_holds == 0 && !_isOver)
                _over.Change(Stays, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Their place in a room, taken with the first request about it. Nobody reads its events, so it costs nothing.</summary>
    public async Task<RoomSession> EnterAsync(Room room, CancellationToken cancellationToken)
    {
        if (_in.TryGetValue(room.Id, out var known))
            return known;
        await _entering.WaitAsync(cancellationToken);
        try
        {
            if (!_in.TryGetValue(room.Id, out known))
                _in[room.Id] = known = await _rooms.JoinAsync(room, Participant, afterNumber: null, cancellationToken);
            return known;
        }
        finally
        {
            _entering.Release();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _isOver = true;
        await _over.DisposeAsync();
        foreach (var place in _in.Values)
            await place.DisposeAsync();
        Participant.Dispose();
    }

    private async Task EndUnlessHeldAsync()
    {
        lock (_gate)
        {
            // A request came between the timer and here; its end sets the timer again.
            if (_holds > 0 || _isOver)
                return;
            _isOver = true;
        }

        _closed?.Invoke();
        await DisposeAsync();
    }
}
