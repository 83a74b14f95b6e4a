using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace ChatShare.Core.People;

/// <summary>One person at one door, as the administrator's table shows them.</summary>
/// <param name="PersonId">The person.</param>
/// <param name="Nickname">Their name.</param>
/// <param name="Door">The door; one row for each.</param>
/// <param name="Rooms">Names of the rooms that any of the connections is in, sorted.</param>
/// <param name="Addresses">The different addresses they come from, sorted.</param>
/// <param name="Since">When the oldest of the connections was made.</param>
/// <param name="State"><see cref="PresenceState.Online"/> when any of the connections is.</param>
/// <param name="Connections">How many there are.</param>
public sealed record ConnectedUser(
    Guid PersonId,
    string Nickname,
    Door Door,
    ImmutableArray<string> Rooms,
    ImmutableArray<string> Addresses,
    DateTimeOffset Since,
    PresenceState State,
    int Connections);

/// <summary>Who is connected now, through any door. All members may be called from any thread.</summary>
public sealed class ConnectedUsers(TimeProvider time)
{
    private static readonly Comparer<ConnectedUser> ByName = Comparer<ConnectedUser>.Create((a, b) =>
        StringComparer.OrdinalIgnoreCase.Compare(a.Nickname, b.Nickname) is var order and not 0 ? order
        : a.Door.CompareTo(b.Door) is var door and not 0 ? door
        : a.PersonId.CompareTo(b.PersonId));

    // Walked without Keys, which would copy a list of everybody for each who comes.
    private readonly ConcurrentDictionary<Participant, byte> _participants = new();

    // Those that were seen since the last round and may not be connected any more.
    private readonly ConcurrentDictionary<Guid, byte> _seen = new();
    private volatile Listing? _listing;
    private volatile Listing _elsewhere = new(0, []);

    /// <summary>Raised when somebody came, went, changed state or room.</summary>
    public ChangeSignal Changed { get; } = new();

    /// <summary>The same, of those who are connected to this node.</summary>
    internal ChangeSignal ChangedHere { get; } = new();

    /// <summary>Registers a connection of a living session. Dispose what is returned when the connection is closed.</summary>
    /// <param name="session">Who connects.</param>
    /// <param name="door">How.</param>
    /// <param name="address">The client's address as text.</param>
    public Participant Connect(PersonSession session, Door door, string address)
    {
        var participant = new Participant(this, session, door, address, time.GetUtcNow());
        _participants[participant] = 0;
        // It ended while it was being registered, and the participant could not be taken off the list yet.
        if (!session.IsAlive)
            _participants.TryRemove(participant, out _);
        RaiseHere();
        return participant;
    }

    /// <summary>
    /// Everybody, one row a person and door, sorted by nickname. Made once for each change: every open page asks when somebody
    /// comes or goes.
    /// </summary>
    public ImmutableArray<ConnectedUser> List()
    {
        // Read before the list is made: what changes meanwhile raises the version behind it, and the next one who asks makes it anew.
        var version = Changed.Version;
        if (_listing is { } known && known.Version == version)
            return known.Users;
        var listing = new Listing(version, Together(ListHere(), _elsewhere.Users));
        _listing = listing;
        return listing.Users;
    }

    /// <summary>The same, of those who are connected to other nodes; told by <see cref="Cluster.PeopleOnOtherNodes"/>.</summary>
    internal void SetElsewhere(ImmutableArray<ConnectedUser> users)
    {
        if (users.IsEmpty && _elsewhere.Users.IsEmpty)
            return;
        _elsewhere = new Listing(0, users);
        Changed.Raise();
    }

    /// <summary>Everybody, one entry a person, sorted by nickname.</summary>
    public ImmutableArray<PersonHere> People() => PersonHere.Together(PersonHere.Of(_participants.Keys), PersonHere.Of(_elsewhere.Users));

    /// <summary>How many connections a person has through a door.</summary>
    public int CountOf(Guid personId, Door door) =>
        _participants.Count(entry => entry.Key.Session.PersonId == personId && entry.Key.Door == door);

    /// <summary>How many connections there are through a door, and how many of them are down and may come back.</summary>
    internal (int Up, int Down) CountOf(Door door)
    {
        var (up, down) = (0, 0);
        foreach (var (participant, _) in _participants)
        {
            if (participant.Door == door)
                _ = participant.State == PresenceState.Online ? up++ : down++;
        }

        return (up, down);
    }

    /// <summary>Whether this person has any connection.</summary>
    public bool IsHere(Guid personId) =>
        _participants.Any(entry => entry.Key.Session.PersonId == personId) || _elsewhere.Users.Any(user => user.PersonId == personId);

    /// <summary>Everybody who has any connection; the caller's own set.</summary>
    internal HashSet<Guid> PersonIds() => [.. _participants.Select(entry => entry.Key.Session.PersonId)];

    /// <summary>Whether any connection of this session is up or may come back.</summary>
    public bool IsConnected(Guid sessionId) => _participants.Any(entry => entry.Key.Session.Id == sessionId);

    /// <summary>Somebody was here for one request and has no connection.</summary>
    public void Saw(PersonSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        _seen[session.Id] = 0;
    }

    /// <summary>The sessions that have a connection now.</summary>
    internal IReadOnlyCollection<PersonSession> Sessions => [.. _participants.Keys.Select(p => p.Session).Distinct()];

    internal void HangUp(Participant participant)
    {
        if (!_participants.TryRemove(participant, out _))
            return;
        if (IsHeldFor(participant))
            _seen[participant.Session.Id] = 0;
        RaiseHere();
    }

    /// <summary>The sessions that are connected now or were seen since the last call, and whose names are held when they are gone.</summary>
    internal IReadOnlyCollection<Guid> TakeSeen()
    {
        var seen = _participants.Keys.Where(IsHeldFor).Select(p => p.Session.Id).ToHashSet();
        foreach (var sessionId in _seen.Keys)
        {
            // Taken off first: who is seen again at this moment counts for the next round.
            _seen.TryRemove(sessionId, out _);
            seen.Add(sessionId);
        }

        return seen;
    }

    internal void Touch(Participant participant)
    {
        if (_participants.ContainsKey(participant))
            RaiseHere();
    }

    /// <summary>A TCP client's session ends with its connection, see <see cref="SessionService.JoinForConnectionAsync"/>.</summary>
    private static bool IsHeldFor(Participant participant) => participant.Door != Door.Tcp;

    private void RaiseHere()
    {
        ChangedHere.Raise();
        Changed.Raise();
    }

    /// <summary>Who is connected to several nodes through one door is one row.</summary>
    private static ImmutableArray<ConnectedUser> Together(ImmutableArray<ConnectedUser> users, ImmutableArray<ConnectedUser> others) => others.IsEmpty
        ? users
        : [.. users.Concat(others).GroupBy(user => (user.PersonId, user.Door)).Select(same => same.Aggregate(Both)).Order(ByName)];

    private static ConnectedUser Both(ConnectedUser one, ConnectedUser same) => one with
    {
        Rooms = [.. one.Rooms.Union(same.Rooms).Order(StringComparer.OrdinalIgnoreCase)],
        Addresses = [.. one.Addresses.Union(same.Addresses).Order(StringComparer.Ordinal)],
        Since = one.Since < same.Since ? one.Since : same.Since,
        State = one.State == PresenceState.Online ? one.State : same.State,
        Connections = one.Connections + same.Connections,
    };

    /// <summary>Those who are connected to this node, as <see cref="List"/>.</summary>
    internal ImmutableArray<ConnectedUser> ListHere() =>
    [
        .. _participants.Keys
            .GroupBy(p => (p.Session.PersonId, p.Door))
            .Select(connections => new ConnectedUser(
                connections.Key.PersonId,
                connections.First().Session.Nickname.Value,
                connections.Key.Door,
                [.. connections.SelectMany(p => p.Rooms).Distinct().Order(StringComparer.OrdinalIgnoreCase)],
                [.. connections.Select(p => p.Address).Distinct().Order(StringComparer.Ordinal)],
                connections.Min(p => p.Since),
                connections.Any(p => p.State == PresenceState.Online) ? PresenceState.Online : PresenceState.Away,
                connections.Count()))
            .Order(ByName),
    ];

    private sealed record Listing(long Version, ImmutableArray<ConnectedUser> Users);
}
