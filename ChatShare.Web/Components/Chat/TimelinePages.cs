using System.Collections.Immutable;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Components.Chat;

/// <summary>
/// Brings parts of a room's log into the window of one page: one at a time, and what was being read before somebody went elsewhere is left
/// out. Called on the circuit alone.
/// </summary>
internal sealed class TimelinePages(RoomSession session, TimelineWindow window, CancellationToken gone)
{
    private const int Length = 60;

    // Above the line "New", or the message that one came for, so that one knows where one is.
    private const int RowsBefore = 20;

    private bool _isReading;
    // What was being read before somebody jumped to the end belongs to rows that are gone.
    private int _jumps;

    /// <summary>What stands above the window.</summary>
    /// <returns>Null when nothing was read; else whether there may be more.</returns>
    public async Task<bool?> OlderAsync()
    {
        if (window.Oldest is not { } oldest || await ReadAsync(() => session.ReadBeforeAsync(oldest, Length, gone)) is not { } older)
            return null;
        window.Prepend(older);
        return older.Length == Length;
    }

    /// <summary>What stands below the window.</summary>
    /// <returns>Whether anything was read.</returns>
    public async Task<bool> NewerAsync()
    {
        if (window is not { Newest: { } newest, AtEnd: false } || await ReadAsync(() => session.ReadAfterAsync(newest, Length, gone)) is not { } newer)
            return false;
        window.Append(newer, ReachesEnd(newer, newest), newer is [.., var last] ? session.Room.MessageCount - last.Ordinal : 0);
        return true;
    }

    /// <summary>The end, from somewhere in the history.</summary>
    public void Latest()
    {
        _jumps++;
        window.Reset(session.ReadNewest());
    }

    /// <summary>What stands around the line "New", which is further up than the window.</summary>
    /// <returns>Whether the window is there now.</returns>
    public Task<bool> UnreadAsync() => window.UnreadAbove > 0 ? AroundAsync(window.Seen) : Task.FromResult(false);

    /// <summary>What stands around one message.</summary>
    /// <returns>Whether the window is there now.</returns>
    public Task<bool> AtAsync(long number) => AroundAsync(number - 1);

    private async Task<bool> AroundAsync(long after)
    {
        var begins = 0;
        var page = await ReadAsync(async () =>
        {
            var before = await session.ReadBeforeAsync(after + 1, RowsBefore, gone);
            begins = before.Length;
            return [.. before, .. await session.ReadAfterAsync(after, Length, gone)];
        });
        if (page is not { } around)
            return false;
        window.Open(around, ReachesEnd(around[begins..], after));
        return true;
    }

    /// <returns>Null when another page is being read already, or somebody jumped to the end meanwhile.</returns>
    private async Task<ImmutableArray<ChatMessage>?> ReadAsync(Func<Task<ImmutableArray<ChatMessage>>> read)
    {
        if (_isReading)
            return null;
        _isReading = true;
        try
        {
            var jumps = _jumps;
            window.BeginLoading();
            var page = await read();
            return jumps == _jumps ? page : null;
        }
        catch
        {
            window.GiveUpLoading();
            throw;
        }
        finally
        {
            _isReading = false;
        }
    }

    /// <summary>
    /// What is posted while a page is read comes by the events and would be left out as long as the window is not at its end; so the end is
    /// reached only when the last row is the room's newest.
    /// </summary>
    private bool ReachesEnd(ImmutableArray<ChatMessage> page, long after) =>
        page.Length < Length && session.Room.NewestMessage <= (page.IsEmpty ? after : page[^1].Number);
}
