using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;
using CsCheck;

namespace ChatShare.Tests.Components;

public sealed class TimelineWindowTests
{
    private static readonly Guid Ann = Guid.NewGuid();
    private static readonly Guid Bo = Guid.NewGuid();

    [Fact]
    public void Rows_of_one_person_within_five_minutes_follow()
    {
        var window = Window(
            Sample.Make(1, person: Ann, sentAt: Sample.Noon),
            Sample.Make(2, person: Ann, sentAt: Sample.Noon.AddMinutes(4.9)),
            Sample.Make(3, person: Ann, sentAt: Sample.Noon.AddMinutes(10)),
            Sample.Make(4, person: Bo, sentAt: Sample.Noon.AddMinutes(10.1)));

        Assert.Equal([false, true, false, false], Rows(window).Select(row => row.Follows));
    }

    [Fact]
    public void A_day_begins_at_midnight_of_the_viewer_and_not_of_the_server()
    {
        var before = new DateTimeOffset(2026, 11, 23, 22, 59, 0, TimeSpan.Zero);
        var window = new TimelineWindow(TimeProvider.System) { Zone = TimeZoneInfo.CreateCustomTimeZone("x", TimeSpan.FromHours(1), "x", "x") };

        window.Reset([Sample.Make(1, person: Ann, sentAt: before), Sample.Make(2, person: Ann, sentAt: before.AddMinutes(2))]);

        var rows = Rows(window).ToList();
        Assert.Equal(new DateOnly(2026, 11, 23), rows[0].Day?.Date);
        Assert.Equal(new DateOnly(2026, 11, 24), rows[1].Day?.Date);
        Assert.False(rows[1].Follows);
    }

    [Fact]
    public void What_is_deleted_while_its_page_is_being_read_is_shown_deleted()
    {
        var window = Window(Sample.Make(21, person: Ann), Sample.Make(22, person: Ann));
        var (older, newer) = (Sample.Make(20, person: Ann), Sample.Make(23, person: Bo));

        window.BeginLoading();
        window.Apply(Sample.Make(20, person: Ann, changed: 30, deleted: true));
        window.Prepend([Sample.Make(19, person: Ann), older]);
        window.Append([], reachesEnd: false, below: 1);
        window.BeginLoading();
        window.Apply(Sample.Make(23, person: Bo, changed: 31, deleted: true));
        window.Append([newer], reachesEnd: true, below: 0);

        Assert.Equal([(19, false), (20, true), (21, false), (22, false), (23, true)], Rows(window).Select(row => (row.Message.Number, row.Message.Deleted)));
    }

    [Fact]
    public void A_day_on_which_the_clocks_are_set_forward_ends_an_hour_early()
    {
        var early = new DateTimeOffset(2026, 3, 29, 0, 30, 0, TimeSpan.Zero);
        var window = new TimelineWindow(TimeProvider.System) { Zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin") };

        window.Reset([Sample.Make(1, sentAt: early), Sample.Make(2, sentAt: early.AddHours(21)), Sample.Make(3, sentAt: early.AddHours(22))]);

        Assert.Equal([new DateOnly(2026, 3, 29), null, new DateOnly(2026, 3, 30)], Rows(window).Select(row => row.Day?.Date));
    }

    [Theory]
    [InlineData(0, "Today")]
    [InlineData(1, "Yesterday")]
    [InlineData(2, "Saturday, 21 November 2026")]
    public void Days_have_names_that_people_use(int daysAgo, string name)
    {
        var window = new TimelineWindow(new ForwardClock(Sample.Noon));

        window.Reset([Sample.Make(1, sentAt: Sample.Noon.AddDays(-daysAgo))]);

        Assert.Equal(name, Rows(window).Single().Day?.Name);
    }

    [Fact]
    public void The_first_message_after_midnight_makes_yesterday_of_what_was_today()
    {
        var clock = new ForwardClock(Sample.Noon);
        var window = new TimelineWindow(clock);
        window.Reset([Sample.Make(1, sentAt: Sample.Noon)]);

        clock.Advance(TimeSpan.FromHours(13));
        window.Apply(Sample.Make(2, sentAt: Sample.Noon.AddHours(13)));

        Assert.Equal(["Yesterday", "Today"], Rows(window).Select(row => row.Day?.Name));
    }

    [Fact]
    public void A_new_message_changes_its_own_block_alone()
    {
        var window = Window([.. Enumerable.Range(1, 100).Select(n => Sample.Make(n, person: Ann))]);
        var before = window.Blocks.Select(block => (block.Key, block.Version)).ToList();

        Assert.True(window.Apply(Sample.Make(101, person: Ann)));

        Assert.Equal(window.Refresh(), window.Blocks[^1]);
        Assert.Equal(before[..^1], window.Blocks.Select(block => (block.Key, block.Version)).SkipLast(1));
        Assert.Equal(101, window.Newest);
    }

    [Fact]
    public void A_change_of_a_message_replaces_it_once()
    {
        var window = Window(Sample.Make(1, "before"), Sample.Make(2));

        Assert.True(window.Apply(Sample.Make(1, "after", changed: 3)));
        Assert.False(window.Apply(Sample.Make(1, "older", changed: 2)));

        Assert.Equal("after", window.Find(1)!.Text);
        Assert.Equal([1L, 2L], Rows(window).Select(row => row.Message.Number));
    }

    [Fact]
    public void A_change_of_a_message_that_is_not_shown_stays_outside()
    {
        var window = Window(Sample.Make(10), Sample.Make(11));

        Assert.False(window.Apply(Sample.Make(3, changed: 12)));
        Assert.Equal(10, window.Oldest);
    }

    [Fact]
    public void Loading_older_rows_keeps_the_window_bounded_and_leaves_the_end()
    {
        var window = Window([.. Enumerable.Range(301, 200).Select(n => Sample.Make(n))]);

        window.Prepend([.. Enumerable.Range(241, 60).Select(n => Sample.Make(n))]);

        Assert.Equal(TimelineWindow.MaxRows, Rows(window).Count());
        Assert.Equal(241, window.Oldest);
        Assert.False(window.AtEnd);
        window.Apply(Sample.Make(501));
        Assert.Equal(440, window.Newest);
    }

    [Fact]
    public void Whoever_reads_further_up_keeps_every_row_and_learns_how_many_came()
    {
        var window = Window([.. Enumerable.Range(1, 200).Select(n => Sample.Make(n, person: Ann))]);
        window.IsFollowed = false;

        Assert.True(window.Apply(Sample.Make(201, person: Ann)));
        Assert.True(window.Apply(Sample.Make(202, person: Ann)));
        Assert.False(window.Apply(Sample.Make(203, person: Bo)));
        Assert.False(window.Apply(Sample.Make(201, person: Ann, changed: 204)));

        Assert.Equal((1, 200, false, 2), (window.Oldest, window.Newest, window.AtEnd, window.Missed));

        window.Append([.. Enumerable.Range(201, 3).Select(n => Sample.Make(n))], reachesEnd: true, below: 0);
        Assert.Equal((4, 203, true, 0), (window.Oldest, window.Newest, window.AtEnd, window.Missed));
    }

    [Fact]
    public void Whoever_follows_the_end_sees_the_new_row_and_the_oldest_go_a_block_at_a_time()
    {
        var window = Window([.. Enumerable.Range(16, 200).Select(n => Sample.Make(n))]);

        for (var n = 216; n <= 231; n++)
        {
            Assert.Equal(16, window.Oldest);
            Assert.True(window.Apply(Sample.Make(n)));
        }

        Assert.Equal((32, 231, true, 0), (window.Oldest, window.Newest, window.AtEnd, window.Missed));
        Assert.Equal(Enumerable.Range(32, TimelineWindow.MaxRows), Rows(window).Select(row => (int)row.Message.Number));
        Assert.NotNull(Rows(window).First().Day);
    }

    [Fact]
    public void The_log_around_a_block_is_drawn_when_it_has_changed_and_only_then()
    {
        var window = Window([.. Enumerable.Range(16, 16).Select(n => Sample.Make(n, person: Ann))]);
        Assert.Null(window.Refresh());

        // A new block; a row in it; one that is changed further up; two blocks at once.
        window.Apply(Sample.Make(32, person: Ann));
        Assert.Null(window.Refresh());
        window.Apply(Sample.Make(33, person: Ann));
        Assert.Equal(2, window.Refresh()?.Key);
        window.Apply(Sample.Make(20, "changed", changed: 34, person: Ann));
        Assert.Equal(1, window.Refresh()?.Key);
        window.Apply(Sample.Make(35, person: Ann));
        window.Apply(Sample.Make(21, "changed", changed: 36, person: Ann));
        Assert.Null(window.Refresh());

        // Nothing more is shown, but how many came is.
        window.Prepend([.. Enumerable.Range(1, 15).Select(n => Sample.Make(n, person: Ann))]);
        Assert.Null(window.Refresh());
        window.Reset([.. Enumerable.Range(1, TimelineWindow.MaxRows).Select(n => Sample.Make(n, person: Ann))]);
        Assert.Null(window.Refresh());
        window.IsFollowed = false;
        Assert.True(window.Apply(Sample.Make(300, person: Ann)));
        Assert.Null(window.Refresh());
        Assert.Equal(1, window.Missed);
    }

    [Fact]
    public void Going_down_again_loses_and_doubles_nothing()
    {
        var window = Window([.. Enumerable.Range(101, 200).Select(n => Sample.Make(n))]);
        window.Prepend([.. Enumerable.Range(41, 60).Select(n => Sample.Make(n))]);

        window.Append([.. Enumerable.Range(241, 60).Select(n => Sample.Make(n))], reachesEnd: true, below: 0);

        Assert.True(window.AtEnd);
        Assert.Equal(Enumerable.Range(101, 200).Select(n => (long)n), Rows(window).Select(row => row.Message.Number));
    }

    [Fact]
    public void The_line_of_the_first_unread_message_breaks_a_group()
    {
        var window = new TimelineWindow(TimeProvider.System) { Seen = 1 };

        window.Reset([Sample.Make(1, person: Ann), Sample.Make(2, person: Ann), Sample.Make(3, person: Ann)]);

        Assert.Equal([false, true, false], Rows(window).Select(row => row.IsFirstUnread));
        Assert.Equal([false, false, true], Rows(window).Select(row => row.Follows));
    }

    [Fact]
    public void The_line_waits_until_the_last_message_that_was_seen_is_among_the_rows_and_skips_ones_own()
    {
        var window = new TimelineWindow(TimeProvider.System) { Seen = 2, Viewer = Bo };

        window.Reset([.. Enumerable.Range(10, 5).Select(n => Sample.Make(n, person: Ann))]);
        Assert.DoesNotContain(Rows(window), row => row.IsFirstUnread);

        window.Prepend([.. Enumerable.Range(1, 9).Select(n => Sample.Make(n, person: n == 3 ? Bo : Ann))]);
        Assert.Equal(4, Rows(window).Single(row => row.IsFirstUnread).Message.Number);
    }

    [Fact]
    public void Whoever_has_seen_nothing_has_the_line_above_the_first_message_of_the_room()
    {
        var window = new TimelineWindow(TimeProvider.System) { Seen = 0, Viewer = Bo };
        window.Reset([Sample.Make(1, person: Ann), Sample.Make(2, person: Ann)]);
        Assert.Equal([true, false], Rows(window).Select(row => row.IsFirstUnread));

        // With more than a page of them it comes with the first one.
        window = new TimelineWindow(TimeProvider.System) { Seen = 0, Viewer = Bo };
        window.Reset([.. Enumerable.Range(10, 5).Select(n => Sample.Make(n, person: Ann))]);
        Assert.DoesNotContain(Rows(window), row => row.IsFirstUnread);
        window.Prepend([.. Enumerable.Range(1, 9).Select(n => Sample.Make(n, person: Ann))]);
        Assert.Equal(1, Rows(window).Single(row => row.IsFirstUnread).Message.Number);
    }

    [Fact]
    public void Whoever_left_off_further_up_than_the_page_is_taken_there_and_told_so_once()
    {
        var window = new TimelineWindow(TimeProvider.System) { Seen = 2, Unread = 18, Viewer = Bo };
        window.Reset([.. Enumerable.Range(11, 10).Select(n => Sample.Make(n, person: Ann))]);
        Assert.Equal(18, window.UnreadAbove);

        // Deleted while the page is read that still has it, one among the rows and one outside.
        window.BeginLoading();
        window.Apply(Sample.Make(4, person: Ann, changed: 30, deleted: true));
        window.Apply(Sample.Make(12, person: Ann, changed: 31, deleted: true));
        window.Open([.. Enumerable.Range(1, 12).Select(n => Sample.Make(n, person: Ann))], reachesEnd: false);

        Assert.Equal(Enumerable.Range(1, 12).Select(n => (long)n), Rows(window).Select(row => row.Message.Number));
        Assert.Equal([4L, 12L], Rows(window).Where(row => row.Message.Deleted).Select(row => row.Message.Number));
        Assert.Equal(3, Rows(window).Single(row => row.IsFirstUnread).Message.Number);
        Assert.False(window.AtEnd);
        Assert.Equal(0, window.UnreadAbove);
        window.Reset([.. Enumerable.Range(11, 10).Select(n => Sample.Make(n, person: Ann))]);
        Assert.DoesNotContain(Rows(window), row => row.IsFirstUnread);
        Assert.Equal(0, window.UnreadAbove);
    }

    [Fact]
    public void Nobody_is_sent_up_to_a_line_that_is_among_the_rows_or_to_none()
    {
        var among = new TimelineWindow(TimeProvider.System) { Seen = 2, Unread = 3, Viewer = Bo };
        among.Reset([.. Enumerable.Range(1, 5).Select(n => Sample.Make(n, person: Ann))]);
        var nothing = new TimelineWindow(TimeProvider.System) { Seen = 20, Unread = 0, Viewer = Bo };
        nothing.Reset([.. Enumerable.Range(11, 10).Select(n => Sample.Make(n, person: Ann))]);
        var first = new TimelineWindow(TimeProvider.System) { Seen = 0, Unread = 3, Viewer = Bo };
        first.Reset([.. Enumerable.Range(1, 3).Select(n => Sample.Make(n, person: Ann))]);

        Assert.Equal([0L, 0L, 0L], new[] { among.UnreadAbove, nothing.UnreadAbove, first.UnreadAbove });
    }

    [Fact]
    public void What_was_missed_is_no_more_than_what_stands_below()
    {
        var window = Window([.. Enumerable.Range(1, TimelineWindow.MaxRows).Select(n => Sample.Make(n, person: Ann))]);
        window.IsFollowed = false;
        for (var n = 201; n <= 280; n++)
            window.Apply(Sample.Make(n, person: Ann));
        Assert.Equal(80, window.Missed);

        window.Append([.. Enumerable.Range(201, 60).Select(n => Sample.Make(n, person: Ann))], reachesEnd: false, below: 20);
        Assert.Equal(20, window.Missed);
    }

    [Fact]
    public void Whoever_comes_back_to_an_open_page_finds_the_line_where_they_looked_away()
    {
        var window = new TimelineWindow(TimeProvider.System) { Seen = 1, Viewer = Bo };
        window.Reset([.. Enumerable.Range(1, 3).Select(n => Sample.Make(n, person: Ann))]);
        Assert.Equal(2, Rows(window).Single(row => row.IsFirstUnread).Message.Number);
        window.Apply(Sample.Make(4, person: Bo));
        window.Apply(Sample.Make(5, person: Ann));

        Assert.Equal(5, window.ComeBack(seen: 3, newest: 5, unread: 2));
        Assert.Equal(5, Rows(window).Single(row => row.IsFirstUnread).Message.Number);
        // They have seen all of it, here or elsewhere: it stays where it is.
        window.Apply(Sample.Make(6, person: Ann));
        Assert.Null(window.ComeBack(seen: 6, newest: 6, unread: 0));
        Assert.Equal(5, Rows(window).Single(row => row.IsFirstUnread).Message.Number);
    }

    [Fact]
    public void Whoever_comes_back_to_more_than_a_window_is_sent_up_to_the_first()
    {
        var window = new TimelineWindow(TimeProvider.System) { Seen = 2, Viewer = Bo };
        window.Reset([Sample.Make(1, person: Ann), Sample.Make(2, person: Ann)]);
        for (var n = 3; n <= 300; n++)
            window.Apply(Sample.Make(n, person: Ann));

        Assert.Null(window.ComeBack(seen: 2, newest: 300, unread: 298));

        Assert.DoesNotContain(Rows(window), row => row.IsFirstUnread);
        Assert.Equal(298, window.UnreadAbove);
    }

    [Fact]
    public void The_end_of_a_day_is_looked_for_each_hour_and_when_it_comes()
    {
        var (noon, late) = (new ForwardClock(Sample.Noon), new ForwardClock(Sample.Noon.AddHours(12).AddSeconds(-10)));

        Assert.Equal(TimeSpan.FromHours(1), new TimelineWindow(noon).UntilDayMayEnd());
        Assert.InRange(new TimelineWindow(late).UntilDayMayEnd(), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void What_comes_while_they_watch_gets_no_line(int before)
    {
        var window = new TimelineWindow(TimeProvider.System) { Seen = before, Viewer = Bo };
        window.Reset([.. Enumerable.Range(1, before).Select(n => Sample.Make(n, person: Ann))]);

        window.Apply(Sample.Make(before + 1, person: Ann));
        window.Reset([.. Enumerable.Range(1, before + 2).Select(n => Sample.Make(n, person: Ann))]);

        Assert.DoesNotContain(Rows(window), row => row.IsFirstUnread);
    }

    /// <summary>The window draws only what a change may have touched; whatever comes, it must show what one would that draws all of it.</summary>
    [Fact]
    public void Whatever_comes_in_whatever_order_the_rows_are_those_of_a_window_that_is_made_afresh()
    {
        var clock = new ForwardClock(Sample.Noon);
        var people = new[] { Ann, Bo };
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 3], Gen.Int[0, 1], Gen.Int[0, 400]).List[1, 400].Sample(
            changes =>
            {
                var window = new TimelineWindow(clock) { Viewer = Bo, Seen = 3 };
                window.Reset([.. Enumerable.Range(1, 5).Select(n => At(n, Ann, n))]);
                var (next, number, minute) = (6L, 6L, 10);
                foreach (var (kind, back, person, minutes) in changes)
                {
                    minute += minutes;
                    // Mostly new messages; some are changed ones, and sometimes nobody looked in between.
                    if (kind < 5 && window.Find(number - 1 - back) is { } known)
                        window.Apply(Sample.Make(known.Number, "changed", changed: next++, person: known.PersonId, sentAt: known.SentAt));
                    else
                        window.Apply(At(number = next++, people[person], minute));
                    number = Math.Max(number, next);
                    if (kind % 3 != 0)
                        Assert.NotEmpty(window.Blocks);
                }

                var afresh = new TimelineWindow(clock) { Viewer = Bo, Seen = 3 };
                // What was the newest when the page was opened, and then all the rest.
                afresh.Reset([.. Enumerable.Range(1, 5).Select(n => At(n, Ann, n))]);
                afresh.Reset(Rows(window).Select(row => row.Message));
                Assert.Equal(Rows(afresh), Rows(window));
            },
            iter: 300);

        static Core.Rooms.ChatMessage At(long number, Guid person, int minute) =>
            Sample.Make(number, person: person, sentAt: Sample.Noon.AddMinutes(minute));
    }

    private static TimelineWindow Window(params Core.Rooms.ChatMessage[] messages)
    {
        var window = new TimelineWindow(TimeProvider.System) { Viewer = Bo };
        window.Reset(messages);
        return window;
    }

    private static IEnumerable<TimelineRow> Rows(TimelineWindow window) => window.Blocks.SelectMany(block => block.Rows.ToArray());
}
