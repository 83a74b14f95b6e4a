using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Components.Chat;

/// <summary>The part of a room's messages that one page shows: at most about two hundred, without holes.</summary>
internal sealed class TimelineWindow(TimeProvider time)
{
    /// <summary>
    /// How many rows are kept, and some more where a block is cut: what came first goes by whole blocks. Older or newer ones are loaded again
    /// when they are scrolled to.
    /// </summary>
    public const int MaxRows = 200;

    private static readonly TimeSpan Together = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestDayWait = TimeSpan.FromHours(1);

    private readonly SortedList<long, ChatMessage> _messages = [];
    private readonly List<TimelineBlock> _blocks = [];
    private readonly List<long> _staleBlocks = [];
    private bool _allStale;
    private bool _frameStale;
    private long? _firstUnread;
    private DateOnly _today;
    private DateOnly _day;
    private DateTimeOffset _dayBegins;
    private DateTimeOffset _dayEnds;
    private long? _newestWhenOpened;
    private bool _wentThere;
    private long _seen;
    private long _unread;
    private Dictionary<long, ChatMessage>? _meanwhile;

    /// <summary>The viewer's zone; days begin there.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>What is to be drawn, from the top. Up to date when it is asked for: a frame may bring hundreds of changes.</summary>
    public IReadOnlyList<TimelineBlock> Blocks
    {
        get
        {
            Refresh();
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
    /// The newest message that the viewer had seen when the page was opened, or when they came back to it; 0 for somebody who has seen nothing
    /// yet. The line "New" stands behind it, once it is among the rows, if anything was unread then: what comes while they watch is no news.
    /// </summary>
    public long Seen { get => _seen; init => _seen = value; }

    /// <summary>How many messages stood behind <see cref="Seen"/> then.</summary>
    public long Unread { get => _unread; init => _unread = value; }

    /// <summary>The message that the viewer came for, which is marked; null when they came for the room.</summary>
    public long? Sought { get; init; }

    /// <summary>Whether the line "New" was among the rows.</summary>
    public bool HasShownLine { get; private set; }

    /// <summary><see cref="Unread"/> as long as the line "New" lies further up than the rows and nobody went there; else 0.</summary>
    public long UnreadAbove => !HasShownLine && !_wentThere && Oldest > Seen && _messages.GetValueAtIndex(0).Ordinal > 1 ? Unread : 0;

    /// <summary>Null when there is nothing.</summary>
    public long? Oldest => _messages.Count > 0 ? _messages.GetKeyAtIndex(0) : null;

    /// <summary>Null when there is nothing.</summary>
    public long? Newest => _messages.Count > 0 ? _messages.GetKeyAtIndex(_messages.Count - 1) : null;

    /// <summary>Null when it is not in the window.</summary>
    public ChatMessage? Find(long number) => _messages.GetValueOrDefault(number);

    /// <summary>Starts afresh with the newest page.</summary>
    /// <param name="messages">Ascending.</param>
    public void Reset(IEnumerable<ChatMessage> messages)
    {
        _messages.Clear();
        // What is being read is not wanted any more.
        _meanwhile = null;
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
            _meanwhile?[message.Number] = message;
            return false;
        }
        else if (!AtEnd || (!IsFollowed && _messages.Count >= MaxRows))
        {
            _meanwhile?[message.Number] = message;
            return Miss(message);
        }

        _messages[message.Number] = message;
        var place = _messages.IndexOfKey(message.Number);
        MakeStale(place);
        MakeStale(place + 1);
        DropOldBlocks();
        return true;
    }

    /// <summary>Shows the part of the log where the viewer left off, after <see cref="BeginLoading"/>.</summary>
    /// <param name="page">Ascending, without holes.</param>
    /// <param name="reachesEnd">Whether there are no newer ones.</param>
    public void Open(ImmutableArray<ChatMessage> page, bool reachesEnd)
    {
        // What changed among the rows while the page was read counts like what changed outside of them.
        foreach (var message in _messages.Values)
            _meanwhile?.TryAdd(message.Number, message);
        _messages.Clear();
        TakeIn(page);
        ReachEnd(reachesEnd);
        // Also when all of it turns out to be the viewer's own, sent by another door: then there is no line.
        _allStale = _wentThere = true;
    }

    /// <summary>The viewer, whose page was in the background, looks again: what came meanwhile is news, and the line "New" goes there.</summary>
    /// <param name="seen">What they have seen until now, on this page or another.</param>
    /// <param name="newest">The room's newest message.</param>
    /// <param name="unread">How many stand behind what they have seen.</param>
    /// <returns>The message that the line stands at; null when it is further up than the rows, only the viewer wrote, or nobody: then it stays where it is.</returns>
    public long? ComeBack(long seen, long newest, long unread)
    {
        if (seen < _seen || newest <= seen || _messages.Count == 0)
            return null;
        (_seen, _newestWhenOpened, _unread) = (seen, newest, unread);
        HasShownLine = _wentThere = false;
        _allStale = _frameStale = true;
        return FirstUnread();
    }

    /// <summary>Draws everything anew with the next look if "Today" is another day by now.</summary>
    /// <returns>Whether it is.</returns>
    public bool TurnDay() => _allStale = _allStale || DayOf(time.GetUtcNow()) != _today;

    /// <summary>Until the viewer's day ends, and an hour at most: clocks are set, and machines sleep.</summary>
    public TimeSpan UntilDayMayEnd()
    {
        var left = TimeSpan.FromDays(1) - TimeZoneInfo.ConvertTime(time.GetUtcNow(), Zone).TimeOfDay;
        return left < LongestDayWait ? left : LongestDayWait;
    }

    /// <summary>
    /// Before a page for <see cref="Prepend"/>, <see cref="Append"/> or <see cref="Open"/> is read: what changes from here on may not be in it, and would else be left out
    /// as something that is outside. A message that was deleted would be shown again.
    /// </summary>
    public void BeginLoading() => _meanwhile = [];

    /// <summary>The page that was being read does not come.</summary>
    public void GiveUpLoading() => _meanwhile = null;

    /// <summary>Puts older messages above; rows at the other end make place.</summary>
    public void Prepend(ImmutableArray<ChatMessage> older)
    {
        TakeIn(older);
        while (_messages.Count > MaxRows)
        {
            _messages.RemoveAt(_messages.Count - 1);
            AtEnd = false;
            _frameStale = true;
        }

        _allStale = true;
    }

    /// <summary>Puts newer messages below; rows at the other end make place.</summary>
    /// <param name="newer">Ascending, the next ones.</param>
    /// <param name="reachesEnd">Whether there are no newer ones.</param>
    /// <param name="below">How many stand below them.</param>
    public void Append(ImmutableArray<ChatMessage> newer, bool reachesEnd, long below)
    {
        TakeIn(newer);
        while (_messages.Count > MaxRows)
            _messages.RemoveAt(0);
        ReachEnd(reachesEnd);
        Missed = (int)Math.Min(Missed, below);
        _allStale = true;
    }

    private void TakeIn(ImmutableArray<ChatMessage> page)
    {
        foreach (var message in page)
            _messages.TryAdd(message.Number, _meanwhile?.GetValueOrDefault(message.Number) is { } later && later.Changed > message.Changed ? later : message);
        _meanwhile = null;
    }

    /// <summary>
    /// A block at a time: with each row that goes the first block would be drawn anew, and that with each message in a room that is busy.
    /// </summary>
    private void DropOldBlocks()
    {
        while (_messages.Count > MaxRows)
        {
            var key = KeyOf(_messages.GetValueAtIndex(0));
            var length = 1;
            while (length < _messages.Count && KeyOf(_messages.GetValueAtIndex(length)) == key)
                length++;
            if (_messages.Count - length < MaxRows)
                return;
            for (; length > 0; length--)
                _messages.RemoveAt(0);
            // The row that is the first now begins its day; and the line "New" may be gone.
            MakeStale(0);
            _frameStale = true;
            _allStale |= _firstUnread is not null;
        }
    }

    private void MakeStale(int place)
    {
        if (place < _messages.Count && KeyOf(_messages.GetValueAtIndex(place)) is var key && !_staleBlocks.Contains(key))
            _staleBlocks.Add(key);
    }

    private void ReachEnd(bool reached)
    {
        _frameStale = true;
        AtEnd = reached;
        if (reached)
            Missed = 0;
    }

    private bool Miss(ChatMessage message)
    {
        var wasAtEnd = AtEnd;
        AtEnd = false;
        _frameStale = true;
        // An old message that was changed is no news.
        if (message.Number != message.Changed || message.PersonId == Viewer)
            return wasAtEnd;
        Missed++;
        return true;
    }

    /// <summary>
    /// Brings the blocks up to date. Runs for everybody in the room and each message: what did not change costs neither memory nor time. A row
    /// depends on its message and on the one before it.
    /// </summary>
    /// <returns>The block that has to be drawn, if it is the only one and everything around it stays; else null.</returns>
    public TimelineBlock? Refresh()
    {
        if (!_allStale && _staleBlocks.Count == 0 && !_frameStale)
            return null;
        var today = DayOf(time.GetUtcNow());
        if (_allStale || today != _today)
        {
            (_allStale, _today, _firstUnread) = (true, today, FirstUnread());
            _frameStale |= !HasShownLine && _firstUnread is not null;
            HasShownLine |= _firstUnread is not null;
        }

        var alone = !_frameStale;
        TimelineBlock? changed = null;
        var at = 0;
        for (var i = 0; i < _messages.Count; i += _blocks[at++].Rows.Length)
        {
            var key = KeyOf(_messages.GetValueAtIndex(i));
            var gone = at;
            while (gone < _blocks.Count && _blocks[gone].Key < key)
                gone++;
            _blocks.RemoveRange(at, gone - at);
            var isNew = at == _blocks.Count || _blocks[at].Key != key;
            if (isNew)
                _blocks.Insert(at, new TimelineBlock(key));
            alone &= !isNew && gone == at;
            if ((isNew || _allStale || _staleBlocks.Contains(key)) && Draw(_blocks[at], i))
            {
                alone &= changed is null;
                changed = _blocks[at];
            }
        }

        alone &= at == _blocks.Count;
        _blocks.RemoveRange(at, _blocks.Count - at);
        _allStale = _frameStale = false;
        _staleBlocks.Clear();
        return alone ? changed : null;
    }

    private bool Draw(TimelineBlock block, int from)
    {
        var rows = default(Rows);
        var count = 0;
        var previous = from > 0 ? _messages.GetValueAtIndex(from - 1) : null;
        for (var i = from; i < _messages.Count && _messages.GetValueAtIndex(i) is var message && KeyOf(message) == block.Key; i++)
        {
            var day = DayOf(message.SentAt);
            var isNewDay = previous is null || day != DayOf(previous.SentAt);
            var isFirstUnread = message.Number == _firstUnread;
            var follows = !isNewDay && !isFirstUnread && previous!.PersonId == message.PersonId && message.SentAt - previous.SentAt < Together;
            rows[count++] = new TimelineRow(message, isNewDay ? TimelineDay.Of(day, _today) : null, follows, isFirstUnread);
            previous = message;
        }

        return block.Take(((ReadOnlySpan<TimelineRow>)rows)[..count]);
    }

    private static long KeyOf(ChatMessage message) => message.Ordinal / TimelineBlock.Length;

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

    [InlineArray(TimelineBlock.Length)]
    private struct Rows
    {
        private TimelineRow _first;
    }
}
