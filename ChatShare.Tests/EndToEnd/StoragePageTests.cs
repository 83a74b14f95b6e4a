using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>The administrator's storage page, and what the others see of it.</summary>
public sealed class StoragePageTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly string Pictures = SourceTree.Folder("artifacts/screenshots");

    [Fact]
    public async Task Rule_that_the_administrator_applies_counts_down_on_the_cards_and_removes_files_there()
    {
        var ann = await Person.JoinAsync(chromium, fixture.Server, "Ann");
        await ann.NewRoomAsync("Archive");
        var bo = await Person.JoinAsync(chromium, fixture.Server, "Bo", "/rooms/Archive");
        foreach (var (name, length) in new[] { ("kept.bin", 800_000), ("old.bin", 800_001), ("new.bin", 800_002) })
        {
            await ann.AttachAsync(name, length);
            await Expect(bo.Download(name)).ToBeVisibleAsync();
        }

        var keep = ann.Button("Keep kept.bin");
        await Expect(keep).ToBeHiddenAsync();
        var root = await SignInAsync();
        await root.GetByRole(AriaRole.Tab, new() { Name = "Storage" }).ClickAsync();

        await ApplyAsync(root, "Keep days of Archive", "200");
        await Expect(bo.Log.GetByText("removed in 200 days")).ToHaveCountAsync(3);
        await Expect(keep).ToBeVisibleAsync();

        // Days count down at once, for those who have the room open; only who may keep a file is offered it.
        await ApplyAsync(root, "Keep days of Archive", "3");
        await Expect(bo.Log.GetByText("removed in 3 days")).ToHaveCountAsync(3);
        // Also in a row whose time waits in the gutter.
        await Expect(bo.Log.GetByText("removed in 3 days").Last).ToHaveCSSAsync("opacity", "1");
        await keep.ClickAsync();
        await Expect(keep).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(keep).ToBeFocusedAsync();
        await Expect(bo.Log.GetByText("kept", new() { Exact = true })).ToHaveCountAsync(1);
        await Expect(bo.Log.GetByText("removed in 3 days")).ToHaveCountAsync(2);
        await Expect(bo.Button("Keep old.bin")).ToHaveCountAsync(0);
        await PictureAsync(ann.Page, "card");

        await ApplyAsync(root, "Keep size of Archive", "0.002");

        await Expect(bo.Log.GetByText("removed to make room")).ToHaveCountAsync(1);
        await Expect(bo.Download("old.bin")).ToHaveCountAsync(0);
        await Expect(bo.Download("kept.bin")).ToBeVisibleAsync();
        await Expect(bo.Download("new.bin")).ToBeVisibleAsync();
        await Expect(root.GetByText("Freed 800 KB, 1 file.")).ToBeVisibleAsync();
        await PictureAsync(root, "storage");
    }

    private static async Task ApplyAsync(IPage root, string field, string value)
    {
        await root.GetByRole(AriaRole.Spinbutton, new() { Name = field, Exact = true }).FillAsync(value);
        await root.GetByRole(AriaRole.Button, new() { Name = "Preview Archive" }).ClickAsync();
        await root.GetByRole(AriaRole.Button, new() { Name = "Apply to Archive" }).ClickAsync();
        await Expect(root.GetByText("Set.")).ToBeVisibleAsync();
    }

    private static async Task PictureAsync(IPage page, string name)
    {
        foreach (var (width, scheme) in new[] { (1440, ColorScheme.Light), (390, ColorScheme.Dark) })
        {
            await page.SetViewportSizeAsync(width, 900);
            await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
            Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"));
            await page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"{name}-{width}-{scheme}.png") });
        }
    }

    private async Task<IPage> SignInAsync()
    {
        var page = await chromium.OpenAsync(fixture.Server);
        await page.GotoAsync("/signin");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "User name" }).FillAsync(ServerFixture.Administrator);
        await page.GetByLabel("Password").FillAsync(ServerFixture.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Connected users" })).ToBeVisibleAsync();
        return page;
    }
}
