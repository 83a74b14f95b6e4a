using System.Globalization;
using System.Security.Cryptography;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>Uploads that are interrupted, on a line that is slow enough for it.</summary>
public sealed class ResumeTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const int SlowLine = 1_500_000;
    // Where the page has to be gone before the file is there, however busy the machine is.
    private const int VerySlowLine = 200_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ServerProcess Server => fixture.Server;

    [Fact]
    public async Task A_paused_upload_stands_still_for_everyone_and_goes_on_where_it_was()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Pauser");
        var bo = await fixture.OnlookerAsync();
        var offsets = OffsetsOf(ann);
        var file = await RandomFileAsync("paused.bin", 6_000_000);
        await ann.Page.SendAtAsync(SlowLine);
        await ann.AttachAsync(file.Path);
        await UnderWayAsync(bo, "paused.bin");

        await ann.Button("Pause paused.bin").ClickAsync();

        await Expect(bo.Log.GetByText("paused, waiting for Pauser")).ToBeVisibleAsync();
        await Expect(ann.Button("Resume paused.bin")).ToBeFocusedAsync();
        await Expect(ann.Button("Pause paused.bin")).ToHaveCountAsync(0);
        await ann.Page.SendAtAsync(0);
        await ann.Button("Resume paused.bin").ClickAsync();
        await ArrivesAsync(bo, file);
        Assert.Equal(2, offsets.Count);
        Assert.InRange(offsets[1], 1, 5_999_999);
    }

    [Fact]
    public async Task A_server_that_is_killed_in_the_middle_gets_the_rest_without_anybodys_help()
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        var bo = await Person.JoinAsync(chromium, server, "Bo");
        var offsets = OffsetsOf(ann);
        var file = await RandomFileAsync("killed.bin", 8_000_000);
        await ann.Page.SendAtAsync(SlowLine);
        await ann.AttachAsync(file.Path);
        await UnderWayAsync(bo, "killed.bin");

        await server.KillAsync(Cancel);
        await Expect(ann.Page.GetByText("Connection lost.")).ToBeVisibleAsync();
        await server.StartAgainAsync(Cancel);
        // The file goes with the page, so the page stays until it is sent.
        await Expect(ann.Page.GetByText("When your files are sent, this page loads again and messages go on.")).ToBeVisibleAsync();
        await ann.Page.SendAtAsync(0);

        await ArrivesAsync(bo, file);
        Assert.InRange(offsets[^1], 1, 7_999_999);
        await Expect(ann.Download("killed.bin")).ToBeVisibleAsync();
        await ann.InRoomAsync();
    }

    [Fact]
    public async Task A_network_that_is_away_for_a_while_is_waited_for()
    {
        await using var cable = new Cable(Server.Address);
        var ann = await Person.JoinAsync(chromium, Server, "Traveller", configure: options => options.BaseURL = cable.Address);
        var bo = await fixture.OnlookerAsync();
        var file = await RandomFileAsync("tunnel.bin", 6_000_000);
        await ann.Page.SendAtAsync(SlowLine);
        await ann.AttachAsync(file.Path);
        await UnderWayAsync(bo, "tunnel.bin");

        cable.Pull();
        await Expect(bo.Log.GetByText("paused, waiting for Traveller")).ToBeVisibleAsync();
        // Down is not gone.
        var traveller = bo.People.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "Traveller" });
        await Expect(traveller).ToContainTextAsync("away");
        await ann.Page.SendAtAsync(0);
        cable.PutBack();

        await ArrivesAsync(bo, file);
        await Expect(traveller).Not.ToContainTextAsync("away");
    }

    [Fact]
    public async Task A_page_that_was_loaded_again_asks_for_the_file_and_for_no_other()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Reloader");
        var bo = await fixture.OnlookerAsync();
        var file = await RandomFileAsync("build.iso", 6_000_000);
        await ann.Page.SendAtAsync(VerySlowLine);
        await ann.AttachAsync(file.Path);
        await UnderWayAsync(bo, "build.iso");

        await ann.Page.ReloadAsync();
        await ann.InRoomAsync();
        await Expect(bo.Log.GetByText("paused, waiting for Reloader")).ToBeVisibleAsync();
        await Expect(ann.Button("Discard build.iso")).ToBeVisibleAsync();
        await Expect(ann.Button("Pause build.iso")).ToHaveCountAsync(0);

        // At the card: the composer has nothing to do with it.
        var fault = ann.Log.GetByRole(AriaRole.Alert);
        await ChooseAgainAsync(ann, "build.iso", (await RandomFileAsync("other.iso", 6_000_000)).Path);
        await Expect(fault.GetByText("This is “other.iso”. To go on, choose “build.iso”.")).ToBeVisibleAsync();
        await ChooseAgainAsync(ann, "build.iso", (await RandomFileAsync("build.iso", 5_000_000)).Path);
        await Expect(fault.GetByText("This “build.iso” has 5.0 MB, not 6.0 MB like the one that was begun.")).ToBeVisibleAsync();
        await ChooseAgainAsync(ann, "build.iso", (await RandomFileAsync("build.iso", 6_000_000, DateTime.UnixEpoch)).Path);
        await Expect(fault.GetByText("“build.iso” was changed since its upload began.")).ToBeVisibleAsync();

        var offsets = OffsetsOf(ann);
        await ann.Page.SendAtAsync(0);
        await ChooseAgainAsync(ann, "build.iso", file.Path);
        await ArrivesAsync(bo, file);
        Assert.InRange(Assert.Single(offsets), 1, 5_999_999);
        await Expect(ann.Page.Locator(".composer-notice")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task An_upload_that_waits_for_its_file_can_be_discarded()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Discarder");
        var bo = await fixture.OnlookerAsync();
        var file = await RandomFileAsync("discarded.bin", 6_000_000);
        await ann.Page.SendAtAsync(VerySlowLine);
        await ann.AttachAsync(file.Path);
        await UnderWayAsync(bo, "discarded.bin");
        await ann.Page.ReloadAsync();

        await ann.Button("Discard discarded.bin").ClickAsync();

        await Expect(bo.Log.Locator(".card[data-state=cancelled]").Filter(new() { HasText = "discarded.bin" })).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task The_panel_holds_an_upload_of_another_room_and_a_switch_of_rooms_does_not_end_it()
    {
        var page = await chromium.OpenAsync(Server);
        // Before the page sets its first timer: one that it cannot stop any more would end its connection after a while.
        await page.Clock.InstallAsync();
        var ann = await Person.JoinAsync(page, Server, "Mover");
        var bo = await fixture.OnlookerAsync();
        var (before, file) = (await RandomFileAsync("before.bin", 20_000_000), await RandomFileAsync("moved.bin", 20_000_000));
        await ann.AttachAsync(before.Path);
        await ArrivesAsync(bo, before);
        await ann.Page.SendAtAsync(SlowLine);
        await ann.AttachAsync(file.Path);
        await UnderWayAsync(bo, "moved.bin");

        await ann.NewRoomAsync("Next door");
        var panel = ann.Page.GetByRole(AriaRole.Region, new() { Name = "Transfers" });
        await panel.GetByText("Uploading 1 file").ClickAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Button, new() { Name = "Send" })).ToHaveCountAsync(1);
        var (pause, resume) = (ann.Button("Pause transfer of moved.bin"), ann.Button("Resume transfer of moved.bin"));
        await pause.PressAsync("Enter");
        await Expect(bo.Log.GetByText("paused, waiting for Mover")).ToBeVisibleAsync();
        // What was sent before the other began is no part of how far this is.
        await Expect(panel.Locator(".transfers-toggle > .transfers-meta")).ToContainTextAsync("of 20.0 MB");
        await ann.Page.SendAtAsync(SlowLine);
        await resume.PressAsync("Enter");
        await Expect(panel.Locator("[data-state=sending]")).ToHaveCountAsync(1);
        await Expect(pause).ToBeFocusedAsync();
        await pause.PressAsync("Enter");
        await Expect(resume).ToBeFocusedAsync();

        // The server says meanwhile what is under way: this one, and nobody feeds it.
        await ann.Page.ComeBackAsync();
        await ann.Page.SendAtAsync(0);
        // Two of them, or this one: the panel puts away what was sent before.
        var sent = ann.PanelSaysAsync("sent");
        await resume.PressAsync("Enter");

        await sent;
        await ArrivesAsync(bo, file);
        await ann.Page.Clock.FastForwardAsync(10_000);
        await Expect(panel).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Where_uploads_do_not_get_through_files_go_over_the_chats_own_connection()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Fenced in");
        var bo = await fixture.OnlookerAsync();
        await ann.Page.RouteAsync("**/uploads", route => route.FulfillAsync(new() { Status = 503, ContentType = "text/html", Body = "<h1>Not here</h1>" }));
        var file = await RandomFileAsync("fenced.bin", 300_000);

        await ann.AttachAsync(file.Path);

        await Expect(ann.Page.GetByText("These files go over the chat’s own connection, which is slower.")).ToBeVisibleAsync();
        await ArrivesAsync(bo, file);
        Assert.False(await AsksBeforeItLeavesAsync());
        // The picker is the same as before, and leaving is asked about.
        await ann.AttachAsync("fenced2.bin", 20_000_000);
        var seen = Expect(bo.Progress("fenced2.bin")).ToBeVisibleAsync();
        await Eventually.TrueAsync(AsksBeforeItLeavesAsync);
        await seen;
        await Expect(bo.Download("fenced2.bin")).ToBeVisibleAsync();

        // What was picked here goes here, whatever room is open by then, and holds up nothing.
        await ann.AttachAsync((await RandomFileAsync("fenced3.bin", 1000)).Path);
        await ann.NewRoomAsync("Behind the fence");
        await Expect(bo.Download("fenced3.bin")).ToBeVisibleAsync();
        await ann.AttachAsync((await RandomFileAsync("fenced4.bin", 1000)).Path);
        await Expect(ann.Download("fenced4.bin")).ToBeVisibleAsync();
        await Expect(ann.Download("fenced3.bin")).ToHaveCountAsync(0);

        Task<bool> AsksBeforeItLeavesAsync() => ann.Page.EvaluateAsync<bool>("() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))");
    }

    [Fact]
    public async Task Where_PATCH_does_not_get_through_POST_does_and_else_the_chats_own_connection()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Patchless");
        var bo = await fixture.OnlookerAsync();
        var isPostRefused = false;
        await ann.Page.RouteAsync("**/uploads/*", route =>
            route.Request.Method == "PATCH" || (isPostRefused && route.Request.Headers.GetValueOrDefault("x-http-method-override") == "PATCH")
                ? route.FulfillAsync(new() { Status = 405, ContentType = "text/html", Body = "<h1>405 Not Allowed</h1>" })
                : route.ContinueAsync());
        var posted = await RandomFileAsync("posted.bin", 300_000);
        await ann.AttachAsync(posted.Path);
        await ArrivesAsync(bo, posted);

        isPostRefused = true;
        var carried = await RandomFileAsync("carried.bin", 300_000);
        await ann.AttachAsync(carried.Path);

        await ArrivesAsync(bo, carried);
        await Expect(bo.Log.Locator(".card[data-state=cancelled]").Filter(new() { HasText = "carried.bin" })).ToHaveCountAsync(1);
        await Expect(bo.Log.Locator(".card").Filter(new() { HasText = "posted.bin" })).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task A_proxy_that_takes_small_requests_alone_gets_small_requests()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Behind a proxy");
        var bo = await fixture.OnlookerAsync();
        var file = await RandomFileAsync("proxied.bin", 3_000_000);
        await ann.Page.RouteAsync("**/uploads/*", route =>
            route.Request.Method == "PATCH" && int.Parse(route.Request.Headers["upload-offset"], CultureInfo.InvariantCulture) == 0 && _refusals++ == 0
                ? route.FulfillAsync(new() { Status = 413, ContentType = "text/html", Body = "<h1>413 Request Entity Too Large</h1>" })
                : route.ContinueAsync());
        var offsets = OffsetsOf(ann);

        await ann.AttachAsync(file.Path);

        await ArrivesAsync(bo, file);
        // In one request it was refused; then in parts.
        Assert.True(offsets.Count > 2, string.Join(", ", offsets));
    }

    [Fact]
    public async Task A_file_that_is_paused_after_its_last_byte_is_there_all_the_same()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Late");
        // The answer stays away, as that of a server that looks at the file for a while.
        await ann.Page.EvaluateAsync(
            """
            () => {
              const { addEventListener } = XMLHttpRequest.prototype;
              XMLHttpRequest.prototype.addEventListener = function (type, ...rest) {
                return type === "loadend" ? undefined : addEventListener.call(this, type, ...rest);
              };
            }
            """);
        await ann.AttachAsync((await RandomFileAsync("late.bin", 299_987)).Path);
        var panel = ann.Page.GetByRole(AriaRole.Region, new() { Name = "Transfers" });
        await Expect(ann.Download("late.bin")).ToBeVisibleAsync();
        await panel.GetByText("300 KB · checking").ClickAsync();

        var sent = ann.PanelSaysAsync("1 file sent");
        await ann.Button("Pause transfer of late.bin").ClickAsync();

        await sent;
    }

    private int _refusals;

    /// <summary>Where each request began that carried bytes.</summary>
    private static List<long> OffsetsOf(Person person)
    {
        var offsets = new List<long>();
        person.Page.Request += (_, request) =>
        {
            if (request.Method == "PATCH")
                offsets.Add(long.Parse(request.Headers["upload-offset"], CultureInfo.InvariantCulture));
        };
        return offsets;
    }

    private static async Task<(string Path, byte[] Sha256)> RandomFileAsync(string name, int length, DateTime? changedAt = null)
    {
        var path = TestFiles.NewPath(name);
        var content = RandomNumberGenerator.GetBytes(length);
        await File.WriteAllBytesAsync(path, content, Cancel);
        if (changedAt is { } time)
            File.SetLastWriteTimeUtc(path, time);
        return (path, SHA256.HashData(content));
    }

    /// <summary>Waits until some of it is there.</summary>
    private static Task UnderWayAsync(Person person, string file) =>
        Expect(person.Progress(file)).ToHaveAttributeAsync("aria-valuenow", new System.Text.RegularExpressions.Regex("[1-9]"));

    private static async Task ArrivesAsync(Person person, (string Path, byte[] Sha256) file)
    {
        var link = person.Download(Path.GetFileName(file.Path));
        await Expect(link).ToBeVisibleAsync();
        var download = await person.Page.RunAndWaitForDownloadAsync(() => link.ClickAsync());
        await using var stream = await download.CreateReadStreamAsync();
        Assert.Equal(file.Sha256, await SHA256.HashDataAsync(stream, Cancel));
    }

    private static async Task ChooseAgainAsync(Person person, string file, string path)
    {
        var chooser = await person.Page.RunAndWaitForFileChooserAsync(() => person.Button($"Choose {file} again").ClickAsync());
        await chooser.SetFilesAsync(path);
    }
}
