using System.Collections.Immutable;
using System.Globalization;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Components.Chat;

/// <summary>A row as one viewer sees it.</summary>
/// <param name="Message">The message, shared with everybody.</param>
/// <param name="Follows">The same person said something less than five minutes before, on the same day.</param>
/// <param name="Day">The day that begins with this row; null for all others.</param>
/// <param name="IsFirstUnread">The line "New" stands above it.</param>
internal readonly record struct TimelineRow(ChatMessage Message, bool Follows, TimelineDay? Day, bool IsFirstUnread);

/// <summary>A day in the viewer's zone.</summary>
/// <param name="Date">Which.</param>
/// <param name="Name">"Today", "Yesterday", or the date. Part of the row, so that the first message after midnight draws it anew.</param>
internal readonly record struct TimelineDay(DateOnly Date, string Name);

/// <summary>
/// Up to sixteen rows that are drawn together. The places are fixed by the messages' ordinals, so that adding at either end
/// moves nothing from one block to another; a block that did not change stays the same object and is not drawn again.
/// </summary>
/// <param name="Key">Which.</param>
/// <param name="Version">Another one for each other content.</param>
/// <param name="Rows">From the top.</param>
internal sealed record TimelineBlock(long Key, long Version, ImmutableArray<TimelineRow> Rows);

/// <summary>The part of a room's messages that one page shows: at most about two hundred, without holes.</summary>
internal sealed class TimelineWindow(TimeProvider time)
{
    /// <summary>How many rows are kept; older or newer ones are loaded again when they are scrolled to.</summary>
    public const int MaxRows = 200;

    private const int BlockLength = 16;
    private static readonly TimeSpan Together = TimeSpan.FromMinutes(5);

    private readonly SortedList<long, ChatMessage> _messages = [];
    private ImmutableArray<TimelineBlock> _blocks = [];
    private readonly List<long> _staleBlocks = [];
    private bool _allStale;
    private long _version;
    private long? _firstUnread;
    private DateOnly _today;
    private DateOnly _day;
    private DateTimeOffset _dayBegins;
    private DateTimeOffset _dayEnds;
    private long? _newestWhenOpened;

    /// <summary>The viewer's zone; days begin there.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>What is to be drawn. Made when it is asked for: a frame may bring hundreds of changes.</summary>
    public ImmutableArray<TimelineBlock> Blocks
    {
        get
        {
            if (_allStale || _staleBlocks.Count > 0)
                Rebuild();
            return _blocks;
        }
    }

    /// <summary>Who looks; what they said themselves is no news to them.</summary>
    public Guid Viewer { get; init; }

    /// <summary>Whether the newest row is the newest of the room.</summary>
    public bool AtEnd { get; private set; } = true;

    /// <summary>
    /// Whether the viewer is at the last row. While they read further up, a full window takes in nothing new: the row that would
    /// make place for it may be the one they read.
    /// </summary>
    public bool IsFollowed { get; set; } = true;

    /// <summary>How many messages of others came since the window last reached the end, and stand below it.</summary>
    public int Missed { get; private set; }

    /// <summary>
    /// The newest message that the viewer had seen when the page was opened; 0 for somebody who has seen nothing yet. The line "New"
    /// stands behind it, once it is among the rows, if anything was unread then: what comes while they watch is no news.
    /// </summary>
    public long Seen { get; init; }

    /// <summary>Null when there is nothing.</summary>
    public long? Oldest => _messages.Count > 0 ? _messages.GetKeyAtIndex(0) : null;

    /// <summary>Null when there is nothing.</summary>
    public long? Newest => _messages.Count > 0 ? _messages.GetKeyAtIndex(_messages.Count - 1) : null;

    /// <summary>Null when it is not in the window.</summary>
    public ChatMessage? Find(long number) => _messages.GetValueOrDefault(number);

    /// <summary>The block with this key, which is there.</summary>
    public TimelineBlock Block(long key) => Blocks.First(block => block.Key == key);

    /// <summary>Starts afresh with the newest page.</summary>
    /// <param name="messages">Ascending.</param>
    public void Reset(IEnumerable<ChatMessage> messages)
    {
        _messages.Clear();
        foreach (var message in messages)
            _messages[message.Number] = message;
        _newestWhenOpened ??= Newest ?? 0;
        ReachEnd(true);
        _allStale = true;
    }

    /// <summary>
    /// Takes a message that was posted or changed. While the window does not reach to the end, a newer one stays outside and is
    /// counted; one that is older than the window stays outside as well.
    /// </summary>
    /// <returns>Whether there is something to draw.</returns>
    public bool Apply(ChatMessage message)
    {
        if (_messages.TryGetValue(message.Number, out var known))
        {
            if (known.Changed >= message.Changed)
                return false;
        }
        else if (message.Number < (Oldest ?? 0))
        {
            return false;
        }
        else if (!AtEnd || (!IsFollowed && _messages.Count >= MaxRows))
        {
            return Miss(message);
        }

        _messages[message.Number] = message;
        var place = _messages.IndexOfKey(message.Number);
        MakeStale(place);
        MakeStale(place + 1);
        while (_messages.Count > MaxRows)
        {
            MakeStale(0);
            _messages.RemoveAt(0);
            // It is the first now and begins its day; and the line "New" may be gone.
            MakeStale(0);
            _allStale |= _firstUnread is not null;
        }

        return true;
    }

    /// <summary>Puts older messages above; rows at the other end make place.</summary>
    public void Prepend(ImmutableArray<ChatMessage> older)
    {
        foreach (var message in older)
            _messages.TryAdd(message.Number, message);
        while (_messages.Count > MaxRows)
        {
            _messages.RemoveAt(_messages.Count - 1);
            AtEnd = false;
        }

        _allStale = true;
    }

    /// <summary>Puts newer messages below; rows at the other end make place.</summary>
    /// <param name="newer">Ascending, the next ones.</param>
    /// <param name="reachesEnd">Whether there are no newer ones.</param>
    public void Append(ImmutableArray<ChatMessage> newer, bool reachesEnd)
    {
        foreach (var message in newer)
            _messages[message.Number] = message;
        while (_messages.Count > MaxRows)
            _messages.RemoveAt(0);
        ReachEnd(reachesEnd);
        _allStale = true;
    }

    private void MakeStale(int place)
    {
        if (place < _messages.Count && KeyOf(_messages.GetValueAtIndex(place)) is var key && !_staleBlocks.Contains(key))
            _staleBlocks.Add(key);
    }

    private void ReachEnd(bool reached)
    {
        AtEnd = reached;
        if (reached)
            Missed = 0;
    }

    private bool Miss(ChatMessage message)
    {
        var wasAtEnd = AtEnd;
        AtEnd = false;
        // An old message that was changed is no news.
        if (message.Number != message.Changed || message.PersonId == Viewer)
            return wasAtEnd;
        Missed++;
        return true;
    }

    /// <summary>
    /// Runs for everybody in the room and each message: what did not change costs neither memory nor time. A row depends on its message and on
    /// the one before it.
    /// </summary>
    private void Rebuild()
    {
        var blocks = ImmutableArray.CreateBuilder<TimelineBlock>(_blocks.Length + 1);
        var today = DayOf(time.GetUtcNow());
        if (_allStale || today != _today)
        {
            (_allStale, _today, _firstUnread) = (true, today, FirstUnread());
        }

        var before = 0;
        for (var i = 0; i < _messages.Count;)
        {
            var key = KeyOf(_messages.GetValueAtIndex(i));
            // Those of before are in the order of their keys, too.
            while (before < _blocks.Length && _blocks[before].Key < key)
                before++;
            var known = before < _blocks.Length && _blocks[before].Key == key ? _blocks[before] : null;
            var block = known is not null && !_allStale && !_staleBlocks.Contains(key) ? known : Draw(key, i, known);
            blocks.Add(block);
            i += block.Rows.Length;
        }

        _blocks = blocks.DrainToImmutable();
        _allStale = false;
        _staleBlocks.Clear();
    }

    private TimelineBlock Draw(long key, int from, TimelineBlock? known)
    {
        var rows = ImmutableArray.CreateBuilder<TimelineRow>(BlockLength);
        var previous = from > 0 ? _messages.GetValueAtIndex(from - 1) : null;
        for (var i = from; i < _messages.Count && _messages.GetValueAtIndex(i) is var message && KeyOf(message) == key; i++)
        {
            var day = DayOf(message.SentAt);
            var isNewDay = previous is null || day != DayOf(previous.SentAt);
            var isFirstUnread = message.Number == _firstUnread;
            var follows = !isNewDay && !isFirstUnread && previous!.PersonId == message.PersonId && message.SentAt - previous.SentAt < Together;
            rows.Add(new TimelineRow(message, follows, isNewDay ? new TimelineDay(day, DayName(day, _today)) : null, isFirstUnread));
            previous = message;
        }

        var drawn = rows.DrainToImmutable();
        return known is not null && drawn.AsSpan().SequenceEqual(known.Rows.AsSpan()) ? known : new TimelineBlock(key, ++_version, drawn);
    }

    private static long KeyOf(ChatMessage message) => message.Ordinal / BlockLength;

    /// <summary>Null as long as what comes before it is not among the rows: a line in the middle of the news would hide the rest.</summary>
    private long? FirstUnread() => Oldest <= Seen || _messages.Values.FirstOrDefault() is { Ordinal: 1 }
        ? _messages.Values.FirstOrDefault(message => message.Number > Seen && message.Number <= _newestWhenOpened && message.PersonId != Viewer)?.Number
        : null;

    /// <summary>Remembers the last day's ends: most rows are of the same day, and asking the zone about each took a tenth of a delivery.</summary>
    private DateOnly DayOf(DateTimeOffset moment)
    {
        if (moment >= _dayBegins && moment < _dayEnds)
            return _day;
        var local = TimeZoneInfo.ConvertTime(moment, Zone);
        _day = DateOnly.FromDateTime(local.DateTime);
        (_dayBegins, _dayEnds) = (moment - local.TimeOfDay, moment - local.TimeOfDay + TimeSpan.FromDays(1));
        // A day on which clocks change is longer or shorter than that, and is asked about each time.
        if (Zone.GetUtcOffset(_dayBegins) != local.Offset || Zone.GetUtcOffset(_dayEnds) != local.Offset)
            _dayEnds = _dayBegins;
        return _day;
    }

    private static string DayName(DateOnly day, DateOnly today) => (today.DayNumber - day.DayNumber) switch
    {
        0 => "Today",
        1 => "Yesterday",
        _ => InFull(day),
    };

    /// <summary>"Monday, 23 November 2026".</summary>
    public static string InFull(DateOnly day) => day.ToString("dddd, d MMMM yyyy", CultureInfo.InvariantCulture);
}
