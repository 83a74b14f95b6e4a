using System.Collections.Immutable;

namespace ChatShare.Core.People;

/// <summary>Whether a connection can be reached now.</summary>
public enum PresenceState
{
    /// <summary>Connected.</summary>
    Online,

    /// <summary>The connection is down and may come back; the person is not gone.</summary>
    Away,
}

/// <summary>
/// One live connection of a person through one door: a browser circuit, a command line, an API stream, a TCP client.
/// Made by <see cref="ConnectedUsers.Connect"/>; disposing it is hanging up. A person with three tabs has three.
/// </summary>
public sealed class Participant : IDisposable
{
    private readonly ConnectedUsers _owner;
    private readonly Lock _gate = new();
    private ImmutableDictionary<string, int> _rooms = ImmutableDictionary<string, int>.Empty;
    private readonly CancellationTokenRegistration _ended;
    private int _disposed;

    internal Participant(ConnectedUsers owner, PersonSession session, Door door, string address, DateTimeOffset since)
    {
        _owner = owner;
        Session = session;
        Door = door;
        Address = address;
        Since = since;
        // An ended session is not away: whoever was disconnected is gone from every list at once.
        _ended = session.Ended.Register(Dispose);
    }

    /// <summary>Who it is.</summary>
    public PersonSession Session { get; }

    /// <summary>How they came in.</summary>
    public Door Door { get; }

    /// <summary>The client's address, believed from a proxy only when that proxy is trusted; for the administrator's eyes.</summary>
    public string Address { get; }

    /// <summary>When the connection was made.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>Down is not gone: a connection that broke is away until it is closed.</summary>
    public PresenceState State { get; private set; }

    /// <summary>The names of the rooms this connection is in.</summary>
    public IEnumerable<string> Rooms => _rooms.Keys;

    /// <summary>Raised with the participant when its state changed; rooms listen to tell the people in them.</summary>
    internal event Action<Participant>? StateChanged;

    /// <summary>Says whether the connection is up.</summary>
    public void SetState(PresenceState state)
    {
        if (State == state)
            return;
        State = state;
        _owner.Touch(this);
        StateChanged?.Invoke(this);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        _ended.Unregister();
        _owner.HangUp(this);
    }

    internal void Entered(string room)
    {
        // Counted, because one connection may hold two sessions of a room for a moment while a page changes over.
        lock (_gate)
            _rooms = _rooms.SetItem(room, _rooms.GetValueOrDefault(room) + 1);
        _owner.Touch(this);
    }

    internal void Left(string room)
    {
        lock (_gate)
        {
            var left = _rooms.GetValueOrDefault(room) - 1;
            _rooms = left > 0 ? _rooms.SetItem(room, left) : _rooms.Remove(room);
        }

        _owner.Touch(this);
    }
}
