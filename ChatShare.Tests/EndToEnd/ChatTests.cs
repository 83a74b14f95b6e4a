using System.Globalization;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

public sealed class ChatTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private ServerProcess Server => fixture.Server;

    [Fact]
    public async Task Two_people_talk_and_see_the_same_order()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Ann");
        var bo = await Person.JoinAsync(chromium, Server, "Bo");

        await Expect(ann.People).ToContainTextAsync("Bo");
        for (var i = 1; i <= 5; i++)
        {
            await ann.SayAsync($"ann {i}");
            await bo.SayAsync($"bo {i}");
        }

        await ann.SeesAsync("bo 5");
        await bo.SeesAsync("ann 5");
        await ann.SeesAsync("ann 5");
        await bo.SeesAsync("bo 5");
        Assert.Equal(await ann.TextsAsync(), await bo.TextsAsync());
        await Expect(ann.Log.Locator(".row.pending")).ToHaveCountAsync(0);
        // In the viewer's own time, with the whole date on hover.
        var time = bo.Log.Locator(".message[id] time").First;
        var sent = TimeZoneInfo.ConvertTimeBySystemTimeZoneId(
            DateTimeOffset.Parse((await time.GetAttributeAsync("datetime"))!, CultureInfo.InvariantCulture), "Europe/Zurich");
        await Expect(time).ToHaveTextAsync(sent.ToString("HH:mm", CultureInfo.InvariantCulture));
        await Expect(time).ToHaveAttributeAsync("title", new Regex($"{sent.Day} {sent.ToString("MMMM yyyy", CultureInfo.InvariantCulture)}.*{sent:HH:mm:ss}"));
    }

    [Fact]
    public async Task What_was_said_long_ago_is_found_and_the_room_opens_at_it()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Searcher");
        await ann.NewRoomAsync("Archive");
        await ann.SayAllAsync([.. Enumerable.Range(0, 150).Select(i => i == 20 ? "The needle is here" : $"hay {i}.")]);
        await ann.Page.ReloadAsync();
        await ann.InRoomAsync();
        await Expect(ann.Log.GetByText("The needle is here")).ToHaveCountAsync(0);

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
    }

    [Fact]
    public async Task Typing_is_seen_by_others_and_what_was_said_meanwhile_stands_in_the_title()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Typer");
        await ann.NewRoomAsync("Typing");
        var bo = await Person.JoinAsync(chromium, Server, "Watcher", "/rooms/Typing");

        await ann.Field.PressSequentiallyAsync("hello");

        await Expect(bo.Page.GetByText("Typer is typing…")).ToBeVisibleAsync();
        await ann.Field.PressAsync("Enter");
        await Expect(bo.Page.GetByText("Typer is typing…")).ToBeHiddenAsync();

        // Behind another tab, as the browser says it.
        const string to = "hidden => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden }); document.dispatchEvent(new Event('visibilitychange')); }";
        var title = await bo.Page.TitleAsync();
        var unread = Regex.Match(title, @"^\((\d+)\) ") is { Success: true } counted ? int.Parse(counted.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        await bo.Page.EvaluateAsync(to, true);
        await ann.SayAsync("are you");
        await ann.SayAsync("there?");
        await Expect(bo.Page).ToHaveTitleAsync($"({unread + 2}) Typing — ChatShare");
        await bo.Page.EvaluateAsync(to, false);
        await Expect(bo.Page).ToHaveTitleAsync(title);
    }

    [Fact]
    public async Task Text_is_shown_as_it_was_written()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Writer");
        var dialogs = 0;
        ann.Page.Dialog += (_, _) => dialogs++;

        await ann.Field.FillAsync("line one");
        await ann.Field.PressAsync("Shift+Enter");
        await ann.Field.PressSequentiallyAsync("<img src=x onerror=alert(1)> see https://example.test/a?b=1.");
        await ann.Field.PressAsync("Enter");

        var text = ann.Log.Locator(".message[id] .text").Filter(new() { HasTextString = "line one" });
        await Expect(text).ToHaveTextAsync(new Regex("^line one\n<img src=x onerror=alert\\(1\\)> see https://example.test/a\\?b=1\\.$"));
        await Expect(text.GetByRole(AriaRole.Link)).ToHaveAttributeAsync("href", "https://example.test/a?b=1");
        Assert.Equal(0, await text.Locator("img").CountAsync());
        Assert.Equal(0, dialogs);
    }

    [Fact]
    public async Task A_client_id_of_quotes_and_brackets_is_found_again()
    {
        const string id = "\"]'><b/onclick=alert(1)>{}\\;/*--";
        var ann = await Person.JoinAsync(chromium, Server, "Bracket");
        await ann.NewRoomAsync("Brackets");
        await ann.Field.FillAsync("a draft");
        await ann.Page.WaitForFunctionAsync("() => Object.keys(localStorage).some(key => key.startsWith('chatshare.draft') && key.includes('/brackets/'))");

        // The second time its row is there already.
        for (var time = 0; time < 2; time++)
        {
            await ann.Page.EvaluateAsync(
                """
                id => {
                  const draft = Object.keys(localStorage).find(key => key.startsWith("chatshare.draft") && key.includes("/brackets/"));
                  localStorage.setItem(draft.replace("chatshare.draft", "chatshare.outbox") + id, JSON.stringify({ text: "kept", at: Date.now() }));
                }
                """,
                id);
            await ann.Page.ReloadAsync();
            await ann.InRoomAsync();
            await ann.SeesAsync("kept");
            await ann.Page.WaitForFunctionAsync("() => !Object.keys(localStorage).some(key => key.startsWith('chatshare.outbox'))");
            await Expect(ann.Log.Locator(".row.pending")).ToHaveCountAsync(0);
        }

        Assert.Equal(id, await ann.Log.Locator(".message[id]").Last.GetAttributeAsync("data-client"));
    }

    [Fact]
    public async Task A_new_room_appears_for_everyone_with_what_is_unread_in_it()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Maker");
        var bo = await Person.JoinAsync(chromium, Server, "Reader");

        await ann.NewRoomAsync("Plans", "What comes next");
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Plans", Exact = true }).First).ToBeVisibleAsync();
        await ann.SayAsync("first");
        await ann.SayAsync("second");
        await ann.SeesAsync("second");

        var link = bo.Rooms.GetByRole(AriaRole.Link, new() { Name = "Plans" });
        await Expect(link).ToContainTextAsync("2");
        await link.ClickAsync();
        await bo.SeesAsync("second");
        await Expect(link).Not.ToContainTextAsync("unread");
        Assert.Equal(["new-line", "row", "row follows"], await bo.Log.EvaluateAsync<string[]>(
            "log => [...log.querySelectorAll('.new-line, .row')].map(part => part.className)"));
        await Expect(ann.Log.GetByRole(AriaRole.Separator, new() { Name = "New messages" })).ToHaveCountAsync(0);

        // One is in several rooms at once.
        await Expect(bo.People).ToContainTextAsync("Maker");
        await bo.Rooms.GetByRole(AriaRole.Link, new() { Name = "Lobby" }).ClickAsync();
        await Expect(ann.People).ToContainTextAsync("Reader");
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
    public async Task After_a_lost_connection_missed_messages_appear_in_place_without_a_reload()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Steady");
        await ann.NewRoomAsync("Tunnel");
        var bo = await Person.JoinAsync(chromium, Server, "Traveller", "/rooms/Tunnel");
        await ann.SayAsync("hello");
        await bo.SeesAsync("hello");
        await bo.Page.EvaluateAsync("() => { window.stillTheSamePage = true; }");

        await bo.Page.Context.SetOfflineAsync(true);
        await Expect(bo.Page.Locator("html[data-connection=lost]")).ToHaveCountAsync(1);
        await ann.SayAsync("missed one");
        await ann.SayAsync("missed two");
        await ann.SeesAsync("missed two");
        await bo.Page.Context.SetOfflineAsync(false);

        await bo.SeesAsync("missed two");
        Assert.Equal(["hello", "missed one", "missed two"], await bo.TextsAsync());
        Assert.True(await bo.Page.EvaluateAsync<bool>("() => window.stillTheSamePage === true"));
    }

    [Fact]
    public async Task Whoever_goes_to_another_room_at_once_has_sent_everything_and_read_what_was_there()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Hasty");
        var bo = await Person.JoinAsync(chromium, Server, "Listener");
        await ann.NewRoomAsync("Hurry");
        await bo.Rooms.GetByRole(AriaRole.Link, new() { Name = "Hurry" }).ClickAsync();
        await bo.InRoomAsync();
        await bo.SayAsync("are you there?");
        await ann.SeesAsync("are you there?");
        await bo.SayAsync("and now?");
        await ann.SeesAsync("and now?");

        await ann.Page.EvaluateAsync(
            """
            () => {
              const field = document.querySelector(".composer-text");
              for (let i = 1; i <= 30; i++) {
                field.value = `hasty ${i}.`;
                field.dispatchEvent(new InputEvent("input", { bubbles: true }));
                field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
              }
              document.querySelector(".room-link[data-room=Lobby]").click();
            }
            """);

        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "Lobby" })).ToBeVisibleAsync();
        await bo.SeesAsync("hasty 30.");
        Assert.Equal(["are you there?", "and now?", .. Enumerable.Range(1, 30).Select(i => $"hasty {i}.")], await bo.TextsAsync());
        await Expect(ann.Rooms.GetByRole(AriaRole.Link, new() { Name = "Hurry" })).Not.ToContainTextAsync("unread");
    }

    [Fact]
    public async Task A_message_of_nothing_is_answered_with_a_sentence()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Silent");
        var notice = ann.Page.Locator(".composer-notice");

        await ann.Field.PressAsync("Enter");
        await Expect(notice).ToHaveTextAsync("There is nothing to send yet.");
        await ann.Field.PressSequentiallyAsync("x");
        await Expect(notice).ToHaveTextAsync("");
        await ann.SayAsync("\u200b \u2800");
        await Expect(notice).ToHaveTextAsync("A message cannot be empty.");
        await Expect(ann.Log.Locator(".row.pending")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_taken_room_name_is_said_beside_the_field_and_what_was_typed_stays()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Roomer");

        await ann.Button("New room").ClickAsync();
        var dialog = ann.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Textbox, new() { Name = "Room name" }).FillAsync("lobby");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();

        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("lobby");
        await Expect(dialog.GetByRole(AriaRole.Textbox, new() { Name = "Room name" })).ToHaveValueAsync("lobby");
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

    [Fact]
    public async Task A_room_that_does_not_exist_says_so_and_offers_to_make_it()
    {
        var page = await chromium.OpenAsync(Server);
        await page.GotoAsync("/rooms/Nowhere%20yet");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" }).FillAsync("Founder");
        await page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true }).ClickAsync();

        await Expect(page.GetByText("There is no room “Nowhere yet”")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create Nowhere yet" }).ClickAsync();

        var founder = new Person(page);
        await founder.InRoomAsync();
        await founder.SayAsync("first");
        await founder.SeesAsync("first");
    }

    [Fact]
    public async Task A_room_address_can_be_shared_and_any_case_opens_it()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Sharer");
        await ann.NewRoomAsync("Zimmer für alle");
        await ann.SayAsync("welcome");
        await ann.SeesAsync("welcome");

        var bo = await Person.JoinAsync(chromium, Server, "Guest", "/rooms/zimmer%20F%C3%9CR%20alle");

        await bo.SeesAsync("welcome");
    }
}
