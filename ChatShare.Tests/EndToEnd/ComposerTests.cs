using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>What is typed: drafts, Enter, what cannot be sent, and what was not sent.</summary>
[Collection(FewTests.Name)]
public sealed class ComposerTests(Chromium chromium, ServerFixture fixture)
{
    private ServerProcess Server => fixture.Server;

    [Fact]
    public async Task What_is_sent_before_the_room_is_ready_is_said_once_and_the_draft_stays()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Hurried");
        await ann.Field.FillAsync("half a thought");
        await ann.Field.BlurAsync();
        // The room is there before its script has started, as over a slow line.
        var late = await ann.HoldScriptAsync("chat.start");
        await ann.Page.ReloadAsync();

        await ann.SayAsync("said early");
        await Expect(ann.Page.Locator("main.room:not([data-ready]) .composer")).ToBeVisibleAsync();
        await ann.SayAsync("and at once");
        await ann.Field.PressSequentiallyAsync("the next one");
        await late();

        await ann.SeesAsync("and at once");
        Assert.Equal(["said early", "and at once"], (await ann.TextsAsync()).TakeLast(2));
        await Expect(ann.Field).ToHaveValueAsync("half a thought\nthe next one");
        await ann.Field.FillAsync("");
        await ann.SayAsync("said late");
        await ann.SeesAsync("said late");
    }

    [Fact]
    public async Task A_draft_survives_a_reload_and_belongs_to_its_room()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Drafter");
        await ann.Field.FillAsync("half a thought");
        await ann.Page.ReloadAsync();
        await ann.InRoomAsync();

        await Expect(ann.Field).ToHaveValueAsync("half a thought");
        await ann.NewRoomAsync("Drafts");
        await Expect(ann.Field).ToHaveValueAsync("");
        // The list of rooms says where one was begun.
        var lobby = ann.Rooms.GetByRole(AriaRole.Link, new() { Name = "Lobby" });
        await Expect(lobby).ToHaveAccessibleNameAsync("Lobby Draft");
        await lobby.ClickAsync();
        await Expect(ann.Field).ToHaveValueAsync("half a thought");
        await Expect(lobby).ToHaveAccessibleNameAsync("Lobby");
    }

    [Fact]
    public async Task The_longest_message_of_any_script_goes_through_and_a_longer_one_is_refused_with_its_count()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Longwriter");

        await ann.Field.FillAsync(new string('漢', 16_001));
        await ann.Field.PressAsync("Enter");
        await Expect(ann.Page.GetByText("16,001")).Not.ToHaveCountAsync(0);
        Assert.Equal(16_001, (await ann.Field.InputValueAsync()).Length);

        await ann.Field.FillAsync("end" + new string('漢', 15_997));
        await ann.Field.PressAsync("Enter");
        await ann.SeesAsync("end漢漢漢");
        await ann.SayAsync("the circuit lives");
        await ann.SeesAsync("the circuit lives");
    }

    [Fact]
    public async Task Characters_that_cannot_be_sent_are_named_and_the_text_stays()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Controller");

        await ann.Field.FillAsync(new string('\u0001', 15_990) + " word");
        await ann.Field.PressAsync("Enter");
        await Expect(ann.Page.GetByText("This message contains a control character (U+0001) that cannot be sent.")).ToBeVisibleAsync();
        await Expect(ann.Field).ToHaveValueAsync(new string('\u0001', 15_990) + " word");

        // Also one that an earlier page had left to be sent.
        await ann.Page.WaitForFunctionAsync("() => Object.keys(localStorage).some(key => key.startsWith('chatshare.draft'))");
        await ann.Page.EvaluateAsync(
            """
            () => {
              const draft = Object.keys(localStorage).find(key => key.startsWith("chatshare.draft"));
              const prefix = draft.replace("chatshare.draft", "chatshare.outbox");
              localStorage.setItem(prefix + "left-over", JSON.stringify({ text: "\ud800".repeat(15000) + "left", at: Date.now() }));
            }
            """);
        await ann.Page.ReloadAsync();
        await ann.InRoomAsync();
        await Expect(ann.Log.GetByText("half a character")).ToBeVisibleAsync();
        await ann.Button("Retry").ClickAsync();
        await Expect(ann.Button("Delete")).ToBeVisibleAsync();
        await ann.Button("Edit").ClickAsync();
        await Expect(ann.Log.Locator(".row.pending")).ToHaveCountAsync(0);
        await ann.SayAsync("what follows goes through");
        await ann.SeesAsync("what follows goes through");
    }

    [Fact]
    public async Task Enter_that_ends_a_composition_sends_nothing_and_the_field_grows_to_eight_lines()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Composer");
        await ann.Field.FillAsync("にほん");
        await ann.Field.DispatchEventAsync("keydown", new { key = "Enter", isComposing = true, bubbles = true, cancelable = true });
        // What some input methods send behind the end of a composition.
        await ann.Field.DispatchEventAsync("keydown", new { key = "Enter", keyCode = 229, bubbles = true, cancelable = true });
        await Expect(ann.Field).ToHaveValueAsync("にほん");
        Assert.Equal(0, await ann.Log.Locator(".row.pending").CountAsync());

        var one = await HeightAsync(1);
        var eight = await HeightAsync(8);
        Assert.True(eight > one * 4, $"One line is {one} high, eight are {eight}.");
        Assert.Equal(eight, await HeightAsync(12));
        await ann.Field.FillAsync("");
        Assert.Equal(one, (await ann.Field.BoundingBoxAsync())!.Height);

        async Task<float> HeightAsync(int lines)
        {
            await ann.Field.FillAsync(string.Join('\n', Enumerable.Range(1, lines)));
            return (await ann.Field.BoundingBoxAsync())!.Height;
        }
    }

    [Fact]
    public async Task What_somebody_left_unsent_is_nobodys_once_another_person_has_joined()
    {
        await using var server = await ServerProcess.StartMigratedAsync(TestContext.Current.CancellationToken);
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        await ann.Field.FillAsync("half a thought");
        await ann.Page.WaitForFunctionAsync("() => Object.keys(localStorage).some((key) => key.startsWith('chatshare.draft/'))");
        // Kept over a reload, for her.
        await ann.Page.ReloadAsync();
        await ann.InRoomAsync();
        await Expect(ann.Field).ToHaveValueAsync("half a thought");

        await ann.Button("Leave").ClickAsync();
        await ann.JoinAsync("Bo");

        await Expect(ann.Field).ToHaveValueAsync("");
        Assert.Empty(await ann.Page.EvaluateAsync<string[]>("() => Object.keys(localStorage).filter((key) => /^chatshare\\.(draft|outbox)/.test(key))"));
    }

    [Fact]
    public async Task What_was_refused_is_sent_by_Retry_once_and_is_gone_for_good_by_Delete()
    {
        await using var server = await ServerProcess.StartMigratedAsync(TestContext.Current.CancellationToken, "ChatShare:Limits:MessagesPerSecond=1");
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        // Many more in a moment than the server takes. Which of them it refuses is its affair: a slow machine gives it time for some.
        await ann.SayAtOnceAsync([.. Enumerable.Range(10, 40).Select(number => $"number {number}")]);
        await Expect(ann.Log.Locator(".row.pending:not(.failed)")).ToHaveCountAsync(0);
        var failed = ann.Log.Locator(".row.failed");
        await Expect(failed.First).ToContainTextAsync("faster than this server allows");
        var refused = await failed.Locator(".text").AllInnerTextsAsync();
        var (again, gone) = (refused[0], refused[^1]);
        Assert.NotEqual(again, gone);
        await failed.Filter(new() { HasText = gone }).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();

        // As often as it takes until the server has time for it.
        var retry = failed.Filter(new() { HasText = again }).GetByRole(AriaRole.Button, new() { Name = "Retry" });
        await Expect(retry).ToBeVisibleAsync();
        await Eventually.TrueAsync(async () =>
        {
            // Where it is: it may go while a click is on its way.
            await retry.EvaluateAllAsync<object?>("buttons => buttons.forEach((button) => button.click())");
            return (await ann.TextsAsync()).Contains(again);
        });

        await ann.SeesAsync(again);
        await ann.Page.ReloadAsync();
        await ann.InRoomAsync();
        await ann.SeesAsync(again);
        await Expect(ann.Log.GetByText(gone)).ToHaveCountAsync(0);
    }
}
