using System.Text.RegularExpressions;
using ChatShare.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

public sealed class RestartTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
        await ann.Rooms.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Lobby" }).ClickAsync();
        await ann.AttachAsync(new Microsoft.Playwright.FilePayload { Name = "later.txt", MimeType = "x/x", Buffer = [1] });
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
    public async Task A_stop_is_told_to_open_pages_does_not_wait_for_them_and_they_come_back()
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        await ann.SayAsync("before");
        await ann.SeesAsync("before");

        Assert.Equal(0, await server.StopAsync(Cancel));
        await Expect(ann.Page.GetByText("The server is being restarted.")).ToBeVisibleAsync();
        await server.StartAgainAsync(Cancel);

        await ann.InRoomAsync();
        await ann.SayAsync("after");
        await ann.SeesAsync("after");
        Assert.Equal(["before", "after"], await ann.TextsAsync());
    }
}
