using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using SkiaSharp;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>Files that are looked at, heard and compared without being downloaded.</summary>
public sealed class ViewerTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Hostile = "<img src=x onerror=\"window.ran=1\"><script>window.ran=1</script>";

    // What a page asks for by itself.
    private static readonly string[] OfThePage =
        ["/_blazor", "/_framework/", "/_content/", "/css/", "/js/", "/icons.svg", "/favicon", "/theme-", "/rooms/", "/signin", "/admin", "/uploads", "/thumbnails/"];

    private ServerProcess Server => fixture.Server;

    [Fact]
    public async Task Nothing_that_people_write_runs_on_any_page()
    {
        var strings = NaughtyStrings.BigList().Concat(NaughtyStrings.Scripts()).Append(Hostile).Where(text => text.Length is > 0 and < 5000 && !text.Any(char.IsControl)).ToArray();
        var writer = await Writer.SignInAsync(Server, "Mallory");
        await writer.CreateRoomAsync("Traps", Hostile);
        // Many in one message: each is a line of its own.
        foreach (var part in strings.Chunk(60))
            await writer.SayAsync("Traps", string.Join('\n', part));
        foreach (var name in strings.Where(text => text.Contains('<', StringComparison.Ordinal)).TakeLast(20))
            await writer.ShareAsync("Traps", name);
        await writer.SayAsync("Traps", "the last trap");
        var page = await chromium.OpenAsync(Server);
        // MudBlazor's comes with the first notice or dialog, and on the administrator's page from the start.
        var (happened, scripts) = (new ConcurrentQueue<string>(), "document.querySelectorAll('script:not([src=\"/_content/MudBlazor/MudBlazor.min.js\"])').length");
        page.Dialog += async (_, dialog) =>
        {
            happened.Enqueue($"a dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
        page.Popup += (_, popup) => happened.Enqueue($"a window: {popup.Url}");
        page.Request += (_, request) =>
        {
            var path = new Uri(request.Url).AbsolutePath;
            if (!request.Url.StartsWith(Server.Address, StringComparison.Ordinal) || !OfThePage.Any(prefix => path.StartsWith(prefix, StringComparison.Ordinal)))
                happened.Enqueue($"a request: {request.Url}");
        };
        await page.AddInitScriptAsync("window.violations = []; addEventListener('securitypolicyviolation', event => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));");
        await page.GotoAsync("/signin");
        await page.GetByLabel("User name").FillAsync(ServerFixture.Administrator);
        await page.GetByLabel("Password").FillAsync(ServerFixture.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Connected users" })).ToBeVisibleAsync();
        var before = await page.EvaluateAsync<int>(scripts);
        foreach (var name in new[] { "Storage", "Audit", "Rooms and files" })
        {
            var tab = page.GetByRole(AriaRole.Tab, new() { Name = name });
            await tab.ClickAsync();
            await Expect(tab).ToHaveAttributeAsync("aria-selected", "true");
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Messages of Traps" }).ClickAsync();
        await Expect(page.GetByText("the last trap")).ToBeVisibleAsync();
        await NothingRanAsync();
        await page.GotoAsync("/rooms/Traps/files");
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Files" })).ToBeVisibleAsync();
        await NothingRanAsync();
        await page.GotoAsync("/rooms/Traps");
        await Expect(page.GetByText("the last trap")).ToBeVisibleAsync();
        await NothingRanAsync();

        async Task NothingRanAsync()
        {
            Assert.Empty(happened);
            Assert.Empty(await page.EvaluateAsync<string[]>("window.violations"));
            Assert.Equal(before, await page.EvaluateAsync<int>(scripts));
            Assert.False(await page.EvaluateAsync<bool>("'ran' in window"));
            Assert.Equal(0, await page.Locator("main [onerror], main [onload], main [onclick], main iframe[src], main object, main embed").CountAsync());
        }
    }

    [Fact]
    public async Task Arrows_go_through_the_files_that_can_be_shown_and_Escape_and_Back_return()
    {
        var ann = await InRoomAsync("Ann", "Arrows");
        var (page, viewer) = (ann.Page, Viewer(ann));
        await ann.AttachAsync(File("a.png", Picture()), File("b.bin", [0, 1, 2]), File("c.txt", "some words"u8.ToArray()), File("d.csv", Encoding.UTF8.GetBytes($"one,two,{string.Concat(Enumerable.Repeat("many columns,", 60))}\n1,2")));
        await Expect(ann.Download("d.csv")).ToBeVisibleAsync();
        await Expect(ann.Button("Look at b.bin")).ToHaveCountAsync(0);

        await page.GetByRole(AriaRole.Link, new() { Name = "Look at a.png" }).ClickAsync();
        await Expect(viewer).ToContainTextAsync("Ann · 1 of 3");
        await Expect(viewer.GetByRole(AriaRole.Heading)).ToHaveTextAsync("a.png");
        var box = await viewer.GetByRole(AriaRole.Img, new() { Name = "a.png" }).BoundingBoxAsync();
        Assert.Equal((640, 320), ((int)box!.Width, (int)box.Height));
        await page.Keyboard.PressAsync("+");
        Assert.Equal(960, (int)(await viewer.GetByRole(AriaRole.Img).BoundingBoxAsync())!.Width);
        await page.Keyboard.PressAsync("0");
        await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(viewer).ToContainTextAsync("1 of 3");
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(viewer.GetByText("some words")).ToBeVisibleAsync();
        await viewer.GetByRole(AriaRole.Button, new() { Name = "Next file" }).ClickAsync();
        await Expect(viewer.GetByRole(AriaRole.Columnheader, new() { Name = "two" })).ToBeVisibleAsync();
        await Expect(viewer.GetByRole(AriaRole.Link, new() { Name = "Download d.csv" })).ToBeVisibleAsync();
        // A wide table is read with the arrows; from its edge they go on to the next file.
        var frame = viewer.GetByRole(AriaRole.Region, new() { Name = "Content of d.csv" });
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(frame).ToHaveJSPropertyAsync("scrollLeft", 40);
        await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(frame).ToHaveJSPropertyAsync("scrollLeft", 0);
        await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(viewer).ToContainTextAsync("2 of 3");
        await page.Keyboard.PressAsync("Escape");
        await Expect(viewer).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Look at a.png" })).ToBeFocusedAsync();

        // Opened again before the browser's history has taken the last one out.
        await page.EvaluateAsync(
            """
            () => {
              const look = document.querySelector("a.picture");
              look.click();
              const dialog = document.querySelector("dialog.viewer");
              dialog.dataset.first = "";
              dialog.onclose = () => look.click();
              dialog.close();
            }
            """);
        await Expect(page.Locator("dialog.viewer:not([data-first])")).ToContainTextAsync("1 of 3");
        await page.Keyboard.PressAsync("Escape");
        await Expect(viewer).ToHaveCountAsync(0);

        // Back closes it, and the room under it does not notice.
        await ann.Field.FillAsync("half a sentence");
        await ann.Button("Look at c.txt").ClickAsync();
        await Expect(viewer).ToContainTextAsync("2 of 3");
        await page.GoBackAsync();
        await Expect(viewer).ToHaveCountAsync(0);
        await Expect(ann.Field).ToHaveValueAsync("half a sentence");
        await ann.Field.PressAsync("Enter");
        await ann.SeesAsync("half a sentence");
        Assert.EndsWith("/rooms/Arrows", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_one_picks_of_a_room_comes_as_one_zip_and_the_page_stays()
    {
        var ann = await InRoomAsync("Picker", "Picks");
        var page = ann.Page;
        await ann.AttachAsync(File("a.txt", "one"u8.ToArray()), File("b.txt", "two"u8.ToArray()), File("c.txt", "three"u8.ToArray()));
        await Expect(ann.Download("c.txt")).ToBeVisibleAsync();
        await page.GotoAsync("/rooms/Picks/files");
        await Box("Select a.txt").CheckAsync();
        await Box("Select c.txt").CheckAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => ann.Button("Download 2 selected").ClickAsync());

        Assert.Equal("Picks.zip", download.SuggestedFilename);
        await using (var archive = await ZipFile.OpenReadAsync(await download.PathAsync(), TestContext.Current.CancellationToken))
        {
            Assert.Equal(["a.txt", "c.txt", "manifest.csv"], archive.Entries.Select(entry => entry.FullName));
            using var reader = new StreamReader(await archive.Entries[1].OpenAsync(TestContext.Current.CancellationToken));
            Assert.Equal("three", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        // On a phone, where each row is a small list.
        await page.SetViewportSizeAsync(390, 844);
        await Box("Select all").CheckAsync();
        await Expect(ann.Button("Download 3 selected")).ToBeVisibleAsync();
        Assert.True((await Box("Select b.txt").Locator("xpath=..").BoundingBoxAsync())!.Height >= 44);
        Assert.Equal(390, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        // It is sorted there, too.
        await ann.Button("Name").ClickAsync();
        await Expect(page.Locator("td[data-label=Name]")).ToHaveTextAsync(["a.txt", "b.txt", "c.txt"]);
        await ann.Button("Name").ClickAsync();
        await Expect(page.Locator("td[data-label=Name]")).ToHaveTextAsync(["c.txt", "b.txt", "a.txt"]);

        ILocator Box(string name) => page.GetByRole(AriaRole.Checkbox, new() { Name = name, Exact = true });
    }

    [Fact]
    public async Task Whatever_a_file_says_is_shown_as_text_and_does_nothing()
    {
        var ann = await InRoomAsync("Hostess", "Hostile");
        var viewer = Viewer(ann);
        var page = Encoding.UTF8.GetBytes($"<!DOCTYPE html>\n{Hostile}\n");
        var drawing = Encoding.UTF8.GetBytes($"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"window.ran=1\">{Hostile}</svg>");
        var table = Encoding.UTF8.GetBytes($"name;{Hostile}\n\"{Hostile.Replace("\"", "\"\"", StringComparison.Ordinal)}\nand; more\";=1+1\n");
        var log = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("0123456789abcdef\n", 60_000)));
        await ann.AttachAsync(
            File("page.html", page), File("drawing.svg", drawing), File("table.csv", table), File("wide.txt", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("größer")]),
            File("long.log", log), File($"{Hostile}.txt".Replace("/", "", StringComparison.Ordinal), page), File("no-text.md", [1, 2, 0, 4]));
        await Expect(ann.Log.Locator("a.download")).ToHaveCountAsync(7);

        await ann.Button("Look at page.html").ClickAsync();
        await Expect(viewer.Locator(".lines > div")).ToHaveTextAsync(["<!DOCTYPE html>", Hostile]);
        await ann.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(viewer.Locator(".lines")).ToContainTextAsync("onload=\"window.ran=1\"");
        await ann.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(viewer.GetByRole(AriaRole.Columnheader)).ToHaveTextAsync(["name", Hostile]);
        await Expect(viewer.GetByRole(AriaRole.Cell)).ToHaveTextAsync([$"{Hostile}\nand; more", "=1+1"]);
        await viewer.GetByRole(AriaRole.Button, new() { Name = "As text" }).ClickAsync();
        await Expect(viewer.Locator(".lines > div")).ToHaveCountAsync(3);
        await ann.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(viewer.Locator(".lines > div")).ToHaveTextAsync(["größer"]);
        await ann.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(viewer.GetByText("The first 512 KB of 1.0 MB · The first 20,000 lines")).ToBeVisibleAsync();
        var content = viewer.GetByRole(AriaRole.Region, new() { Name = "Content of long.log" });
        foreach (var key in new[] { "PageDown", "Space", "ArrowDown" })
        {
            var before = await content.EvaluateAsync<int>("frame => frame.scrollTop");
            await ann.Page.Keyboard.PressAsync(key);
            Assert.True(await content.EvaluateAsync<int>("frame => frame.scrollTop") > before, key);
        }

        await ann.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(viewer.GetByRole(AriaRole.Heading)).ToContainTextAsync("onerror");
        await ann.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(viewer.GetByText("This does not look like text.")).ToBeVisibleAsync();

        Assert.Equal(0, await viewer.Locator("img, script, iframe").CountAsync());
        Assert.False(await ann.Page.EvaluateAsync<bool>("() => 'ran' in window"));
    }

    [Fact]
    public async Task Sound_is_heard_from_the_middle_and_falls_silent_with_the_viewer()
    {
        var ann = await InRoomAsync("Listener", "Sound");
        // More than a browser loads to hear the last seconds.
        await ann.AttachAsync(await OnDiskAsync("tone.wav", Sound(seconds: 60)));
        var ranges = new ConcurrentBag<string>();
        ann.Page.Request += (_, request) =>
        {
            if (request.Headers.TryGetValue("range", out var range))
                ranges.Add(range);
        };

        await ann.Button("Look at tone.wav").ClickAsync();
        var audio = await Viewer(ann).Locator("audio").ElementHandleAsync();
        var at = await audio.EvaluateAsync<double[]>(
            """
            audio => new Promise((resolve, reject) => {
              audio.addEventListener("error", () => reject(new Error("It cannot be played.")));
              audio.addEventListener("seeked", () => resolve([audio.currentTime, audio.duration]));
              const seek = () => (audio.currentTime = 55);
              audio.readyState > 0 ? seek() : audio.addEventListener("loadedmetadata", seek);
            })
            """);

        Assert.Equal([55, 60], at);
        Assert.Contains(ranges, range => range.StartsWith("bytes=", StringComparison.Ordinal) && range != "bytes=0-");
        await audio.EvaluateAsync("audio => { audio.muted = true; return audio.play(); }");
        await Viewer(ann).GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Expect(Viewer(ann)).ToHaveCountAsync(0);
        Assert.True(await audio.EvaluateAsync<bool>("audio => audio.paused && !audio.src"));
    }

    [Fact]
    public async Task A_copy_is_told_from_the_file_and_the_hash_can_be_taken_along()
    {
        var ann = await InRoomAsync("Doubter", "Trust");
        var content = Make.Bytes(300_000);
        var other = content.ToArray();
        other[^1] ^= 1;
        await ann.AttachAsync(File("plan.bin", content));
        await Expect(ann.Log.GetByText("SHA-256 verified")).ToBeVisibleAsync();

        // As on plain http, which is how most of an intranet is.
        await ann.Page.EvaluateAsync("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })");
        await ann.Button("Copy SHA-256 of plan.bin").ClickAsync();
        await Expect(ann.Button("Copy SHA-256 of plan.bin")).ToContainTextAsync("Copied");
        await ann.Field.FocusAsync();
        await ann.Page.Keyboard.PressAsync("Control+V");
        await Expect(ann.Field).ToHaveValueAsync(Make.Sha256(content));

        await ann.Button("Check your copy of plan.bin").ClickAsync();
        var box = ann.Page.GetByRole(AriaRole.Dialog, new() { Name = "Check your copy of plan.bin" });
        var copy = box.GetByLabel("Your copy of plan.bin", new() { Exact = true });
        await copy.SetInputFilesAsync(File("longer.bin", [.. content, .. new byte[12]]));
        await Expect(box.GetByText("Not the same: yours has 12 bytes more.")).ToBeVisibleAsync();
        await copy.SetInputFilesAsync(File("other.bin", other));
        await Expect(box.GetByText($"Not the same: yours is {Make.Sha256(other)}")).ToBeVisibleAsync();
        await copy.SetInputFilesAsync(File("renamed.bin", content));
        await Expect(box.GetByText("Same: this is the file.")).ToBeVisibleAsync();

        // Dropped here it is compared, and not shared in the room.
        await ann.Page.DropAsync(box, await OnDiskAsync("dropped.bin", other));
        await Expect(box.GetByText("Not the same: yours is")).ToBeVisibleAsync();
        await ann.Page.Keyboard.PressAsync("Escape");
        await Expect(ann.Button("Check your copy of plan.bin")).ToBeFocusedAsync();
        await Expect(ann.Log.Locator(".card")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task A_file_that_is_taken_back_while_somebody_looks_at_it_says_so()
    {
        var ann = await InRoomAsync("Fickle", "Regret");
        var bo = await Person.JoinAsync(chromium, Server, "Looker", "/rooms/Regret");
        await ann.AttachAsync(File("notes.txt", "other words"u8.ToArray()));
        await Expect(ann.Download("notes.txt")).ToBeVisibleAsync();
        await ann.AttachAsync(File("plan.png", Picture()), File("plot.png", [.. Picture(), 0]));
        await bo.Page.GetByRole(AriaRole.Link, new() { Name = "Look at plan.png" }).ClickAsync();
        await Expect(Viewer(bo).GetByRole(AriaRole.Img)).ToBeVisibleAsync();

        await ann.Log.Locator(".card").Last.HoverAsync();
        await ann.Page.Locator(".row-tools").GetByRole(AriaRole.Button, new() { Name = "Take back" }).ClickAsync();
        await ann.Button("Take it back").ClickAsync();

        await Expect(Viewer(bo).GetByText("This file was deleted.")).ToBeVisibleAsync();
        await Expect(Viewer(bo).GetByRole(AriaRole.Link)).ToHaveCountAsync(0);
        await bo.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(Viewer(bo)).ToContainTextAsync("plot.png");
        await Expect(Viewer(bo).GetByText("This file was deleted.")).ToBeVisibleAsync();
        await bo.Page.Keyboard.PressAsync("ArrowLeft");
        await bo.Page.Keyboard.PressAsync("ArrowLeft");
        await Expect(Viewer(bo).GetByText("other words")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task On_a_phone_a_swipe_goes_on_and_the_page_of_files_opens_the_same_viewer()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Thumb", "/", options =>
        {
            options.ViewportSize = new ViewportSize { Width = 390, Height = 844 };
            options.HasTouch = true;
        });
        await ann.AttachAsync(File("a.png", Picture()), File("b.txt", Encoding.UTF8.GetBytes(new string('w', 5000))));
        await Expect(ann.Download("b.txt")).ToBeVisibleAsync();
        var viewer = Viewer(ann);

        await ann.Page.GetByRole(AriaRole.Link, new() { Name = "Look at a.png" }).ClickAsync();
        await Expect(viewer).ToContainTextAsync("1 of 2");
        await ann.Page.SwipeAsync(viewer.GetByRole(AriaRole.Img), -150);
        await Expect(viewer).ToContainTextAsync("2 of 2");
        await Expect(viewer.GetByText("www")).ToBeVisibleAsync();
        Assert.True(await ann.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth && document.querySelector('.viewer').scrollWidth <= innerWidth"));
        foreach (var button in await viewer.Locator("button, a").AllAsync())
        {
            var box = (await button.BoundingBoxAsync())!;
            Assert.True(box is { Width: >= 44, Height: >= 44, X: >= 0 } && box.X + box.Width <= 390, await button.GetAttributeAsync("aria-label"));
        }

        await viewer.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await ann.Page.GetByRole(AriaRole.Link, new() { Name = "Files in this room" }).ClickAsync();
        await Expect(ann.Page.Locator("td time").First).ToContainTextAsync(":");
        await ann.Button("Look at b.txt").ClickAsync();
        await Expect(viewer).ToContainTextAsync("of 2");
        await Expect(viewer.GetByRole(AriaRole.Heading)).ToHaveTextAsync("b.txt");
    }

    private static ILocator Viewer(Person person) => person.Page.Locator("dialog.viewer");

    private static FilePayload File(string name, byte[] content) => new() { Name = name, MimeType = "x/x", Buffer = content };

    private static async Task<string> OnDiskAsync(string name, byte[] content)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("chatshare-file-").FullName, name);
        await System.IO.File.WriteAllBytesAsync(path, content, TestContext.Current.CancellationToken);
        return path;
    }

    private static byte[] Picture()
    {
        using var bitmap = new SKBitmap(640, 320);
        bitmap.Erase(SKColors.SteelBlue);
        using var image = SKImage.FromBitmap(bitmap);
        using var data = image.Encode(SKEncodedImageFormat.Png, 90);
        return data.ToArray();
    }

    /// <summary>A quiet WAV: two channels of 16 bits, 44,100 times a second.</summary>
    private static byte[] Sound(int seconds)
    {
        const int Rate = 44_100;
        const int Frame = 4;
        var length = seconds * Rate * Frame;
        var wav = new byte[44 + length];
        "RIFF    WAVEfmt "u8.CopyTo(wav);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(4), 36 + length);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(22), 2);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(24), Rate);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(28), Rate * Frame);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(32), Frame);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(34), 16);
        "data"u8.CopyTo(wav.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(40), length);
        return wav;
    }

    private async Task<Person> InRoomAsync(string nickname, string room)
    {
        var person = await Person.JoinAsync(chromium, Server, nickname);
        await person.NewRoomAsync(room);
        return person;
    }
}
