using System.Collections.Immutable;
using System.Diagnostics;
using ChatShare.Core.People;

namespace ChatShare.Core.Rooms;

/// <summary>Who is in a room, through this node and through others. Guarded by the room's lock.</summary>
internal sealed class PeopleInRoom
{
    private ImmutableArray<PersonHere> _here = [];
    private ImmutableArray<PersonHere> _elsewhere = [];
    private ImmutableArray<PersonHere>? _all = [];
    private long _toldAt;

    /// <summary>Sorted by name.</summary>
    public ImmutableArray<PersonHere> All => _all ??= PersonHere.Together(_here, _elsewhere);

    /// <summary>Grows when everybody is to be told.</summary>
    public long Version { get; private set; }

    /// <summary>Whether there is something that was not told yet.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Of one person these are all connections to this node now.</summary>
    public void Changed(Guid personId, IReadOnlyCollection<Participant> connections)
    {
        _here = PersonHere.With(_here, personId, connections);
        (_all, IsDirty) = (null, true);
    }

    /// <summary>These are in the room through other nodes, sorted by name.</summary>
    public void SetElsewhere(ImmutableArray<PersonHere> people)
    {
        if (_elsewhere.AsSpan().SequenceEqual(people.AsSpan()))
            return;
        _elsewhere = people;
        (_all, IsDirty) = (null, true);
    }

    /// <summary>Lets <see cref="Version"/> grow when there is something to tell and the last time is long enough ago.</summary>
    /// <returns>Whether it grew.</returns>
    public bool Tell()
    {
        var now = Stopwatch.GetTimestamp();
        if (!IsDirty || now - _toldAt < Pause(All.Length))
            return false;
        IsDirty = false;
        _toldAt = now;
        Version++;
        return true;
    }

    /// <summary>In stopwatch ticks. Five hundred who come at once would else all be drawn anew by all of them, four times a second.</summary>
    private static long Pause(int people) => Math.Min(2000, people * 4) * Stopwatch.Frequency / 1000;
}
