using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

[Collection(FewTests.Name)]
public sealed class JoinTests(Chromium chromium, ServerFixture fixture)
{
    private ServerProcess Server => fixture.Server;

    [Fact]
    public async Task Join_with_a_free_name_opens_the_lobby()
    {
        var ann = await OpenAsync();
        await ann.JoinAsync("Ann of the lobby");

        await Expect(ann.Page).ToHaveURLAsync(Server.Address + "/rooms/Lobby");
        await Expect(ann.People.GetByText("Ann of the lobby")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Where_no_WebSocket_gets_through_the_page_says_so()
    {
        var ann = await OpenAsync();
        await ann.JoinAsync("Behind a proxy");
        await ann.Page.RouteWebSocketAsync(new Regex("/_blazor"), socket => _ = socket.CloseAsync());
        await ann.Page.ReloadAsync();

        await Expect(ann.Page.GetByText("A proxy in between has to let WebSockets through.")).ToBeVisibleAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Link, new() { Name = "load this one again" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_first_page_asks_for_little_and_all_of_it_comes_compressed()
    {
        var ivy = await OpenAsync();
        var answers = new ConcurrentBag<IResponse>();
        ivy.Page.Response += (_, answer) => answers.Add(answer);
        await ivy.JoinAsync("Ivy");
        await ivy.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        var parts = answers.Where(answer => answer.Request.ResourceType is "script" or "stylesheet").ToArray();
        Assert.All(parts, part => Assert.True(part.Headers.ContainsKey("content-encoding"), $"{part.Url} is not compressed."));
        Assert.All(parts.Where(part => part.Url.Contains("/js/", StringComparison.Ordinal)), part => Assert.Matches(@"/js/[a-z0-9-]+\.[a-z0-9]{10}\.js$", part.Url));
        Assert.InRange(answers.Count, 1, 24);
        var own = parts.Where(part => !part.Url.Contains("/_", StringComparison.Ordinal));
        Assert.InRange((await Task.WhenAll(own.Select(part => part.BodyAsync()))).Sum(body => body.Length), 1, 240_000);
    }

    [Fact]
    public async Task Join_with_a_taken_name_says_so_beside_the_field_and_keeps_what_was_typed()
    {
        await Person.JoinAsync(chromium, Server, "Bea");
        var other = await OpenAsync();
        await SubmitAsync(other, "bea");

        await Expect(Nickname(other)).ToHaveValueAsync("bea");
        await Expect(Nickname(other)).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(Nickname(other)).ToHaveAccessibleDescriptionAsync("“bea” is taken. Choose another name.");
    }

    [Fact]
    public async Task Join_with_markup_as_name_shows_it_as_text()
    {
        var person = await OpenAsync();
        await SubmitAsync(person, "<b>Cleo</b>");

        await Expect(Nickname(person)).ToHaveValueAsync("<b>Cleo</b>");
        await Expect(Nickname(person)).ToHaveAccessibleDescriptionAsync(
            "A nickname cannot contain “<”; it may have letters, digits, spaces and . - _");
        await Expect(person.Page.Locator("b")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Join_from_the_address_of_a_room_lands_there()
    {
        var dan = await OpenAsync("/rooms/lobby");
        await Expect(dan.Page).ToHaveURLAsync(Server.Address + "/?returnUrl=%2Frooms%2Flobby");
        await dan.JoinAsync("Dan");

        await Expect(dan.Page).ToHaveURLAsync(Server.Address + "/rooms/lobby");
    }

    [Fact]
    public async Task Join_page_sends_whoever_has_joined_on_to_the_chat()
    {
        var eve = await Person.JoinAsync(chromium, Server, "Eve");
        await eve.Page.GotoAsync("/");

        await Expect(eve.Page).ToHaveURLAsync(Server.Address + "/rooms/Lobby");
    }

    [Fact]
    public async Task Leave_ends_the_session_frees_the_name_and_forgets_the_last_room()
    {
        var fay = await Person.JoinAsync(chromium, Server, "Fay");
        await fay.NewRoomAsync("Lasting");
        await fay.Page.GotoAsync("/");
        await Expect(fay.Page).ToHaveURLAsync(Server.Address + "/rooms/Lasting");
        await fay.InRoomAsync();
        await fay.Button("Leave").ClickAsync();

        await Expect(Nickname(fay)).ToBeVisibleAsync();
        Assert.DoesNotContain(await fay.Page.Context.CookiesAsync(), cookie => cookie.Name == "room");
        await fay.JoinAsync("Fay");
        await Expect(fay.Page).ToHaveURLAsync(Server.Address + "/rooms/Lobby");
    }

    [Fact]
    public async Task Form_that_was_opened_before_joining_in_another_tab_says_what_to_do()
    {
        var gil = await OpenAsync();
        var tab = new Person(await gil.Page.Context.NewPageAsync());
        await tab.Page.GotoAsync("/");
        await gil.JoinAsync("Gil");
        await SubmitAsync(tab, "Gil the second");

        await Expect(tab.Page.GetByRole(AriaRole.Heading, new() { Name = "This form is out of date" })).ToBeVisibleAsync();
        await tab.Page.GetByRole(AriaRole.Link, new() { Name = "Go to the chat" }).ClickAsync();
        await tab.InRoomAsync();
    }

    private static ILocator Nickname(Person person) => person.Page.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" });

    private static async Task SubmitAsync(Person person, string nickname)
    {
        await Nickname(person).FillAsync(nickname);
        await person.Button("Join").ClickAsync();
    }

    private async Task<Person> OpenAsync(string address = "/")
    {
        var person = new Person(await chromium.OpenAsync(Server));
        await person.Page.GotoAsync(address);
        return person;
    }
}
