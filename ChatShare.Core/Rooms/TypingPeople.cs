using System.Collections.Immutable;
using System.Diagnostics;

namespace ChatShare.Core.Rooms;

/// <summary>Who is typing in a room, each until a few seconds after the last key. Guarded by the room's lock.</summary>
internal sealed class TypingPeople
{
    private static readonly long TypingTicks = 6 * Stopwatch.Frequency;

    private readonly Dictionary<Guid, (PersonTyping Person, long Until)> _people = [];
    private long _told;

    /// <summary>Grows when somebody begins or stops; not when they type on.</summary>
    public long Version { get; private set; }

    /// <summary>Whether there is anybody.</summary>
    public bool Any => _people.Count > 0;

    /// <summary>All of them, who typed last at the end.</summary>
    public ImmutableArray<PersonTyping> List() => [.. _people.Values.OrderBy(typing => typing.Until).Select(typing => typing.Person)];

    /// <summary>Begins, or types on.</summary>
    public void Start(PersonTyping who)
    {
        var until = Stopwatch.GetTimestamp() + TypingTicks;
        if (_people.TryAdd(who.PersonId, (who, until)))
            Version++;
        else
            _people[who.PersonId] = _people[who.PersonId] with { Until = until };
    }

    /// <summary>Has sent it, or has given it up.</summary>
    /// <returns>Whether they were typing.</returns>
    public bool Stop(Guid personId)
    {
        if (!_people.Remove(personId))
            return false;
        Version++;
        return true;
    }

    /// <summary>Those whose last key is too long ago are typing no more.</summary>
    /// <returns>Whether anybody has begun or stopped since it was asked last.</returns>
    public bool Expire()
    {
        var now = Stopwatch.GetTimestamp();
        foreach (var (person, typing) in _people)
        {
            if (typing.Until <= now && _people.Remove(person))
                Version++;
        }

        var isNews = Version != _told;
        _told = Version;
        return isNews;
    }
}
