using System.Globalization;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Components.Chat;

/// <summary>A row as one viewer sees it.</summary>
/// <param name="Message">The message, shared with everybody.</param>
/// <param name="Day">The day that begins with this row; null for all others.</param>
/// <param name="Follows">The same person said something less than five minutes before, on the same day.</param>
/// <param name="IsFirstUnread">The line "New" stands above it.</param>
public readonly record struct TimelineRow(ChatMessage Message, TimelineDay? Day, bool Follows, bool IsFirstUnread);

/// <summary>A day in the viewer's zone.</summary>
/// <param name="Date">Which.</param>
/// <param name="Name">"Today", "Yesterday", or the date. Part of the row, so that the first message after midnight draws it anew.</param>
public sealed record TimelineDay(DateOnly Date, string Name)
{
    /// <summary>"Monday, 23 November 2026".</summary>
    public string InFull => NameInFull(Date);

    /// <param name="day">Which.</param>
    /// <param name="today">The viewer's.</param>
    public static TimelineDay Of(DateOnly day, DateOnly today) => new(day, (today.DayNumber - day.DayNumber) switch
    {
        0 => "Today",
        1 => "Yesterday",
        _ => NameInFull(day),
    });

    private static string NameInFull(DateOnly day) => day.ToString("dddd, d MMMM yyyy", CultureInfo.InvariantCulture);
}

/// <summary>
/// Up to sixteen rows that are drawn together. The places are fixed by the messages' ordinals, so that adding at either end
/// moves nothing from one block to another. It is changed in place, by <see cref="TimelineWindow"/> alone: a row that comes in costs each of
/// a thousand viewers no new list of the other fifteen.
/// </summary>
/// <param name="key">Which.</param>
public sealed class TimelineBlock(long key)
{
    /// <summary>How many rows are drawn together at most.</summary>
    public const int Length = 16;

    private readonly TimelineRow[] _rows = new TimelineRow[Length];
    private int _count;

    /// <summary>Which; ascends from the top of the window.</summary>
    public long Key { get; } = key;

    /// <summary>Grows with each other content.</summary>
    public long Version { get; private set; }

    /// <summary>What draws it on the page; null until then.</summary>
    public MessageBlock? DrawnBy { get; set; }

    /// <summary>From the top.</summary>
    public ReadOnlySpan<TimelineRow> Rows => _rows.AsSpan(0, _count);

    /// <summary>Makes these its rows.</summary>
    /// <returns>Whether they are others than before.</returns>
    public bool Take(ReadOnlySpan<TimelineRow> rows)
    {
        if (rows.SequenceEqual(Rows))
            return false;
        rows.CopyTo(_rows);
        _rows.AsSpan(rows.Length).Clear();
        _count = rows.Length;
        Version++;
        return true;
    }
}
