using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>What was said before: further up, found, and come back to.</summary>
public sealed class HistoryTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private ServerProcess Server => fixture.Server;

    [Fact]
    public async Task What_was_said_long_ago_is_found_and_the_room_opens_at_it()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Searcher");
        await ann.NewRoomAsync("Archive");
        await ann.SayAllAsync([.. Enumerable.Range(0, 150).Select(i => i == 20 ? "The needle is here" : $"hay {i}.")]);
        await ann.Page.ReloadAsync();
        await ann.InRoomAsync();
        await Expect(ann.Log.GetByText("The needle is here")).ToHaveCountAsync(0);
        // Blazor remembers a function from the first call on.
        await ann.Page.EvaluateAsync(
            """
            () => {
              const focusOn = chatshare.focus.focusOn;
              chatshare.focus.focusOn = (element) => window.hold ? new Promise((done) => { window.goOn = done; }) : focusOn(element);
            }
            """);

        await ann.Page.GetByRole(AriaRole.Link, new() { Name = "Search in this room" }).ClickAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search" })).ToBeFocusedAsync();
        await ann.Page.Keyboard.TypeAsync("NEEDLE");
        await Expect(ann.Page.Locator(".hit mark")).ToHaveTextAsync("needle");
        await Expect(ann.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search" })).ToHaveValueAsync("NEEDLE");
        await ann.Page.GetByRole(AriaRole.List, new() { Name = "Found messages" }).GetByRole(AriaRole.Link).ClickAsync();

        var found = ann.Log.Locator(".row.sought");
        await Expect(found).ToContainTextAsync("The needle is here");
        await Expect(found).ToBeInViewportAsync(new() { Ratio = 1 });
        await Expect(ann.Log.GetByText("hay 19.", new() { Exact = true })).ToBeVisibleAsync();
        // Back is to what was found, and the room goes on from where it was opened.
        await ann.Page.GoBackAsync();
        await Expect(ann.Page.Locator(".hit mark")).ToHaveTextAsync("needle");
        await ann.Page.GoForwardAsync();
        await Expect(found).ToBeInViewportAsync();
        await ann.SayAsync("found it");
        await ann.SeesAsync("found it");

        // Gone on before the page had what the server wanted for it: that is for an element that is not there any more.
        await ann.Page.EvaluateAsync("() => { window.hold = true; }");
        await ann.Page.GoBackAsync();
        await ann.Page.WaitForFunctionAsync("() => window.goOn");
        await ann.Page.GoForwardAsync();
        await Expect(found).ToBeInViewportAsync();
        await ann.Page.EvaluateAsync("() => window.goOn()");
        foreach (var text in new[] { "and on", "and on again" })
        {
            await ann.SayAsync(text);
            await ann.SeesAsync(text);
        }
    }

    [Fact]
    public async Task Whoever_comes_back_from_a_message_that_was_found_is_where_they_were_among_all_that_were()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Thorough");
        await ann.NewRoomAsync("Haystack");
        await ann.SayAllAsync([.. Enumerable.Range(0, 40).Select(i => $"needle {i}.")]);
        await ann.Page.GotoAsync("/rooms/Haystack/search?q=needle");
        var hit = ann.Page.GetByRole(AriaRole.Link).Filter(new() { HasText = "needle 5." });
        await Expect(hit).Not.ToBeInViewportAsync();

        await hit.ClickAsync();
        await Expect(ann.Log.Locator(".row.sought")).ToContainTextAsync("needle 5.");
        await ann.Page.GoBackAsync();

        await Expect(hit).ToBeFocusedAsync();
        await Expect(hit).ToBeInViewportAsync(new() { Ratio = 1 });
    }

    [Fact]
    public async Task Where_more_is_unread_than_a_page_shows_a_button_leads_to_the_first()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Prolific");
        await ann.NewRoomAsync("Minutes");
        await ann.SayAsync("the last one that was seen");
        var bo = await Person.JoinAsync(chromium, Server, "Absent", "/rooms/Minutes");
        await bo.SeesAsync("the last one that was seen");
        await Expect(bo.Page.GetByRole(AriaRole.Button, new() { Name = "unread" })).ToHaveCountAsync(0);
        await bo.Rooms.GetByRole(AriaRole.Link, new() { Name = "Lobby" }).ClickAsync();
        await Expect(bo.Page.GetByPlaceholder("Message Lobby")).ToBeVisibleAsync();
        await ann.SayAllAsync([.. Enumerable.Range(1, 190).Select(number => $"minute {number}.")]);

        await bo.Rooms.GetByRole(AriaRole.Link, new() { Name = "Minutes" }).ClickAsync();
        await bo.SeesAsync("minute 190.");
        // A glance at the end is no look at the rest: the page may load itself anew.
        await Expect(bo.Page.GetByRole(AriaRole.Button, new() { Name = "190 unread · Go to the first" })).ToBeVisibleAsync();
        await bo.Page.ReloadAsync();
        await bo.SeesAsync("minute 190.");
        await Expect(bo.Log.GetByText("minute 1.", new() { Exact = true })).ToHaveCountAsync(0);
        // From further up, where rows are that will be there afterwards, too; and with a finger that is too quick.
        await bo.Log.Locator(".message[id]").First.ScrollIntoViewIfNeededAsync();
        await Expect(bo.Log.GetByText("minute 55.", new() { Exact = true })).ToHaveCountAsync(1);
        // Not so far that the rest would be loaded, and the line "New" with it: then there is no button.
        await bo.Log.EvaluateAsync("log => { log.scrollTop = 450; }");
        await bo.Page.GetByRole(AriaRole.Button, new() { Name = "190 unread · Go to the first" }).EvaluateAsync("button => { button.click(); button.click(); }");

        await Expect(bo.Log.GetByRole(AriaRole.Separator, new() { Name = "New messages" })).ToBeInViewportAsync();
        await Expect(bo.Log.GetByText("minute 1.", new() { Exact = true })).ToBeInViewportAsync();
        await Expect(bo.Log.GetByText("the last one that was seen")).ToBeInViewportAsync();
        await Expect(bo.Page.GetByRole(AriaRole.Button, new() { Name = "unread" })).ToHaveCountAsync(0);
        // What comes meanwhile moves nothing, and the way back is where it always is.
        await ann.SayAsync("and one more");
        await bo.Page.GetByRole(AriaRole.Button, new() { Name = "1 new message" }).ClickAsync();
        await Expect(bo.Log.GetByText("and one more")).ToBeInViewportAsync();
    }

    [Fact]
    public async Task Older_messages_load_while_scrolling_up_and_nothing_jumps()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Historian");
        await ann.NewRoomAsync("History");
        await ann.SayAllAsync([.. Enumerable.Range(1, 160).Select(i => $"message number {i}.")]);
        await ann.Page.ReloadAsync();
        await ann.SeesAsync("message number 160.");
        await Expect(ann.Log.GetByText("message number 50.", new() { Exact = true })).ToHaveCountAsync(0);

        var anchor = ann.Log.GetByText("message number 64.", new() { Exact = true });
        await anchor.ScrollIntoViewIfNeededAsync();
        var before = (await anchor.BoundingBoxAsync())!.Y;
        await Expect(ann.Log.GetByText("message number 1.", new() { Exact = true })).ToHaveCountAsync(1);

        Assert.InRange((await anchor.BoundingBoxAsync())!.Y, before - 2, before + 2);
        var texts = await ann.TextsAsync();
        Assert.Equal(texts.Distinct(StringComparer.Ordinal), texts);
    }

    [Fact]
    public async Task A_new_message_while_scrolled_up_moves_nothing_and_is_offered()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Scroller");
        await ann.NewRoomAsync("Scrolling");
        await ann.SayAllAsync([.. Enumerable.Range(1, 60).Select(i => $"row {i}.")]);
        var bo = await Person.JoinAsync(chromium, Server, "Interrupter", "/rooms/Scrolling");

        var anchor = ann.Log.GetByText("row 20.", new() { Exact = true });
        await anchor.ScrollIntoViewIfNeededAsync();
        var before = (await anchor.BoundingBoxAsync())!.Y;
        await bo.SayAsync("news");

        var pill = ann.Page.GetByRole(AriaRole.Button, new() { Name = "1 new message" });
        await Expect(pill).ToBeVisibleAsync();
        Assert.Equal(before, (await anchor.BoundingBoxAsync())!.Y);
        await pill.ClickAsync();
        await Expect(ann.Log.GetByText("news", new() { Exact = true })).ToBeInViewportAsync();
    }

    [Fact]
    public async Task Whoever_reads_further_up_in_a_busy_room_loses_nothing_from_before_their_eyes()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Slow reader");
        await ann.NewRoomAsync("Busy");
        await ann.SayAllAsync([.. Enumerable.Range(1, 90).Select(i => $"early {i}.")]);
        var bo = await Person.JoinAsync(chromium, Server, "Chatterbox", "/rooms/Busy");
        var anchor = ann.Log.GetByText("early 10.", new() { Exact = true });
        await anchor.ScrollIntoViewIfNeededAsync();
        var before = (await anchor.BoundingBoxAsync())!.Y;

        await bo.SayAllAsync([.. Enumerable.Range(1, 150).Select(i => $"late {i}.")]);

        var pill = ann.Page.GetByRole(AriaRole.Button, new() { Name = "150 new messages" });
        await Expect(pill).ToBeVisibleAsync();
        Assert.Equal(before, (await anchor.BoundingBoxAsync())!.Y);
        await pill.ClickAsync();
        await Expect(ann.Log.GetByText("late 150.", new() { Exact = true })).ToBeInViewportAsync();
        await Expect(pill).ToHaveCountAsync(0);
        await bo.SayAsync("the end");
        await Expect(ann.Log.GetByText("the end", new() { Exact = true })).ToBeInViewportAsync();
    }
}
