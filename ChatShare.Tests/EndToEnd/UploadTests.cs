using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

public sealed class UploadTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    // Slow enough to see it fill, fast enough to wait for.
    private const int SlowLine = 8_000_000;

    private ServerProcess Server => fixture.Server;

    [Fact]
    public async Task A_20_MB_file_is_watched_while_it_arrives_and_comes_out_byte_for_byte()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Ann", "/");
        var bo = await fixture.OnlookerAsync();
        var path = TestFiles.NewPath("holiday.bin");
        var content = RandomNumberGenerator.GetBytes(20 * 1024 * 1024);
        await File.WriteAllBytesAsync(path, content, TestContext.Current.CancellationToken);

        await bo.Page.EvaluateAsync(
            """
            () => {
              window.seen = [];
              new MutationObserver(() => {
                const now = document.querySelector("[aria-label='Uploading holiday.bin']")?.getAttribute("aria-valuenow");
                if (now && window.seen.at(-1) !== Number(now)) window.seen.push(Number(now));
              }).observe(document.body, { subtree: true, childList: true, attributes: true });
            }
            """);
        await ann.Page.SendAtAsync(SlowLine);
        await ann.AttachAsync(path);

        await Expect(bo.Progress("holiday.bin")).ToBeVisibleAsync();
        var early = await bo.Page.RunAndWaitForDownloadAsync(() => bo.Page.GetByRole(AriaRole.Link, new() { Name = "Get holiday.bin now" }).ClickAsync());
        await Expect(bo.Progress("holiday.bin")).ToBeVisibleAsync();
        await Expect(bo.Download("holiday.bin")).ToBeVisibleAsync();
        var seen = await bo.Page.EvaluateAsync<int[]>("() => window.seen");
        Assert.True(seen.Length >= 3, $"The bar stood at {string.Join(", ", seen)} only.");
        Assert.Equal(seen.Order(), seen);

        var late = await bo.Page.RunAndWaitForDownloadAsync(() => bo.Download("holiday.bin").ClickAsync());
        foreach (var download in new[] { early, late })
        {
            Assert.Equal("holiday.bin", download.SuggestedFilename);
            await using var stream = await download.CreateReadStreamAsync();
            Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(stream, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Several_files_queue_while_one_goes_on_talking_and_changes_the_room()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Queuer", "/");
        var bo = await fixture.OnlookerAsync();

        await ann.Page.SendAtAsync(SlowLine);
        await ann.AttachAsync(("one.bin", 24_000_000), ("two.txt", 5));
        // A small one does not wait for a large one.
        await Expect(bo.Download("two.txt")).ToBeVisibleAsync();
        await Expect(bo.Progress("one.bin")).ToBeVisibleAsync();
        await ann.SayAsync("talking meanwhile");
        await bo.SeesAsync("talking meanwhile");
        await ann.NewRoomAsync("Elsewhere");

        await Expect(bo.Download("one.bin")).ToBeVisibleAsync();
        await Expect(bo.Download("two.txt")).ToBeVisibleAsync();
        await Expect(ann.Download("two.txt")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_file_that_is_picked_before_the_room_is_ready_is_shared_when_it_is()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Hasty", "/");
        // The room is there before its script has started, as over a slow line.
        var late = await ann.HoldScriptAsync("chat.start");
        await ann.Page.ReloadAsync();

        await ann.AttachAsync(new FilePayload { Name = "hasty.txt", MimeType = "x/x", Buffer = "early"u8.ToArray() });
        await Expect(ann.Page.Locator("main.room:not([data-ready]) .composer")).ToBeVisibleAsync();
        await late();

        await Expect(ann.Download("hasty.txt")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task The_sender_can_call_it_off_and_nobody_else()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Canceller", "/");
        var bo = await fixture.OnlookerAsync();

        await ann.Page.SendAtAsync(SlowLine);
        await ann.AttachAsync("mistake.bin", 40_000_000);
        await Expect(bo.Progress("mistake.bin")).ToBeVisibleAsync();
        await Expect(bo.Button("Cancel mistake.bin")).ToHaveCountAsync(0);
        await ann.Button("Cancel mistake.bin").ClickAsync();

        await Expect(Card(bo, "mistake.bin")).ToHaveAttributeAsync("data-state", "cancelled");
        // The button is gone, and whoever works with keys is not sent to the top of the page.
        await Expect(ann.Log).ToBeFocusedAsync();
        await ann.AttachAsync(new FilePayload { Name = "after.txt", MimeType = "x/x", Buffer = "next"u8.ToArray() });
        await Expect(bo.Download("after.txt")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_upload_whose_page_is_closed_waits_on_everyones_card()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Closer", "/");
        var bo = await fixture.OnlookerAsync();
        await ann.Page.SendAtAsync(SlowLine);
        await ann.AttachAsync("gone.bin", 45_000_000);
        await Expect(bo.Progress("gone.bin")).ToHaveAttributeAsync("aria-valuenow", new Regex("[1-9]"));

        await ann.Page.CloseAsync();

        await Expect(Card(bo, "gone.bin")).ToHaveAttributeAsync("data-state", "paused", new() { Timeout = 10_000 });
        await Expect(Card(bo, "gone.bin")).ToContainTextAsync("paused, waiting for Closer");
    }

    [Fact]
    public async Task Hostile_names_are_cleaned_and_the_files_are_shared()
    {
        string[] names = ["../../x.txt", "CON", "a\u202Etxt.exe", "\"quoted\"\n<b>.txt"];
        var ann = await Person.JoinAsync(chromium, Server, "Hostile", "/");
        await ann.NewRoomAsync("Hostile");

        // The browser cleans some of it by itself; the page hands over what a script would.
        await ann.Page.EvaluateAsync(
            """
            names => {
              const input = document.getElementById("attach-files");
              const files = new DataTransfer();
              names.forEach((name) => files.items.add(new File(["hello"], name)));
              input.files = files.files;
              input.dispatchEvent(new Event("change", { bubbles: true }));
            }
            """,
            names);

        foreach (var cleaned in new[] { "x.txt", "_CON", "atxt.exe", "_quoted__b_.txt" })
            await Expect(ann.Download(cleaned)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Cards_keep_their_places_when_one_is_called_off()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Orderly", "/");
        await ann.NewRoomAsync("Order");
        await ann.Page.SendAtAsync(100_000);
        await ann.AttachAsync(("first.bin", 20_000_000), ("second.bin", 2_000_000), ("third.bin", 100));

        await ann.Button("Cancel second.bin").ClickAsync();
        await Expect(Card(ann, "second.bin")).ToHaveAttributeAsync("data-state", "cancelled");

        await Expect(ann.Log.Locator(".card .file-name")).ToHaveTextAsync(["first.bin", "second.bin", "third.bin"]);
    }

    [Fact]
    public async Task A_file_of_zero_bytes_is_a_file()
    {
        var ann = await fixture.OnlookerAsync();

        await ann.AttachAsync(new FilePayload { Name = "empty.dat", MimeType = "x/x", Buffer = [] });

        await Expect(ann.Download("empty.dat")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_download_is_for_people_who_joined_and_carries_its_headers()
    {
        var ann = await fixture.OnlookerAsync();
        var content = "<script>alert(1)</script>"u8.ToArray();
        await ann.AttachAsync(new FilePayload { Name = "грüße \"x\".html", MimeType = "text/html", Buffer = content });
        var link = ann.Page.GetByRole(AriaRole.Link, new() { NameRegex = new("^Download гр") });
        await Expect(link).ToBeVisibleAsync();
        var path = (await link.GetAttributeAsync("href"))!;

        var response = await ann.Page.APIRequest.GetAsync(Server.Address + path + "?inline");
        Assert.Equal(200, response.Status);
        Assert.Equal("application/octet-stream", response.Headers["content-type"]);
        Assert.StartsWith("attachment", response.Headers["content-disposition"], StringComparison.Ordinal);
        Assert.Contains("filename*=UTF-8''%D0%B3%D1%80%C3%BC%C3%9Fe%20_x_.html", response.Headers["content-disposition"], StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers["x-content-type-options"]);
        Assert.Contains("sandbox", response.Headers["content-security-policy"], StringComparison.Ordinal);
        Assert.Contains("private", response.Headers["cache-control"], StringComparison.Ordinal);
        Assert.Equal($"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"", response.Headers["etag"]);
        Assert.Equal($"sha-256=:{Convert.ToBase64String(SHA256.HashData(content))}:", response.Headers["repr-digest"]);

        var range = await ann.Page.APIRequest.GetAsync(Server.Address + path, new() { Headers = [new("Range", "bytes=1-6")] });
        Assert.Equal(206, range.Status);
        Assert.Equal("script", await range.TextAsync());

        using var stranger = new HttpClient();
        using var refused = await stranger.GetAsync(new Uri(Server.Address + path), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static ILocator Card(Person person, string file) =>
        person.Log.Locator(".card").Filter(new() { Has = person.Page.GetByTitle(file, new() { Exact = true }) });
}
