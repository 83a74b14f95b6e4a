using ChatShare.Core.People;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

[Collection(BrowserTests.Name)]
public sealed class JoinTests(Browser browser)
{
    [Fact]
    public async Task Join_with_a_free_name_opens_the_lobby_on_a_living_circuit()
    {
        await using var app = await RunningApp.StartAsync();
        var page = await browser.NewPersonAsync(app);
        var complaints = Complaints(page);
        await page.GotoAsync("/");
        await Nickname(page).FillAsync("Ann");
        await Button(page, "Join").ClickAsync();

        await Expect(page).ToHaveURLAsync(app.Address + "/rooms/Lobby");
        await Expect(page.GetByText("Ann").First).ToBeVisibleAsync();
        var ann = Assert.Single(app.Get<ConnectedUsers>().List());
        Assert.Equal(("Ann", Door.Browser, PresenceState.Online), (ann.Nickname, ann.Door, ann.State));
        Assert.Equal("127.0.0.1", Assert.Single(ann.Addresses));
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Join_with_a_taken_name_says_so_beside_the_field_and_keeps_what_was_typed()
    {
        await using var app = await RunningApp.StartAsync();
        await app.JoinAsync("Ann");
        var page = await browser.NewPersonAsync(app);
        await page.GotoAsync("/");
        await Nickname(page).FillAsync("ann");
        await Button(page, "Join").ClickAsync();

        await Expect(Nickname(page)).ToHaveValueAsync("ann");
        await Expect(Nickname(page)).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(Nickname(page)).ToHaveAccessibleDescriptionAsync("“ann” is taken. Choose another name.");
    }

    [Fact]
    public async Task Join_with_markup_as_name_shows_it_as_text()
    {
        await using var app = await RunningApp.StartAsync();
        var page = await browser.NewPersonAsync(app);
        await page.GotoAsync("/");
        await Nickname(page).FillAsync("<b>Ann</b>");
        await Button(page, "Join").ClickAsync();

        await Expect(Nickname(page)).ToHaveValueAsync("<b>Ann</b>");
        await Expect(page.Locator("b")).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("“<”");
    }

    [Fact]
    public async Task Join_from_the_address_of_a_room_lands_there()
    {
        await using var app = await RunningApp.StartAsync();
        var page = await browser.NewPersonAsync(app);
        await page.GotoAsync("/rooms/New%20ideas");
        await Expect(page).ToHaveURLAsync(app.Address + "/?returnUrl=%2Frooms%2FNew%2520ideas");
        await Nickname(page).FillAsync("Ann");
        await Button(page, "Join").ClickAsync();

        await Expect(page).ToHaveURLAsync(app.Address + "/rooms/New%20ideas");
    }

    [Fact]
    public async Task Join_page_sends_whoever_has_joined_to_the_chat_even_after_a_restart()
    {
        await using var app = await RunningApp.StartAsync();
        var page = await browser.JoinAsync(app, "Ann");
        await app.StopAsync();
        await app.StartAgainAsync();
        await page.GotoAsync("/");

        await Expect(page).ToHaveURLAsync(app.Address + "/rooms/Lobby");
    }

    [Fact]
    public async Task Leave_ends_the_session_and_frees_the_name()
    {
        await using var app = await RunningApp.StartAsync();
        var page = await browser.JoinAsync(app, "Ann");
        await Button(page, "Leave").ClickAsync();

        await Expect(Nickname(page)).ToBeVisibleAsync();
        await app.JoinAsync("Ann");
    }

    [Fact]
    public async Task Session_that_is_ended_closes_its_circuit_and_tells_why_on_the_join_page()
    {
        await using var app = await RunningApp.StartAsync();
        var page = await browser.JoinAsync(app, "Ann");
        await Expect(page.GetByText("Ann").First).ToBeVisibleAsync();
        var connected = app.Get<ConnectedUsers>();
        var seen = connected.Changed.Version;
        await app.Get<SessionService>().EndPersonAsync(
            connected.List().Single().PersonId, "An administrator disconnected you.", TestContext.Current.CancellationToken);

        await connected.Changed.WaitAsync(seen, TestContext.Current.CancellationToken).WaitAsync(
            TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(connected.List(), user => user.State == PresenceState.Online);
        await page.GotoAsync("/rooms/Lobby");
        await Expect(page.GetByText("An administrator disconnected you.")).ToBeVisibleAsync();
        await Nickname(page).FillAsync("Ann");
        await Button(page, "Join").ClickAsync();
        await Expect(page).ToHaveURLAsync(app.Address + "/rooms/Lobby");
    }

    [Fact]
    public async Task Setup_link_makes_the_administrator_who_can_sign_out_and_in()
    {
        await using var app = await RunningApp.StartAsync();
        var page = await browser.NewPersonAsync(app);
        await page.GotoAsync(app.SetupUrl!);
        await page.GetByRole(AriaRole.Textbox, new() { Name = "User name" }).FillAsync("Root");
        await page.GetByLabel("Password").FillAsync("short");
        await Button(page, "Create administrator").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("at least 12");
        await Expect(page.GetByRole(AriaRole.Textbox, new() { Name = "User name" })).ToHaveValueAsync("Root");
        await page.GetByLabel("Password").FillAsync("correct horse battery");
        await Button(page, "Create administrator").ClickAsync();
        await Expect(page).ToHaveURLAsync(app.Address + "/admin");

        await Button(page, "Sign out").ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "User name" }).FillAsync("root");
        await page.GetByLabel("Password").FillAsync("correct horse battery");
        await Button(page, "Sign in").ClickAsync();
        await Expect(page).ToHaveURLAsync(app.Address + "/admin");
        await page.GotoAsync(app.SetupUrl!);
        await Expect(page.GetByText("There is an administrator already.")).ToBeVisibleAsync();
    }

    private static ILocator Nickname(IPage page) => page.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" });

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>What the browser's console holds against the page, such as a blocked script or socket.</summary>
    private static List<string> Complaints(IPage page)
    {
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        return complaints;
    }
}
