using System.Collections.Immutable;
using System.Globalization;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Components.Chat;

/// <summary>A row as one viewer sees it.</summary>
/// <param name="Message">The message, shared with everybody.</param>
/// <param name="Follows">The same person said something less than five minutes before, on the same day.</param>
/// <param name="Day">The day that begins with this row; null for all others.</param>
/// <param name="IsFirstUnread">The line "New" stands above it.</param>
internal readonly record struct TimelineRow(ChatMessage Message, bool Follows, DateOnly? Day, bool IsFirstUnread);

/// <summary>
/// Up to sixteen rows that are drawn together. The places are fixed by the messages' ordinals, so that adding at either end
/// moves nothing from one block to another; a block that did not change stays the same object and is not drawn again.
/// </summary>
internal sealed record TimelineBlock(long Key, ImmutableArray<TimelineRow> Rows);

/// <summary>The part of a room's messages that one page shows: at most about two hundred, without holes.</summary>
internal sealed class TimelineWindow
{
    /// <summary>How many rows are kept; older or newer ones are loaded again when they are scrolled to.</summary>
    public const int MaxRows = 200;

    private const int BlockLength = 16;
    private static readonly TimeSpan Together = TimeSpan.FromMinutes(5);

    private readonly SortedList<long, ChatMessage> _messages = [];
    private ImmutableArray<TimelineBlock> _blocks = [];

    /// <summary>The viewer's zone; days begin there.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>What is to be drawn.</summary>
    public ImmutableArray<TimelineBlock> Blocks => _blocks;

    /// <summary>Whether the newest row is the newest of the room.</summary>
    public bool AtEnd { get; private set; } = true;

    /// <summary>The first message that the viewer had not seen when the page was opened; null when all were seen.</summary>
    public long? FirstUnread { get; private set; }

    /// <summary>Null when there is nothing.</summary>
    public long? Oldest => _messages.Count > 0 ? _messages.GetKeyAtIndex(0) : null;

    /// <summary>Null when there is nothing.</summary>
    public long? Newest => _messages.Count > 0 ? _messages.GetKeyAtIndex(_messages.Count - 1) : null;

    /// <summary>Null when it is not in the window.</summary>
    public ChatMessage? Find(long number) => _messages.GetValueOrDefault(number);

    /// <summary>Starts afresh with the newest page.</summary>
    /// <param name="messages">Ascending.</param>
    /// <param name="firstUnread">Where "New" stands; null for nowhere.</param>
    public void Reset(IEnumerable<ChatMessage> messages, long? firstUnread)
    {
        _messages.Clear();
        foreach (var message in messages)
            _messages[message.Number] = message;
        AtEnd = true;
        FirstUnread = firstUnread;
        Rebuild();
    }

    /// <summary>
    /// Takes a message that was posted or changed. While the window does not reach to the end, a newer one stays outside; one that
    /// is older than the window stays outside as well.
    /// </summary>
    /// <returns>Whether there is something to draw.</returns>
    public bool Apply(ChatMessage message)
    {
        if (_messages.TryGetValue(message.Number, out var known))
        {
            if (known.Changed >= message.Changed)
                return false;
        }
        else if ((message.Number > (Newest ?? 0) && !AtEnd) || message.Number < (Oldest ?? 0))
        {
            return false;
        }

        _messages[message.Number] = message;
        while (_messages.Count > MaxRows)
            _messages.RemoveAt(0);
        Rebuild();
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

        Rebuild();
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
        AtEnd = reachesEnd;
        Rebuild();
    }

    private void Rebuild()
    {
        var before = _blocks.ToDictionary(block => block.Key);
        var blocks = ImmutableArray.CreateBuilder<TimelineBlock>();
        var rows = ImmutableArray.CreateBuilder<TimelineRow>(BlockLength);
        ChatMessage? previous = null;
        DateOnly? previousDay = null;
        foreach (var message in _messages.Values)
        {
            var key = message.Ordinal / BlockLength;
            if (previous is not null && key != previous.Ordinal / BlockLength)
                Finish(previous.Ordinal / BlockLength);
            var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(message.SentAt, Zone).DateTime);
            var isNewDay = day != previousDay;
            var isFirstUnread = message.Number == FirstUnread;
            var follows = previous is not null && !isNewDay && !isFirstUnread
                && previous.PersonId == message.PersonId && message.SentAt - previous.SentAt < Together;
            rows.Add(new TimelineRow(message, follows, isNewDay ? day : null, isFirstUnread));
            (previous, previousDay) = (message, day);
        }

        if (previous is not null)
            Finish(previous.Ordinal / BlockLength);
        _blocks = blocks.ToImmutable();

        void Finish(long key)
        {
            var made = new TimelineBlock(key, rows.ToImmutable());
            blocks.Add(before.TryGetValue(key, out var same) && same.Rows.SequenceEqual(made.Rows) ? same : made);
            rows.Clear();
        }
    }

    /// <summary>"Today", "Yesterday", or the date.</summary>
    public string DayName(DateOnly day, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, Zone).DateTime);
        return (today.DayNumber - day.DayNumber) switch
        {
            0 => "Today",
            1 => "Yesterday",
            _ => DayInFull(day),
        };
    }

    /// <summary>"Monday, 23 November 2026".</summary>
    public static string DayInFull(DateOnly day) => day.ToString("dddd, d MMMM yyyy", CultureInfo.InvariantCulture);
}
