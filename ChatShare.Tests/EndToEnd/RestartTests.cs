using System.Text;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

public sealed class RestartTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_room_that_is_chosen_while_the_network_swallows_everything_is_open_when_it_is_back()
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        await using var cable = new Cable(server.Address);
        var ann = await Person.JoinAsync(chromium, server, "Ann", configure: options => options.BaseURL = cable.Address);
        await ann.NewRoomAsync("Plans");
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Plans", Level = 1 })).ToBeVisibleAsync();

        // Nobody knows yet that the line is dead.
        cable.HoldAfter(cable.Sent);
        await ann.Rooms.GetByRole(AriaRole.Link, new() { Name = "Lobby" }).ClickAsync();
        await ann.Page.WaitForURLAsync(new Regex("/rooms/Lobby$"));
        cable.Pull();
        await Expect(ann.Page.Locator("html[data-connection='lost']")).ToHaveCountAsync(1);
        cable.HoldAfter(long.MaxValue);
        cable.PutBack();

        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Lobby", Level = 1 })).ToBeVisibleAsync();
        await ann.InRoomAsync();
        Assert.EndsWith("/rooms/Lobby", ann.Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_typed_into_a_dialog_outlives_a_line_that_breaks()
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        await using var cable = new Cable(server.Address);
        var ann = await Person.JoinAsync(chromium, server, "Ann", configure: options => options.BaseURL = cable.Address);
        await ann.Button("New room").ClickAsync();
        var name = ann.Page.GetByRole(AriaRole.Textbox, new() { Name = "Room name" });
        await name.FillAsync("Plans of the summer");

        cable.Pull();
        await Expect(ann.Page.Locator("html[data-connection='lost']")).ToHaveCountAsync(1);
        cable.PutBack();
        await Expect(ann.Page.Locator("html[data-connection='lost']")).ToHaveCountAsync(0);

        // Whatever the page asks of the server when the line is back is answered before this is.
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Plans of the summer", Level = 1 })).ToBeVisibleAsync();
    }

    /// <summary>Blazor sends no call again that a broken line has swallowed.</summary>
    [Theory]
    [InlineData("chatshare.overlays.load")]
    [InlineData("chatshare.chat.start")]
    public async Task What_the_server_asks_of_a_page_in_the_moment_in_which_the_line_breaks_is_asked_again(string call)
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        var page = await chromium.OpenAsync(server);
        var (armed, broken) = (false, 0);
        await page.RouteWebSocketAsync("**/_blazor*", line =>
        {
            var behind = line.ConnectToServer();
            behind.OnMessage(frame =>
            {
                if (!armed || frame.Binary is not { } bytes || bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(call)) < 0)
                {
                    if (frame.Binary is { } binary)
                        line.Send(binary);
                    else
                        line.Send(frame.Text!);
                    return;
                }

                (armed, broken) = (false, broken + 1);
                _ = Task.WhenAll(behind.CloseAsync(), line.CloseAsync(new() { Code = 3000 }));
            });
        });
        var ann = await Person.JoinAsync(page, server, "Ann");
        armed = true;

        await ann.NewRoomAsync("Plans");

        Assert.Equal(1, broken);
        await ann.SayAsync("in the new room");
        await ann.SeesAsync("in the new room");
        Assert.Equal(["in the new room"], await ann.TextsAsync());
    }

    [Fact]
    public async Task What_a_closed_page_has_left_behind_is_sent_by_the_next_one_whatever_room_it_opens()
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        await using var cable = new Cable(server.Address);
        var bo = await Person.JoinAsync(chromium, server, "Bo");
        await bo.NewRoomAsync("Plans");
        var ann = await Person.JoinAsync(chromium, server, "Ann", "/rooms/Plans", options => options.BaseURL = cable.Address);
        cable.Pull();
        string[] said = ["left behind", "and more", "and a third", "and a fourth", "and the last"];
        foreach (var text in said)
            await ann.SayAsync(text);
        // None of them has broken anything.
        await Expect(ann.Log.Locator(".row.pending:not(.failed)")).ToHaveCountAsync(said.Length);
        await ann.Page.CloseAsync();
        cable.PutBack();

        var next = await ann.Page.Context.NewPageAsync();
        await next.GotoAsync("/rooms/Lobby");

        await bo.SeesAsync(said[^1]);
        Assert.Equal(said, await bo.TextsAsync());
    }

    [Fact]
    public async Task After_kill_9_everything_is_back_once()
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        var bo = await Person.JoinAsync(chromium, server, "Bo");
        await ann.SayAsync("before");
        await bo.SeesAsync("before");
        await ann.SeesAsync("before");

        await server.KillAsync(Cancel);
        await ann.SayAsync("while it was down");
        await ann.Field.FillAsync("a draft");
        await Expect(ann.Page.GetByText("Connection lost.")).ToBeVisibleAsync();
        await Expect(ann.Page.GetByText(new Regex("Trying again in [123] s"))).ToBeVisibleAsync();
        await Expect(ann.Log.Locator(".row.pending")).ToHaveCountAsync(1);
        await Expect(ann.Log.GetByText("before")).ToBeVisibleAsync();
        // What cannot be done now is said or left, and the page stays.
        await ann.Rooms.GetByRole(AriaRole.Link, new() { Name = "Lobby" }).ClickAsync();
        await ann.AttachAsync(new FilePayload { Name = "later.txt", MimeType = "x/x", Buffer = [1] });
        await ann.Log.GetByText("before", new() { Exact = true }).HoverAsync();
        await ann.Button("Take back").ClickAsync();
        await ann.Button("Take it back").ClickAsync();
        await Expect(ann.Page.GetByText("This was not done: the connection is lost. Try again when it is back.")).ToBeVisibleAsync();
        await server.StartAgainAsync(Cancel);

        // First where it comes from: what hinders it is to be seen there.
        await ann.SeesAsync("while it was down");
        await bo.SeesAsync("while it was down");
        await Expect(ann.Log.Locator(".row.pending")).ToHaveCountAsync(0);
        await Expect(ann.Field).ToHaveValueAsync("a draft");
        await ann.SayAsync("after");
        await bo.SeesAsync("after");
        await Expect(bo.Download("later.txt")).ToBeVisibleAsync();
        Assert.Equal(["before", "while it was down", "after"], await bo.TextsAsync());
        Assert.Equal(["before", "while it was down", "after"], await ann.TextsAsync());
    }

    [Fact]
    public async Task Files_that_are_held_hold_the_page_and_it_says_what_to_do()
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        await ann.AttachAndHoldAsync(new FilePayload { Name = "held.txt", MimeType = "x/x", Buffer = [1] });

        await server.KillAsync(Cancel);
        await Expect(ann.Page.GetByText("Connection lost.")).ToBeVisibleAsync();
        await server.StartAgainAsync(Cancel);

        await Expect(ann.Page.GetByText("Send the files that wait, or remove them: then this page loads again and messages go on.")).ToBeVisibleAsync();
        await ann.Button("Send").ClickAsync();
        await Expect(ann.Page.GetByText("this page loads again")).ToBeHiddenAsync();
        await Expect(ann.Download("held.txt")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_stop_is_told_to_open_pages_does_not_wait_for_them_and_they_come_back()
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        await ann.SayAsync("before");
        await ann.SeesAsync("before");
        // Came to a message, and has gone to the end since.
        var bo = await Person.JoinAsync(chromium, server, "Bo", "/rooms/Lobby?at=1");
        await bo.SayAsync("an answer");
        await ann.SeesAsync("an answer");

        Assert.Equal(0, await server.StopAsync(Cancel));
        await Expect(ann.Page.GetByText("The server is being restarted.")).ToBeVisibleAsync();
        await server.StartAgainAsync(Cancel);

        await ann.InRoomAsync();
        await ann.SayAsync("after");
        await ann.SeesAsync("after");
        Assert.Equal(["before", "an answer", "after"], await ann.TextsAsync());
        await bo.SeesAsync("after");
        await Expect(bo.Page).ToHaveURLAsync(new Regex("/rooms/Lobby$"));
    }
}
