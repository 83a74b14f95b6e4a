using System.Collections.Concurrent;
using ChatShare.Core.Storage;

namespace ChatShare.Core.People;

/// <summary>
/// For how long the names of guests who are not connected are still theirs. Counted by a counter that nobody can set, so that a clock that
/// jumps neither takes a name away nor keeps it; what happened before this run, or at another node, only a clock can tell.
/// </summary>
internal sealed class HeldNames(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private readonly ConcurrentDictionary<Guid, long> _until = new();

    /// <summary>From now on, for this long.</summary>
    public void Hold(Guid sessionId, TimeSpan wait) => _until[sessionId] = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);

    /// <summary>It was ended.</summary>
    public void LetGo(Guid sessionId) => _until.TryRemove(sessionId, out _);

    /// <summary>Forgets those whose time is over.</summary>
    public void Tidy()
    {
        foreach (var held in _until)
        {
            // Not one that was seen again at this moment.
            if (IsAhead(held.Value))
                continue;
            _until.TryRemove(held);
        }
    }

    /// <param name="session">Of somebody who is not connected.</param>
    /// <param name="wait">How long a name is held.</param>
    /// <param name="others">What the clock says that several nodes have in common; null where there is one node.</param>
    public bool IsHeld(SessionRow session, TimeSpan wait, DateTimeOffset? others)
    {
        var isCounted = _until.TryGetValue(session.Id, out var until);
        if (isCounted && IsAhead(until))
            return true;
        // However long this node has run, another one may have seen them a moment ago.
        if (others is { } now)
            return now - session.LastSeenAt < wait;
        // Whoever was not seen for so long in this run is not held by a clock that was ahead when they were seen.
        return !isCounted && time.GetElapsedTime(_start) < wait && time.GetUtcNow() - session.LastSeenAt < wait;
    }

    private bool IsAhead(long until) => until > time.GetTimestamp();
}
