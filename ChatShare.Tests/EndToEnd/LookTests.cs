using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>Keyboard, phone, themes. Also takes the pictures, into <c>artifacts/screenshots</c>.</summary>
public sealed class LookTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly string Pictures = SourceTree.Folder("artifacts/screenshots");

    [Fact]
    public async Task Everything_can_be_done_with_the_keyboard_alone()
    {
        var page = await chromium.OpenAsync(fixture.Server);
        await page.GotoAsync("/");
        await page.Keyboard.TypeAsync("Keys");
        await page.Keyboard.PressAsync("Enter");
        var keys = new Person(page);
        await keys.InRoomAsync();
        await Expect(keys.Field).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("typed");
        await page.Keyboard.PressAsync("Enter");
        await keys.SeesAsync("typed");

        await TabToAsync(page, "New room");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Textbox, new() { Name = "Room name" })).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("By keyboard");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "By keyboard" })).ToBeVisibleAsync();

        await TabToAsync(page, "Lobby");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "Lobby" })).ToBeVisibleAsync();

        await TabToAsync(page, "Leave");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Where_the_system_chooses_the_colours_the_field_in_use_and_the_open_room_can_be_told()
    {
        var person = await Person.JoinAsync(chromium, fixture.Server, "Contrast", "/", options => options.ForcedColors = ForcedColors.Active);

        await person.Field.FocusAsync();

        await Expect(person.Page.Locator(".composer-box")).ToHaveCSSAsync("outline-style", "solid");
        var open = person.Rooms.GetByRole(AriaRole.Link, new() { Name = "Lobby" });
        var list = await person.Rooms.EvaluateAsync<string>("list => getComputedStyle(list).backgroundColor");
        await Expect(open).Not.ToHaveCSSAsync("background-color", list);
        await Expect(open).Not.ToHaveCSSAsync("background-color", "rgba(0, 0, 0, 0)");
    }

    [Fact]
    public async Task A_browser_without_scripts_says_what_is_missing()
    {
        var page = await chromium.OpenAsync(fixture.Server, options => options.JavaScriptEnabled = false);
        var person = new Person(page);
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" }).FillAsync("Scriptless");
        await person.Button("Join").ClickAsync();

        // By its element: what stands in a noscript is not found by its text.
        await Expect(page.Locator("noscript p")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData(1440, 900, ColorScheme.Light)]
    [InlineData(1440, 900, ColorScheme.Dark)]
    [InlineData(1024, 768, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Dark)]
    public async Task The_chat_fits_the_window(int width, int height, ColorScheme scheme)
    {
        var name = $"Viewer {width} {scheme}";
        var person = await Person.JoinAsync(chromium, fixture.Server, name, "/", options =>
        {
            options.ViewportSize = new ViewportSize { Width = width, Height = height };
            options.ColorScheme = scheme;
        });
        await person.SayAsync(new string('w', 300));
        await person.SayAsync("שלום לכולם, הקובץ החדש כאן.");
        await person.SayAsync("🎉");
        await person.AttachAsync(new FilePayload { Name = new string('n', 190) + ".tar.gz", MimeType = "x/x", Buffer = new byte[100] });
        await Expect(person.Page.Locator("a.download").Last).ToBeVisibleAsync();

        Assert.Equal(scheme.ToString().ToLowerInvariant(), await person.Page.Locator("html").GetAttributeAsync("data-theme"));
        Assert.True(await person.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"));
        Assert.True(await person.Page.EvaluateAsync<bool>("() => document.querySelector('.timeline').scrollWidth <= document.querySelector('.timeline').clientWidth"));
        await Expect(person.Field).ToBeInViewportAsync();
        // The room has the height of the window and most of its width; panes stand beside it.
        var room = (await person.Page.Locator("main.room").BoundingBoxAsync())!;
        Assert.True(room.Width > width / 3f, $"The room is {room.Width} wide.");
        Assert.Equal((0, height), (room.Y, room.Height));
        await person.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"chat-{width}-{scheme}.png") });
    }

    [Fact]
    public async Task On_a_phone_rooms_and_people_are_drawers_and_targets_are_large_enough()
    {
        var person = await Person.JoinAsync(chromium, fixture.Server, "Phone", "/", options =>
        {
            options.ViewportSize = new ViewportSize { Width = 390, Height = 844 };
            options.HasTouch = true;
        });
        await Expect(person.Rooms).Not.ToBeInViewportAsync();

        await person.Button("Show rooms").ClickAsync();
        await Expect(person.Rooms).ToBeInViewportAsync();
        await person.Page.Keyboard.PressAsync("Escape");
        await Expect(person.Rooms).Not.ToBeInViewportAsync();

        // The room that was made is what one sees.
        await person.Button("Show rooms").ClickAsync();
        await person.NewRoomAsync("Glass");
        await Expect(person.Rooms).Not.ToBeInViewportAsync();

        await person.SayAsync("by the keyboard on the glass");
        await person.SeesAsync("by the keyboard on the glass");

        foreach (var button in await person.Page.Locator(".composer button, .composer label, .top-bar button").AllAsync())
        {
            if (await button.BoundingBoxAsync() is { } box)
                Assert.True(box.Height >= 44 && box.Width >= 44, $"{await button.GetAttributeAsync("aria-label")} is {box.Width} x {box.Height}");
        }
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task On_a_phone_the_sender_too_can_get_a_file_that_is_coming_in(ColorScheme scheme)
    {
        var person = await Person.JoinAsync(chromium, fixture.Server, $"Courier {scheme}", "/", options =>
        {
            options.ViewportSize = new ViewportSize { Width = 390, Height = 844 };
            options.ColorScheme = scheme;
            options.HasTouch = true;
        });
        // So slow that it fills for as long as the test looks.
        await person.Page.SendAtAsync(50_000);
        var name = $"minutes of the meeting, {scheme}.bin";
        await person.AttachAsync(name, 20_000_000);
        var card = person.Log.Locator(".card").Filter(new() { Has = person.Page.GetByTitle(name, new() { Exact = true }) });
        var get = card.GetByRole(AriaRole.Link, new() { Name = $"Get {name} now", Exact = true });
        await Expect(get).ToBeVisibleAsync();
        await Expect(card.GetByRole(AriaRole.Button, new() { Name = $"Pause {name}", Exact = true })).ToBeVisibleAsync();

        var whole = (await card.BoundingBoxAsync())!;
        Assert.InRange(whole.Height, 56, 64);
        Assert.True(whole.X >= 0 && whole.X + whole.Width <= 390, $"The card goes from {whole.X} to {whole.X + whole.Width}.");
        // Large enough, inside of the card, none over another or over the name.
        var boxes = new List<LocatorBoundingBoxResult>();
        foreach (var part in await card.Locator(".card-actions > *:visible, .file-name").AllAsync())
            boxes.Add((await part.BoundingBoxAsync())!);
        boxes.Sort((a, b) => a.X.CompareTo(b.X));
        Assert.Equal(4, boxes.Count);
        Assert.All(boxes.Zip(boxes.Skip(1)), pair => Assert.True(pair.First.X + pair.First.Width <= pair.Second.X, $"{pair.First.X} + {pair.First.Width} > {pair.Second.X}"));
        Assert.True(boxes[0].X >= whole.X && boxes[^1].X + boxes[^1].Width <= whole.X + whole.Width);
        var target = (await get.BoundingBoxAsync())!;
        Assert.True(target.Width >= 44 && target.Height >= 44, $"It is {target.Width} x {target.Height}.");
        await person.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"filling-390-{scheme}.png") });
        await card.GetByRole(AriaRole.Button, new() { Name = $"Cancel {name}", Exact = true }).ClickAsync();
    }

    [Fact]
    public async Task Nothing_is_loaded_from_elsewhere_and_the_policy_is_never_broken()
    {
        var page = await chromium.OpenAsync(fixture.Server);
        var foreign = new List<string>();
        var complaints = new List<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(fixture.Server.Address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                foreign.Add(request.Url);
        };
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                complaints.Add(message.Text);
        };
        await page.GotoAsync("/");
        var person = new Person(page);
        await person.JoinAsync("Strict");
        await person.SayAsync("hello there");
        await person.SeesAsync("hello there");
        await person.Button("Dark").ClickAsync();
        await Expect(person.Button("Dark")).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(person.Button("Light")).ToHaveAttributeAsync("aria-pressed", "false");
        await person.Button("New room").ClickAsync();
        // MudBlazor's parts have our colours, of the mode that holds: the raised surface.
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToHaveCSSAsync("background-color", "rgb(28, 36, 45)");
        // The dialog hears keys when it has the focus.
        await Expect(page.GetByRole(AriaRole.Textbox, new() { Name = "Room name" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
        await person.Button("Light").ClickAsync();
        await person.Button("New room").ClickAsync();
        await Expect(dialog).ToHaveCSSAsync("background-color", "rgb(255, 255, 255)");

        await Expect(page.GetByRole(AriaRole.Textbox, new() { Name = "Room name" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
        await person.Button("Dark").ClickAsync();
        // Before anything is drawn: else the other one would flash up.
        await page.AddInitScriptAsync("new MutationObserver(() => { if (document.body) { window.themeOfBody ??= document.documentElement.dataset.theme ?? 'none'; } }).observe(document, { childList: true, subtree: true });");
        await page.ReloadAsync();
        await person.InRoomAsync();
        Assert.Equal("dark", await page.EvaluateAsync<string>("() => window.themeOfBody"));

        Assert.Empty(foreign);
        Assert.Empty(complaints);
    }

    private static async Task TabToAsync(IPage page, string name)
    {
        for (var i = 0; i < 60; i++)
        {
            await page.Keyboard.PressAsync("Shift+Tab");
            var focused = await page.EvaluateAsync<string>(
                "() => (document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()");
            if (focused == name)
                return;
        }

        Assert.Fail($"“{name}” cannot be reached with Tab.");
    }
}
