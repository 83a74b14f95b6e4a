using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

public sealed class AdministratorTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private ServerProcess Server => fixture.Server;

    [Fact]
    public async Task The_administrator_sees_everyone_live_and_disconnects_one()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Ann");
        var root = await SignInAsync();
        var table = root.GetByRole(AriaRole.Table, new() { Name = "Connected users" });
        var bo = await Person.JoinAsync(chromium, Server, "Bo");
        var cookies = await ann.Page.Context.CookiesAsync();

        await Expect(Row(table, "Ann")).ToContainTextAsync("Browser");
        await Expect(Row(table, "Ann")).ToContainTextAsync("Lobby");
        await Expect(Row(table, "Ann")).ToContainTextAsync("127.0.0.1");
        await Expect(Row(table, "Ann")).ToContainTextAsync("Online");
        await Expect(Row(table, "Bo")).ToBeVisibleAsync();

        // What moves is seen while it moves, and ends with its sender.
        await ann.Page.SendAtAsync(100_000);
        await ann.AttachAsync("moving.bin", 20_000_000);
        await Expect(Row(table, "Ann")).ToContainTextAsync("moving.bin");
        await Expect(Row(table, "Ann").GetByRole(AriaRole.Progressbar)).ToBeVisibleAsync();
        await Expect(bo.Progress("moving.bin")).ToBeVisibleAsync();
        await root.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync("the machine is needed");
        await root.GetByRole(AriaRole.Button, new() { Name = "Disconnect Ann", Exact = true }).ClickAsync();

        // Two seconds on a machine that does nothing else.
        await Expect(ann.Button("Join again")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await Expect(ann.Page.GetByText("the machine is needed")).ToBeVisibleAsync();
        await Expect(Row(table, "Ann")).ToHaveCountAsync(0);
        await Expect(table).ToBeFocusedAsync();
        await Expect(bo.People.GetByText("Ann")).ToHaveCountAsync(0);
        await Expect(bo.Progress("moving.bin")).ToHaveCountAsync(0);

        // The old cookie is worthless and the nickname is free.
        var thief = await chromium.OpenAsync(Server);
        await thief.Context.AddCookiesAsync(cookies.Select(c => new Cookie { Name = c.Name, Value = c.Value, Url = Server.Address }));
        await thief.GotoAsync("/rooms/Lobby");
        await Expect(thief.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" })).ToBeVisibleAsync();
        await Person.JoinAsync(chromium, Server, "Ann");

        await root.GetByRole(AriaRole.Tab, new() { Name = "Audit" }).ClickAsync();
        await Expect(root.GetByRole(AriaRole.Table, new() { Name = "Audit" })).ToContainTextAsync("Ann");
        await ann.Button("Join again").ClickAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_link_works_once_and_the_password_from_then_on()
    {
        await using var server = await ServerProcess.StartAsync(TestContext.Current.CancellationToken);
        var link = server.SetupLink!;
        var root = await chromium.OpenAsync(server);
        await root.GotoAsync(link);
        await FillAsync(root, ServerFixture.Password);
        await root.GetByRole(AriaRole.Button, new() { Name = "Create administrator" }).ClickAsync();
        await Expect(root.GetByRole(AriaRole.Table, new() { Name = "Connected users" })).ToBeVisibleAsync();

        await root.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await root.GotoAsync(link);
        await Expect(root.GetByRole(AriaRole.Button, new() { Name = "Create administrator" })).ToHaveCountAsync(0);

        await root.GotoAsync("/signin");
        await FillAsync(root, "wrong horse battery");
        await root.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(root.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await Expect(root.GetByRole(AriaRole.Textbox, new() { Name = "User name" })).ToHaveValueAsync("Root");
        await FillAsync(root, ServerFixture.Password);
        await root.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(root.GetByRole(AriaRole.Table, new() { Name = "Connected users" })).ToBeVisibleAsync();

        await server.KillAsync(TestContext.Current.CancellationToken);
        await server.StartAgainAsync(TestContext.Current.CancellationToken);
        Assert.Null(server.SetupLink);
    }

    [Fact]
    public async Task A_guest_does_not_see_the_administration()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Curious");

        await ann.Page.GotoAsync("/admin");

        await Expect(ann.Page).ToHaveURLAsync(Server.Address + "/signin?returnUrl=%2Fadmin");
        await Expect(ann.Button("Sign in")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_deleted_file_is_gone_from_the_card_and_the_disk()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Sharer");
        await ann.AttachAsync(new FilePayload { Name = "secret.txt", MimeType = "x/x", Buffer = "secret"u8.ToArray() });
        await Expect(ann.Download("secret.txt")).ToBeVisibleAsync();
        var root = await SignInAsync();

        await root.GetByRole(AriaRole.Tab, new() { Name = "Rooms and files" }).ClickAsync();
        await root.GetByRole(AriaRole.Button, new() { Name = "Delete secret.txt", Exact = true }).ClickAsync();

        await Expect(ann.Download("secret.txt")).ToHaveCountAsync(0);
        await Expect(ann.Log.Locator(".card[data-state=deleted]")).ToHaveCountAsync(1);
        // The card says so first, then the content goes.
        await Eventually.TrueAsync(() => Task.FromResult(TestFiles.SharedIn(Server.Downloads).Count == 0));
    }

    [Fact]
    public async Task A_deleted_message_says_nothing_but_that()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Rude");
        await ann.SayAsync("something rude");
        await ann.SeesAsync("something rude");
        var root = await SignInAsync();

        await root.GetByRole(AriaRole.Tab, new() { Name = "Rooms and files" }).ClickAsync();
        await root.GetByRole(AriaRole.Button, new() { Name = "Messages of Lobby" }).ClickAsync();
        await root.GetByRole(AriaRole.Button, new() { NameRegex = new("^Delete message .* of Rude$") }).ClickAsync();

        await Expect(ann.Log.GetByText("something rude")).ToHaveCountAsync(0);
        await Expect(ann.Log.GetByText("This message was deleted.")).ToBeVisibleAsync();
    }

    private static ILocator Row(ILocator table, string nickname) =>
        table.GetByRole(AriaRole.Row).Filter(new() { Has = table.Page.GetByRole(AriaRole.Button, new() { Name = $"Disconnect {nickname}", Exact = true }) });

    private static async Task FillAsync(IPage page, string password)
    {
        await page.GetByRole(AriaRole.Textbox, new() { Name = "User name" }).FillAsync(ServerFixture.Administrator);
        await page.GetByLabel("Password").FillAsync(password);
    }

    private async Task<IPage> SignInAsync()
    {
        var page = await chromium.OpenAsync(Server);
        await page.GotoAsync("/signin");
        await FillAsync(page, ServerFixture.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Connected users" })).ToBeVisibleAsync();
        return page;
    }
}
