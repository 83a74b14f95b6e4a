using System.Collections.Immutable;

namespace ChatShare.Core.People;

/// <summary>Somebody who is here, in a room or at all; all their connections are one. Equal by what it says.</summary>
/// <param name="PersonId">The person.</param>
/// <param name="Nickname">Their name.</param>
/// <param name="State"><see cref="PresenceState.Online"/> when any of the connections is.</param>
/// <param name="Doors">The different ones they came through, the browser first.</param>
public sealed record PersonHere(Guid PersonId, string Nickname, PresenceState State, ImmutableArray<Door> Doors)
{
    private static readonly Comparer<PersonHere> ByName = Comparer<PersonHere>.Create((a, b) =>
        StringComparer.OrdinalIgnoreCase.Compare(a.Nickname, b.Nickname) is var order and not 0 ? order : a.PersonId.CompareTo(b.PersonId));

    /// <inheritdoc />
    public bool Equals(PersonHere? other) =>
        other is not null && PersonId == other.PersonId && Nickname == other.Nickname && State == other.State
        && Doors.AsSpan().SequenceEqual(other.Doors.AsSpan());

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(PersonId, State);

    /// <summary>The people behind connections, sorted by name.</summary>
    internal static ImmutableArray<PersonHere> Of(IEnumerable<Participant> connections) =>
        [.. connections.GroupBy(participant => participant.Session.PersonId).Select(One).Order(ByName)];

    /// <summary>The people of a list with one row for each person and door, sorted by name.</summary>
    internal static ImmutableArray<PersonHere> Of(IEnumerable<ConnectedUser> users) =>
    [
        .. users.GroupBy(user => user.PersonId).Select(same => same.Select(user => new PersonHere(user.PersonId, user.Nickname, user.State, [user.Door]))
            .Aggregate(Both)).Order(ByName),
    ];

    /// <summary>
    /// The sorted list after a change of one person. The others' entries stay the same objects, so that a thousand who come one after the
    /// other are not a thousand lists of new people.
    /// </summary>
    /// <param name="people">The list before.</param>
    /// <param name="personId">Whose connections changed.</param>
    /// <param name="connections">All that they have now; none when they are gone.</param>
    internal static ImmutableArray<PersonHere> With(ImmutableArray<PersonHere> people, Guid personId, IReadOnlyCollection<Participant> connections)
    {
        var before = -1;
        for (var i = 0; i < people.Length && before < 0; i++)
        {
            if (people[i].PersonId == personId)
                before = i;
        }

        if (connections.Count == 0)
            return before < 0 ? people : people.RemoveAt(before);
        var now = One(connections);
        if (before >= 0)
            return people[before].Equals(now) ? people : people.SetItem(before, now);
        return people.Insert(~people.BinarySearch(now, ByName), now);
    }

    /// <summary>Two sorted lists as one; who is in both is one person.</summary>
    internal static ImmutableArray<PersonHere> Together(ImmutableArray<PersonHere> people, ImmutableArray<PersonHere> others)
    {
        if (others.IsEmpty)
            return people;
        return [.. people.Concat(others).GroupBy(person => person.PersonId).Select(same => same.Aggregate(Both)).Order(ByName)];
    }

    private static PersonHere Both(PersonHere one, PersonHere same) => one with
    {
        State = one.State == PresenceState.Online ? one.State : same.State,
        Doors = [.. one.Doors.Union(same.Doors).Order()],
    };

    private static PersonHere One(IEnumerable<Participant> connections)
    {
        var one = connections.First().Session;
        return new PersonHere(
            one.PersonId,
            one.Nickname.Value,
            connections.Any(p => p.State == PresenceState.Online) ? PresenceState.Online : PresenceState.Away,
            [.. connections.Select(p => p.Door).Distinct().Order()]);
    }
}
