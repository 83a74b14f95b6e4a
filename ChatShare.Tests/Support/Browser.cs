using Microsoft.Playwright;

namespace ChatShare.Tests.Support;

/// <summary>
/// One Chromium for all tests; each asks for people of its own, who share nothing. Where there is no Chromium the test is
/// skipped, except in continuous integration, where it fails.
/// </summary>
public sealed class Browser : IAsyncLifetime
{
    private const string Executable = "/usr/bin/chromium";

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Executable))
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        });
    }

    /// <summary>A page of somebody new: cookies and storage of their own.</summary>
    internal Task<IPage> NewPersonAsync(RunningApp app) => NewPersonAsync(app, new BrowserNewContextOptions());

    /// <summary>A page of somebody new with a screen, a theme or a touch device of their own.</summary>
    internal async Task<IPage> NewPersonAsync(RunningApp app, BrowserNewContextOptions options)
    {
        if (_browser is null && Environment.GetEnvironmentVariable("CI") != "true")
            Assert.Skip($"There is no Chromium at {Executable}.");
        Assert.NotNull(_browser);
        options.BaseURL = app.Address;
        var context = await _browser.NewContextAsync(options);
        context.SetDefaultTimeout(15_000);
        return await context.NewPageAsync();
    }

    /// <summary>Somebody new who has joined and looks at a room.</summary>
    internal async Task<IPage> JoinAsync(RunningApp app, string nickname, string room = "Lobby")
    {
        var page = await NewPersonAsync(app);
        await page.GotoAsync("/rooms/" + Uri.EscapeDataString(room));
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" }).FillAsync(nickname);
        await page.GetByRole(AriaRole.Button, new() { Name = "Join" }).ClickAsync();
        await page.WaitForURLAsync("**/rooms/**");
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>Tests in a real browser run one after the other: on two cores two at once only wait for each other.</summary>
[CollectionDefinition(Name)]
public sealed class BrowserTests : ICollectionFixture<Browser>
{
    public const string Name = "In a real browser";
}
