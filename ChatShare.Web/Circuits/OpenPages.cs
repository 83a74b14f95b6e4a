using System.Collections.Concurrent;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.JSInterop;

namespace ChatShare.Web.Circuits;

/// <summary>
/// The pages that are connected. When the program stops it tells them, so that they can say why their connection ends (boot.js). A singleton; all members may be
/// called from any thread.
/// </summary>
internal sealed class OpenPages
{
    // Nobody's answer is needed, only time for what is said to go out: a page that is frozen holds no stop up.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.5);

    private readonly ConcurrentDictionary<IJSRuntime, bool> _pages = new();

    /// <summary>Made with the first page, and so behind the framework, which ends all connections at the same signal: who asked last is told first.</summary>
    public OpenPages(IHostApplicationLifetime lifetime) => lifetime.ApplicationStopping.Register(Tell);

    public void Add(IJSRuntime page) => _pages[page] = true;

    public void Remove(IJSRuntime page) => _pages.TryRemove(page, out _);

    private void Tell() => Task.WhenAll(_pages.Keys.Select(TellAsync)).Wait(Patience);

    private static async Task TellAsync(IJSRuntime page)
    {
        try
        {
            await page.InvokeVoidAsync("document.documentElement.setAttribute", Patience, "data-stopping", "");
        }
        catch (Exception e) when (e is JSException or JSDisconnectedException or OperationCanceledException or InvalidOperationException)
        {
            // It went away in this moment, or does not answer.
            return;
        }
    }
}

/// <summary>One of <see cref="OpenPages"/>, as long as its connection is up. Scoped, so one for each circuit.</summary>
internal sealed class OpenPage(OpenPages pages, IJSRuntime page) : CircuitHandler
{
    public override Task OnConnectionUpAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        pages.Add(page);
        return Task.CompletedTask;
    }

    public override Task OnConnectionDownAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        pages.Remove(page);
        return Task.CompletedTask;
    }
}
