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
    public async Task Typing_is_seen_by_others_and_what_was_said_meanwhile_stands_in_the_title_and_below_a_line()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Typer");
        await ann.NewRoomAsync("Typing");
        var bo = await Person.JoinAsync(chromium, Server, "Watcher", "/rooms/Typing");

        await ann.Field.PressSequentiallyAsync("hello");

        await Expect(bo.Page.GetByText("Typer is typing…")).ToBeVisibleAsync();
        await ann.Field.PressAsync("Enter");
        await Expect(bo.Page.GetByText("Typer is typing…")).ToBeHiddenAsync();
        // And with the room: what stands in the field stays there, and nobody is typing.
        await ann.Field.PressSequentiallyAsync("a draft");
        await Expect(bo.Page.GetByText("Typer is typing…")).ToBeVisibleAsync();
        await ann.Rooms.GetByRole(AriaRole.Link, new() { Name = "Lobby" }).ClickAsync();
        await Expect(bo.Page.GetByText("Typer is typing…")).ToBeHiddenAsync();
        await ann.Rooms.GetByRole(AriaRole.Link, new() { Name = "Typing" }).ClickAsync();
        await Expect(ann.Field).ToHaveValueAsync("a draft");

        var title = await bo.Page.TitleAsync();
        var unread = Regex.Match(title, @"^\((\d+)\) ") is { Success: true } counted ? int.Parse(counted.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        await bo.Page.HideAsync(true);
        await ann.SayAsync("are you");
        await ann.SayAsync("there?");
        var icon = bo.Page.Locator("link[rel=icon]");
        await Expect(bo.Page).ToHaveTitleAsync($"({unread + 2}) Typing — ChatShare");
        await Expect(icon).ToHaveAttributeAsync("href", new Regex(@"favicon-unread\."));
        await bo.Page.HideAsync(false);
        await Expect(bo.Page).ToHaveTitleAsync(title);
        await Expect(icon).ToHaveAttributeAsync("href", new Regex(unread > 0 ? @"favicon-unread\." : @"favicon\."));
        // What came meanwhile stands below a line, which does not move for what comes while one looks.
        var line = bo.Log.Locator(".new-line + .row");
        await Expect(line).ToContainTextAsync("are you");
        await ann.SayAsync("You are");
        await bo.SeesAsync("You are");
        await Expect(line).ToContainTextAsync("are you");

        // More than fits on the screen: they are taken to its first, and have not seen the last before they come there.
        await bo.Page.HideAsync(true);
        await ann.SayAsync($"long\n{string.Join('\n', Enumerable.Range(1, 100))}");
        await ann.SayAsync("the end");
        await Expect(bo.Page).ToHaveTitleAsync($"({unread + 2}) Typing — ChatShare");
        await bo.Page.HideAsync(false);
        await Expect(bo.Log.Locator(".new-line")).ToBeInViewportAsync();
        await Expect(line).ToContainTextAsync("long");
        await Expect(bo.Log.GetByText("the end", new() { Exact = true })).Not.ToBeInViewportAsync();
        await Expect(bo.Page.GetByRole(AriaRole.Button, new() { Name = "Latest messages" })).ToBeVisibleAsync();
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
    public async Task After_a_lost_connection_missed_messages_appear_in_place_without_a_reload()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Steady");
        await ann.NewRoomAsync("Tunnel");
        var bo = await Person.JoinAsync(chromium, Server, "Traveller", "/rooms/Tunnel");
        await ann.SayAsync("hello");
        await bo.SeesAsync("hello");
        await bo.Page.EvaluateAsync("() => { window.stillTheSamePage = true; }");
        var title = await bo.Page.TitleAsync();

        // Behind another tab, where nobody looks when the line is back.
        await bo.Page.HideAsync(true);
        await bo.Page.Context.SetOfflineAsync(true);
        await Expect(bo.Page.Locator("html[data-connection=lost]")).ToHaveCountAsync(1);
        await ann.SayAsync("missed one");
        await ann.SayAsync("missed two");
        await ann.SeesAsync("missed two");
        await bo.Page.Context.SetOfflineAsync(false);

        await bo.SeesAsync("missed two");
        Assert.Equal(["hello", "missed one", "missed two"], await bo.TextsAsync());
        Assert.True(await bo.Page.EvaluateAsync<bool>("() => window.stillTheSamePage === true"));
        await Expect(bo.Page.Locator("html[data-connection=lost]")).ToHaveCountAsync(0);
        await Expect(bo.Page).Not.ToHaveTitleAsync(title);
        await bo.Page.HideAsync(false);
        await Expect(bo.Page).ToHaveTitleAsync(title);
        await Expect(bo.Log.Locator(".new-line + .row")).ToContainTextAsync("missed one");
    }

    [Fact]
    public async Task Whoever_goes_to_another_room_at_once_has_sent_everything_and_read_what_was_there()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Hasty");
        await ann.NewRoomAsync("Hurry");
        var bo = await Person.JoinAsync(chromium, Server, "Listener", "/rooms/Hurry");
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
        await Expect(dialog.GetByRole(AriaRole.Heading, new() { Name = "New room", Level = 2 })).ToBeVisibleAsync();
        await dialog.GetByRole(AriaRole.Textbox, new() { Name = "Room name" }).FillAsync("lobby");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();

        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("lobby");
        await Expect(dialog.GetByRole(AriaRole.Textbox, new() { Name = "Room name" })).ToHaveValueAsync("lobby");
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
