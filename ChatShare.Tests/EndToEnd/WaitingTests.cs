using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>Uploads whose page is gone wait in the transfers panel; files that are here already are not sent again.</summary>
public sealed class WaitingTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>, IDisposable
{
    private const int SlowLine = 1_500_000;
    // Where the page has to be gone before the file is there, however busy the machine is.
    private const int VerySlowLine = 200_000;
    private const int Length = 6_000_000;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ServerProcess Server => fixture.Server;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_browser_that_was_closed_while_the_server_was_restarted_goes_on_with_the_right_file_alone()
    {
        await using var server = await ServerProcess.StartMigratedAsync(Cancel);
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        var bo = await Person.JoinAsync(chromium, server, "Bo");
        var (path, sha256) = await FileAsync("build.iso");
        // So slow that it is still under way when a busy machine has closed the browser.
        await BeginAsync(ann, path, bytesPerSecond: VerySlowLine);
        await HereAsync(bo, "build.iso");
        var state = await ann.Page.Context.StorageStateAsync();
        // In this order: a browser that closes lets go of its slow line first, and a busy machine leaves it time to send the rest.
        await server.KillAsync(Cancel);
        await ann.Page.Context.CloseAsync();
        await server.StartAgainAsync(Cancel);

        var again = new Person(await chromium.OpenAsync(server, options => options.StorageState = state));
        await again.Page.GotoAsync("/rooms/Lobby");
        await again.InRoomAsync();
        var panel = Panel(again);
        await Expect(panel.GetByText("1 upload waiting")).ToBeVisibleAsync();
        await Expect(panel.GetByText(new Regex(@"^build\.iso, [0-9.]+( KB)? of 6\.0 MB are here$"))).ToBeVisibleAsync();

        // Equal in everything that can be told without reading it.
        var (changed, _) = await FileAsync("build.iso", File.GetLastWriteTimeUtc(path));
        await ChooseAsync(again, changed);
        await Expect(panel.GetByText("This “build.iso” has the same name and size, but other contents")).ToBeVisibleAsync();
        var offsets = OffsetsOf(again);
        await ChooseAsync(again, path);

        await ArrivesAsync(bo, "build.iso", sha256);
        Assert.InRange(Assert.Single(offsets), 1, Length - 1);
        await Expect(panel.GetByText("waiting")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_waits_is_shown_in_every_room_and_is_gone_when_it_is_discarded()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Leaver");
        var bo = await fixture.OnlookerAsync();
        var (path, _) = await FileAsync("left.bin");
        await BeginAsync(ann, path, bytesPerSecond: VerySlowLine);
        await HereAsync(bo, "left.bin");
        // A second page of the same browser is not told that it waits: the first one sends it.
        var other = new Person(await ann.Page.Context.NewPageAsync());
        await other.Page.GotoAsync("/rooms/Lobby");
        await other.InRoomAsync();
        await Expect(other.Button("Cancel left.bin")).ToBeVisibleAsync();
        await Expect(other.Button("Discard left.bin")).ToBeHiddenAsync();
        // Nobody feeds it now; only the first page knows that its file is held.
        await ann.Button("Pause left.bin").ClickAsync();
        await Expect(bo.Log.GetByText("paused, waiting for Leaver")).ToBeVisibleAsync();
        await other.Page.ComeBackAsync();
        await Expect(other.Button("Cancel left.bin")).ToBeVisibleAsync();
        await Expect(other.Button("Discard left.bin")).ToBeHiddenAsync();
        await Expect(Panel(other)).ToBeHiddenAsync();

        // It is said on every page, and in every room that is opened from it.
        await ann.NewRoomAsync("Leavers own");
        await ann.Page.GotoAsync("/rooms/Leavers%20own/files");
        await Expect(Panel(ann).GetByText("1 upload waiting")).ToBeVisibleAsync();
        await Expect(Panel(other).GetByText("1 upload waiting")).ToBeVisibleAsync();
        await ann.Page.GetByRole(AriaRole.Link, new() { Name = "Back to the room" }).ClickAsync();
        await ann.InRoomAsync();
        await ann.Page.SetViewportSizeAsync(390, 844);
        await Expect(Panel(ann).GetByText("1 upload waiting")).ToBeVisibleAsync();
        Assert.True(await Panel(ann).Locator(".transfers-meta").EvaluateAsync<bool>("said => said.scrollWidth <= said.clientWidth"));
        await PanelButton(ann, "Discard transfer of left.bin").ClickAsync();

        await Expect(bo.Log.Locator(".card[data-state=cancelled]").Filter(new() { HasText = "left.bin" })).ToHaveCountAsync(1);
        await Expect(Panel(ann)).ToBeHiddenAsync();
        await Expect(Panel(other)).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Several_that_wait_are_chosen_or_discarded_together()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Several");
        var bo = await fixture.OnlookerAsync();
        var (one, sha256) = await FileAsync("several one.bin");
        var (two, _) = await FileAsync("several two.bin");
        await TwoBeginAsync(one, two);
        await ann.Page.SendAtAsync(0);
        var chooser = await ann.Page.RunAndWaitForFileChooserAsync(() => ann.Button("Choose files").ClickAsync());
        Assert.True(chooser.IsMultiple);
        await chooser.SetFilesAsync([(await FileAsync("stranger.bin")).Path, two, one]);

        await ArrivesAsync(bo, "several one.bin", sha256);
        await Expect(bo.Download("several two.bin")).ToBeVisibleAsync();
        await Expect(Panel(ann).GetByText("1 file is none of these.")).ToHaveCountAsync(1);

        await TwoBeginAsync((await FileAsync("several three.bin")).Path, (await FileAsync("several four.bin")).Path);
        await ann.Button("Discard all").ClickAsync();
        await ann.Button("Discard all 2?").ClickAsync();
        await Expect(bo.Log.Locator(".card[data-state=cancelled]").Filter(new() { HasTextRegex = new("several (three|four)\\.bin") })).ToHaveCountAsync(2);
        await Expect(Panel(ann)).ToBeHiddenAsync();

        async Task TwoBeginAsync(params string[] paths)
        {
            foreach (var path in paths)
            {
                await BeginAsync(ann, path, bytesPerSecond: VerySlowLine);
                await HereAsync(bo, Path.GetFileName(path));
            }

            await ann.Page.ReloadAsync();
            await ann.InRoomAsync();
            await Expect(Panel(ann).GetByText("2 uploads waiting")).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task What_its_sender_takes_back_or_calls_off_elsewhere_ends_without_a_word()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Quiet");
        var bo = await fixture.OnlookerAsync();
        await BeginAsync(ann, (await FileAsync("taken back.bin")).Path, bytesPerSecond: VerySlowLine);
        await HereAsync(bo, "taken back.bin");
        await ann.Log.Locator(".card").Filter(new() { HasText = "taken back.bin" }).HoverAsync();
        await ann.Button("Take back").ClickAsync();
        await ann.Button("Take it back").ClickAsync();
        await Expect(ann.Log.GetByText("This message was deleted.")).ToHaveCountAsync(1);
        await Expect(Panel(ann)).ToBeHiddenAsync();

        await BeginAsync(ann, (await FileAsync("called off.bin")).Path, bytesPerSecond: VerySlowLine);
        await HereAsync(bo, "called off.bin");
        var other = new Person(await ann.Page.Context.NewPageAsync());
        await other.Page.GotoAsync("/rooms/Lobby");
        await other.InRoomAsync();
        await other.Button("Cancel called off.bin").ClickAsync();
        await Expect(Panel(ann)).ToBeHiddenAsync();
        await Expect(ann.Page.Locator(".composer-notice")).ToHaveTextAsync("");
    }

    [Fact]
    public async Task A_dropped_file_goes_on_by_one_click_after_a_reload()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Dropped");
        var bo = await fixture.OnlookerAsync();
        var (path, sha256) = await FileAsync("dropped.iso");
        await ann.Page.SendAtAsync(VerySlowLine);
        await ann.Page.DropAsync(ann.Log, path);
        await HereAsync(bo, "dropped.iso");

        await ann.Page.ReloadAsync();
        await ann.InRoomAsync();
        await Expect(ann.Button("Resume dropped.iso")).ToBeVisibleAsync();
        await ann.Page.SendAtAsync(0);
        await PanelButton(ann, "Resume transfer of dropped.iso").ClickAsync();

        await ArrivesAsync(bo, "dropped.iso", sha256);
        Assert.Equal(0, await ann.Page.EvaluateAsync<int>(
            """
            () => new Promise((resolve) => {
              const asked = indexedDB.open("chatshare.handles", 1);
              asked.onsuccess = () => {
                const count = asked.result.transaction("handles").objectStore("handles").count();
                count.onsuccess = () => resolve(count.result);
              };
            })
            """));
    }

    [Fact]
    public async Task The_panel_retries_what_had_no_place_and_calls_off_what_is_queued()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Queuing");
        var bo = await fixture.OnlookerAsync();
        var isFull = true;
        await ann.Page.RouteAsync("**/uploads", route => isFull && route.Request.Method == "POST"
            ? route.FulfillAsync(new() { Status = 507, ContentType = "application/problem+json", Body = "{\"detail\":\"No place.\"}" })
            : route.ContinueAsync());
        await BeginAsync(ann, (await FileAsync("refused.bin")).Path);
        await Panel(ann).GetByText("Not sent").ClickAsync();
        await Expect(Panel(ann).GetByText("No place.")).ToBeVisibleAsync();
        isFull = false;
        await PanelButton(ann, "Retry transfer of refused.bin").ClickAsync();
        await HereAsync(bo, "refused.bin");

        await ann.AttachAsync((await FileAsync("queued.bin")).Path);
        await Expect(bo.Progress("queued.bin")).ToBeVisibleAsync();
        // Hears of every word that stands there, however short.
        await Panel(ann).Locator(".transfers-toggle > .transfers-title").EvaluateAsync(
            "title => new MutationObserver(() => /waiting/.test(title.textContent) && (title.dataset.waited = '')).observe(title, { childList: true })");
        await ann.Page.ToldWhatIsUnderWayAsync(() => PanelButton(ann, "Cancel transfer of queued.bin").ClickAsync());

        await Expect(bo.Log.Locator(".card[data-state=cancelled]").Filter(new() { HasText = "queued.bin" })).ToHaveCountAsync(1);
        await Expect(PanelButton(ann, "Cancel transfer of queued.bin")).ToHaveCountAsync(0);
        await ann.Page.SendAtAsync(0);
        await Expect(bo.Download("refused.bin")).ToBeVisibleAsync();
        await Expect(Panel(ann).Locator("[data-waited]")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_ended_half_way_is_begun_anew_or_dismissed()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Unlucky");
        var bo = await fixture.OnlookerAsync();
        var isFull = true;
        await ann.Page.RouteAsync("**/uploads/*", route => isFull && route.Request.Method == "PATCH"
            ? route.FulfillAsync(new() { Status = 507, ContentType = "application/problem+json", Body = "{\"detail\":\"The disk is full.\"}" })
            : route.ContinueAsync());
        var (path, sha256) = await FileAsync("again.bin");

        await ann.AttachAsync(path);
        // Beside the composer, because the panel is closed.
        await Expect(ann.Page.Locator(".composer-notice")).ToHaveTextAsync("The disk is full.");
        await ann.AttachAsync((await FileAsync("never.bin")).Path);
        await Panel(ann).GetByText("2 failed").ClickAsync();
        await PanelButton(ann, "Dismiss transfer of never.bin").ClickAsync();
        await Expect(Panel(ann).GetByText("never.bin")).ToHaveCountAsync(0);
        isFull = false;
        var sent = ann.PanelSaysAsync("1 file sent");
        await PanelButton(ann, "Retry transfer of again.bin").ClickAsync();

        await ArrivesAsync(bo, "again.bin", sha256);
        await Expect(bo.Log.Locator(".card[data-state=cancelled]").Filter(new() { HasTextRegex = new("never\\.bin|again\\.bin") })).ToHaveCountAsync(2);
        await sent;
    }

    [Fact]
    public async Task A_file_that_is_here_already_is_not_sent()
    {
        const int length = 30_000_000;
        await using var cable = new Cable(Server.Address);
        var bo = await fixture.OnlookerAsync();
        var ann = await Person.JoinAsync(chromium, Server, "Second", configure: options => options.BaseURL = cable.Address);
        var (path, sha256) = await FileAsync("original.iso", length: length);
        await bo.AttachAsync(path);
        await Expect(ann.Download("original.iso")).ToBeVisibleAsync();
        var copy = _folder.File("copy.iso");
        File.Copy(path, copy);
        await ann.Page.SendAtAsync(SlowLine);

        var here = ann.PanelSaysAsync("Already here, nothing to upload");

        await ann.AttachAsync(copy);

        await here;
        await ArrivesAsync(bo, "copy.iso", sha256);
        Assert.InRange(cable.Sent, 1, length - 1);
    }

    private static ILocator Panel(Person person) => person.Page.GetByRole(AriaRole.Region, new() { Name = "Transfers" });

    private static ILocator PanelButton(Person person, string name) => Panel(person).GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static async Task BeginAsync(Person person, string path, int bytesPerSecond = SlowLine)
    {
        await person.Page.SendAtAsync(bytesPerSecond);
        await person.AttachAsync(path);
    }

    /// <summary>Waits until some of it is there.</summary>
    private static Task HereAsync(Person person, string file) =>
        Expect(person.Progress(file)).ToHaveAttributeAsync("aria-valuenow", new Regex("[1-9]"));

    private static async Task ChooseAsync(Person person, string path)
    {
        var name = $"Choose again for transfer of {Path.GetFileName(path)}";
        var chooser = await person.Page.RunAndWaitForFileChooserAsync(() => PanelButton(person, name).ClickAsync());
        await chooser.SetFilesAsync(path);
    }

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

    private static async Task ArrivesAsync(Person person, string file, byte[] sha256)
    {
        await Expect(person.Download(file)).ToBeVisibleAsync();
        var download = await person.Page.RunAndWaitForDownloadAsync(() => person.Download(file).ClickAsync());
        await using var stream = await download.CreateReadStreamAsync();
        Assert.Equal(sha256, await SHA256.HashDataAsync(stream, Cancel));
    }

    /// <summary>A file of random bytes, in a folder of its own.</summary>
    private async Task<(string Path, byte[] Sha256)> FileAsync(string name, DateTime? changedAt = null, int length = Length)
    {
        var path = Path.Combine(Directory.CreateDirectory(_folder.File(Guid.NewGuid().ToString())).FullName, name);
        var content = RandomNumberGenerator.GetBytes(length);
        await File.WriteAllBytesAsync(path, content, Cancel);
        if (changedAt is { } time)
            File.SetLastWriteTimeUtc(path, time);
        return (path, SHA256.HashData(content));
    }
}
