using ChatShare.Benchmarks.Circuits;
using ChatShare.Benchmarks.Sharing;
using Microsoft.Playwright;

namespace ChatShare.Benchmarks.Uploading;

/// <summary>Chromium with one page for each side.</summary>
internal sealed class RealBrowser : IAsyncDisposable
{
    public static readonly string? Executable =
        new[] { "/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private RealBrowser(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    public static async Task<RealBrowser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable ?? throw new InvalidOperationException("Chromium is not installed (Debian: apt install chromium)."),
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        }));
    }

    public async Task<IPage> OpenAsync(Uri address)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 } });
        var page = await context.NewPageAsync();
        await page.GotoAsync(address.ToString());
        return page;
    }

    /// <summary>A page of somebody who has joined already, in a browser that knows nothing of the chat otherwise.</summary>
    /// <param name="visitor">Whose cookies.</param>
    /// <param name="headers">Sent with each request.</param>
    public async Task<IPage> EnterAsync(Visitor visitor, params IEnumerable<KeyValuePair<string, string>> headers)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions { ExtraHTTPHeaders = headers });
        await context.AddCookiesAsync(visitor.Cookies.GetCookies(visitor.Server).Select(cookie => new Cookie { Name = cookie.Name, Value = cookie.Value, Url = visitor.Server.ToString() }));
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(visitor.Server, "/rooms/Lobby").ToString());
        await page.Locator("main.room[data-ready]").WaitForAsync();
        return page;
    }

    /// <summary>Joins the chat and is in the Lobby.</summary>
    public async Task<IPage> JoinAsync(Uri address, string nickname)
    {
        var page = await OpenAsync(address);
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" }).FillAsync(nickname);
        await page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true }).ClickAsync();
        await page.Locator("main.room[data-ready]").WaitForAsync();
        return page;
    }

    /// <summary>Picks a file, and returns how many seconds it took until the page shows that it is there.</summary>
    /// <param name="page">The page.</param>
    /// <param name="input">Its file input.</param>
    /// <param name="payload">The file.</param>
    /// <param name="done">A CSS selector of what is there then and was not before.</param>
    public static async Task<double> PickAsync(IPage page, ILocator input, Payload payload, string done)
    {
        await page.EvaluateAsync(
            """
            done => {
              // On the window: the chat takes the event out of the document's hands.
              window.measured = new Promise(resolve => window.addEventListener("change", () => {
                const from = performance.now();
                const observer = new MutationObserver(look);
                observer.observe(document, { subtree: true, childList: true, attributes: true });
                look();
                function look() {
                  if (document.querySelector(done)) {
                    observer.disconnect();
                    resolve(performance.now() - from);
                  }
                }
              }, { capture: true, once: true }));
            }
            """,
            done);
        await input.SetInputFilesAsync(payload.Path);
        return await page.EvaluateAsync<double>("() => window.measured") / 1000;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
