using System.Collections.Immutable;
using System.Diagnostics;

namespace ChatShare.Core.Rooms;

/// <summary>
/// What a room has in memory: its newest messages, and its newest changes for readers that are a little behind. Guarded by the room's lock.
/// </summary>
/// <remarks>
/// Changes are taken in the order of their numbers. With several nodes some come ahead of what another node has written: these wait here until
/// that has come, too, or was read from the database.
/// </remarks>
internal sealed class RecentMessages(long lastNumber, long messageCount)
{
    private const int TailLength = 200;
    private const int RingLength = 512;

    private readonly SortedList<long, ChatMessage> _tail = [];
    // By number; null for a change that was followed by another one of the same message before this node read of it.
    private readonly ChatMessage?[] _ring = new ChatMessage?[RingLength];
    private readonly long[] _takenAt = new long[RingLength];
    private readonly SortedList<long, ChatMessage> _early = [];
    private List<ChatMessage>? _whileLoading;
    private long _ringFrom;
    private long _newestKnown = lastNumber;
    private long? _gapFrom;

    /// <summary>How many messages <see cref="Load"/> is given.</summary>
    public static int Wanted => TailLength;

    /// <summary>Whether messages are held; before, there are numbers only.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>The number of the last change that everybody here may see.</summary>
    public long LastNumber { get; private set; } = lastNumber;

    /// <summary>How many messages were ever posted.</summary>
    public long MessageCount { get; private set; } = messageCount;

    /// <summary>Whether there are changes that did not come. Also where nobody reads: what changes does more than stand in its room.</summary>
    public bool IsBehind => _newestKnown > LastNumber || _gapFrom is not null;

    /// <summary>Up to here no message is missing; above, where a gap is being filled, one may have been posted whose last change is still to come.</summary>
    public long CompleteTo => _gapFrom ?? LastNumber;

    /// <summary>The number of the newest message; 0 when there is none.</summary>
    public long NewestMessage => _tail.Count > 0 ? _tail.GetKeyAtIndex(_tail.Count - 1) : 0;

    public ChatMessage? Find(long number) => _tail.GetValueOrDefault(number);

    /// <summary>Ascending.</summary>
    public ImmutableArray<ChatMessage> Newest(int limit) => [.. _tail.Values.Skip(_tail.Count - limit)];

    /// <summary>Before the database is read: what comes meanwhile is kept, because it may or may not be in what is read.</summary>
    public void BeginLoading() => _whileLoading = [];

    /// <summary>What the database held at one moment.</summary>
    public void Load(ImmutableArray<ChatMessage> newest, long lastNumber)
    {
        foreach (var message in newest)
            _tail[message.Number] = message;
        (LastNumber, _gapFrom) = (lastNumber, null);
        _ringFrom = lastNumber + 1;
        IsLoaded = true;
        foreach (var message in _whileLoading ?? [])
            Add(message);
    }

    /// <summary>After <see cref="Load"/>, or instead of it.</summary>
    public void EndLoading() => _whileLoading = null;

    /// <summary>A durable change. Does nothing when it is known already.</summary>
    /// <returns>Whether readers have something new.</returns>
    public bool Add(ChatMessage message)
    {
        Heard(message.Changed, message.Ordinal);
        if (!IsLoaded)
            _whileLoading?.Add(message);
        if (message.Changed <= LastNumber)
            return false;
        if (message.Changed > LastNumber + 1)
        {
            // What does not fit is read from the database with all that is missing.
            if (_early.Count < RingLength)
                _early.TryAdd(message.Changed, message);
            return false;
        }

        Keep(message);
        TakeEarly();
        return true;
    }

    /// <summary>So many there are, somebody says; the changes themselves may come later.</summary>
    public void Heard(long number, long count)
    {
        _newestKnown = Math.Max(_newestKnown, number);
        MessageCount = Math.Max(MessageCount, count);
    }

    /// <summary>What the database has after <see cref="LastNumber"/> as it was when it was asked, in the order of the changes.</summary>
    /// <param name="page">Some of it, from its beginning.</param>
    /// <param name="isLast">Whether that was all; else the rest is to be asked for.</param>
    /// <returns>Whether readers have something new.</returns>
    public bool AddMissed(ImmutableArray<ChatMessage> page, bool isLast)
    {
        var before = LastNumber;
        _gapFrom ??= before;
        foreach (var message in page)
        {
            // It came by itself meanwhile.
            if (message.Changed <= LastNumber)
                continue;
            for (var hole = Math.Max(LastNumber + 1, message.Changed - RingLength); hole < message.Changed; hole++)
                (_ring[hole % RingLength], _takenAt[hole % RingLength]) = (null, Stopwatch.GetTimestamp());
            Keep(message);
        }

        TakeEarly();
        if (isLast)
            _gapFrom = null;
        return LastNumber > before;
    }

    /// <summary>The changes after a number, in order.</summary>
    /// <param name="after">The number.</param>
    /// <param name="events">Receives them.</param>
    /// <param name="since">When the first of them came, by the stopwatch; 0 when there is none.</param>
    /// <returns>False when there were more than are held: they have to be read from the log.</returns>
    public bool TryRead(long after, ICollection<RoomEvent> events, out long since)
    {
        since = 0;
        if (after >= LastNumber)
            return true;
        if (after + 1 < _ringFrom)
            return false;
        since = _takenAt[(after + 1) % RingLength];
        for (var number = after + 1; number <= LastNumber; number++)
        {
            if (_ring[number % RingLength] is { } message)
                events.Add(new RoomEvent.MessageChanged(message));
        }

        return true;
    }

    /// <summary>The last number that <see cref="TryRead"/> cannot give any more.</summary>
    public long LastForgotten => _ringFrom - 1;

    private void TakeEarly()
    {
        while (_early.Count > 0 && _early.GetKeyAtIndex(0) <= LastNumber + 1)
        {
            var message = _early.GetValueAtIndex(0);
            _early.RemoveAt(0);
            if (message.Changed > LastNumber)
                Keep(message);
        }
    }

    private void Keep(ChatMessage message)
    {
        // Also one that was posted and changed within a gap, so that its posting is one of the holes.
        var isNew = message.Number > CompleteTo;
        LastNumber = message.Changed;
        _newestKnown = Math.Max(_newestKnown, LastNumber);
        MessageCount = Math.Max(MessageCount, message.Ordinal);
        if (!IsLoaded)
            return;
        (_ring[message.Changed % RingLength], _takenAt[message.Changed % RingLength]) = (message, Stopwatch.GetTimestamp());
        _ringFrom = Math.Max(_ringFrom, message.Changed - RingLength + 1);
        // A change of an old message, one above the tail, must not come into the tail: there would be a hole behind it.
        if (isNew || _tail.ContainsKey(message.Number))
            _tail[message.Number] = message;
        if (_tail.Count > TailLength)
            _tail.RemoveAt(0);
    }
}
