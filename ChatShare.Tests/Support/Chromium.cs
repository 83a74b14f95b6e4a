using System.Collections.Concurrent;
using ChatShare.Tests.Support;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace ChatShare.Tests.Support;

/// <summary>One real browser for all tests; each person is a context of their own in it.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string? Executable = new[] { "/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
        // The web servers that stand in front have a name, which is known here alone.
        $"--host-resolver-rules=MAP {Front.Host} 127.0.0.1",
    ];

    private readonly SemaphoreSlim _starting = new(1);
    private readonly ConcurrentDictionary<string, OpenPages> _open = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Skips the test, with the reason, where there is no browser; fails it on a machine that has to have one.</summary>
    public static void Demand()
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.True(Executable is not null, "Chromium is missing; on a machine for continuous integration the test script has to install it.");
        Assert.SkipUnless(Executable is not null, "Chromium is not installed; ./test installs it on Debian as root.");
    }

    /// <summary>A fresh browser profile, with the server's address as its base. It is closed when the next test of the class, or of those beside it, opens one.</summary>
    public Task<IPage> OpenAsync(ServerProcess server, Action<BrowserNewContextOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        return OpenAsync(server.Address, configure);
    }

    /// <summary>The same with a server that is known by its address.</summary>
    public async Task<IPage> OpenAsync(string server, Action<BrowserNewContextOptions>? configure = null)
    {
        var page = await OpenToStayAsync(server, configure);
        await KeepAsync(page.Context);
        return page;
    }

    /// <summary>The same, and whoever opened it closes its profile.</summary>
    public Task<IPage> OpenToStayAsync(ServerProcess server, Action<BrowserNewContextOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        return OpenToStayAsync(server.Address, configure);
    }

    private async Task<IPage> OpenToStayAsync(string server, Action<BrowserNewContextOptions>? configure)
    {
        Demand();
        var options = new BrowserNewContextOptions
        {
            BaseURL = server,
            ViewportSize = new ViewportSize { Width = 1440, Height = 900 },
            Locale = "en-GB",
            TimezoneId = "Europe/Zurich",
            // Without a graphics card each frame of a movement is painted by the processor, of which there are two for everything.
            ReducedMotion = ReducedMotion.Reduce,
        };
        configure?.Invoke(options);
        var context = await (await BrowserAsync()).NewContextAsync(options);
        context.SetDefaultTimeout((float)Make.PatienceForOne.TotalMilliseconds);
        return await context.NewPageAsync();
    }

    /// <inheritdoc />
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        _starting.Dispose();
    }

    /// <summary>
    /// The pages of a test that is over are closed when the next test of its collection opens one: left open they would go on taking part
    /// in the chat, and two cores soon draw for dozens of people.
    /// </summary>
    private async Task KeepAsync(IBrowserContext context)
    {
        var test = TestContext.Current.Test ?? throw new InvalidOperationException("Pages are opened by tests.");
        var pages = _open.GetOrAdd(test.TestCase.TestCollection.UniqueID, _ => new OpenPages());
        // The tests of a collection run one after the other.
        if (pages.TestId != test.UniqueID)
        {
            pages.TestId = test.UniqueID;
            foreach (var over in pages.Contexts)
                await over.CloseAsync();
            pages.Contexts.Clear();
        }

        pages.Contexts.Add(context);
    }

    private async Task<IBrowser> BrowserAsync()
    {
        await _starting.WaitAsync();
        try
        {
            Assertions.SetDefaultExpectTimeout((float)Make.PatienceForOne.TotalMilliseconds);
            _playwright ??= await Playwright.CreateAsync();
            return _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Executable, Args = Arguments });
        }
        finally
        {
            _starting.Release();
        }
    }

    private sealed class OpenPages
    {
        public string TestId { get; set; } = "";

        public List<IBrowserContext> Contexts { get; } = [];
    }
}
