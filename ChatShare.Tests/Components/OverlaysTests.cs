using Bunit;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Layout;
using Microsoft.Extensions.DependencyInjection;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class OverlaysTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Providers_come_into_the_page_with_the_first_notice_and_show_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var page = circuit.Render<MudProviders>(parameters => parameters.Add(p => p.OnDemand, true));
        var overlays = circuit.Services.GetRequiredService<Overlays>();
        Assert.Empty(page.Markup.Trim());

        await page.InvokeAsync(() => overlays.ErrorAsync("Not now.", token));
        await page.WaitForAssertionAsync(() => Assert.Contains("Not now.", page.Markup, StringComparison.Ordinal));

        await page.InvokeAsync(() => overlays.ErrorAsync("Not later, either.", token));
        await page.WaitForAssertionAsync(() => Assert.Contains("Not later, either.", page.Markup, StringComparison.Ordinal));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Page_that_is_gone_waits_for_no_notice()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var overlays = circuit.Services.GetRequiredService<Overlays>();
        // A browser that draws nothing any more.
        overlays.MountWith(new TaskCompletionSource().Task.WaitAsync);
        using var gone = new CancellationTokenSource();
        var saying = overlays.ErrorAsync("Nobody reads this.", gone.Token);
        Assert.False(saying.IsCompleted);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => saying);
    }
}
