using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>The toolbar at a message: by the mouse, by keys, by a finger.</summary>
public sealed class RowToolsTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_message_can_be_copied_linked_to_and_taken_back()
    {
        var ann = await Person.JoinAsync(chromium, fixture.Server, "Taker");
        await ann.NewRoomAsync("Row tools");
        var bo = await Person.JoinAsync(chromium, fixture.Server, "Finger", "/rooms/row%20tools", options =>
        {
            options.ViewportSize = new ViewportSize { Width = 390, Height = 844 };
            options.HasTouch = true;
        });
        await ann.Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await ann.SayAllAsync(["two\n  lines of http://wiki.example/x", "the password is 1234", "the end"]);
        await bo.SeesAsync("the end");

        // The mouse: at the row where it is, and gone with it.
        await Expect(Tools(ann)).ToBeHiddenAsync();
        await Row(ann, "lines of").HoverAsync();
        await Expect(Tools(ann)).ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("^Message of Taker, "));
        await Tool(ann, "Copy text").ClickAsync();
        await ann.Page.WaitForFunctionAsync("async () => await navigator.clipboard.readText() === 'two\\n  lines of http://wiki.example/x'");
        await Tool(ann, "Copy link").ClickAsync();
        await ann.Page.WaitForFunctionAsync("async () => (await navigator.clipboard.readText()).endsWith('/rooms/Row%20tools?at=1')");
        await ann.Field.HoverAsync();
        await Expect(Tools(ann)).ToBeHiddenAsync();

        // Somebody else's, by a finger: a tap shows it, another puts it away. It is theirs to take back alone.
        await Row(bo, "password").TapAsync();
        await Expect(Tool(bo, "Copy text")).ToBeVisibleAsync();
        await Expect(Tools(bo).GetByRole(AriaRole.Button)).ToHaveCountAsync(2);
        foreach (var tool in await Tools(bo).GetByRole(AriaRole.Button).AllAsync())
            Assert.True((await tool.BoundingBoxAsync()) is { Width: >= 44, Height: >= 44 });
        await Row(bo, "password").TapAsync();
        await Expect(Tools(bo)).ToBeHiddenAsync();

        // By keys alone: in from the log, up by one, to the last button; a question, and the log has the focus again.
        await ann.Log.FocusAsync();
        await ann.Page.Keyboard.PressAsync("Enter");
        await Expect(Tool(ann, "Copy text")).ToBeFocusedAsync();
        // As on plain http, where there is no clipboard to write to: the focus is borrowed and comes back.
        await ann.Page.EvaluateAsync("() => (window.copied = 0, document.addEventListener('copy', () => window.copied++), navigator.clipboard.writeText = () => Promise.reject())");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Expect(Tool(ann, "Copy text").Locator(".copied")).ToBeVisibleAsync();
        await Expect(Tool(ann, "Copy text")).ToBeFocusedAsync();
        Assert.Equal(1, await ann.Page.EvaluateAsync<int>("() => window.copied"));
        await ann.Page.Keyboard.PressAsync("ArrowUp");
        await ann.Page.Keyboard.PressAsync("ArrowRight");
        await ann.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(Tool(ann, "Take back")).ToBeFocusedAsync();
        await ann.Page.Keyboard.PressAsync("Enter");
        var question = ann.Page.GetByRole(AriaRole.Dialog, new() { Name = "Take this message back?" });
        await Expect(question).ToContainTextAsync("the password is 1234");
        await ann.Page.Keyboard.PressAsync("Escape");
        await Expect(ann.Log).ToBeFocusedAsync();
        await Expect(Row(ann, "password")).ToBeVisibleAsync();

        await Row(ann, "password").HoverAsync();
        await Tool(ann, "Take back").ClickAsync();
        await question.GetByRole(AriaRole.Button, new() { Name = "Take it back" }).ClickAsync();
        foreach (var person in new[] { ann, bo })
        {
            await Expect(person.Log.GetByText("This message was deleted.")).ToHaveCountAsync(1);
            await Expect(Row(person, "password")).ToHaveCountAsync(0);
        }

        // Nothing can be done with what is not there.
        await ann.Log.GetByText("This message was deleted.").HoverAsync();
        await Expect(Tools(ann)).ToBeHiddenAsync();
    }

    private static ILocator Tools(Person person) => person.Page.Locator(".row-tools");

    private static ILocator Tool(Person person, string name) => Tools(person).GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static ILocator Row(Person person, string text) => person.Log.Locator(".row").Filter(new() { HasText = text }).Locator(".text");
}
