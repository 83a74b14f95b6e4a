using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>
/// What <c>dotnet new blazor --empty --interactivity Server --all-interactive</c> makes, in code: the least that a page on a
/// circuit can be.
/// </summary>
internal static class EmptyPageServer
{
    public const string Mode = "serve-empty-page";
    public const string Greeting = "Hello, world!";

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateBuilder();
        // As in the chat, so that the difference is the page and not the socket.
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
        var app = builder.Build();
        app.UseAntiforgery();
        app.MapRazorComponents<EmptyDocument>().AddInteractiveServerRenderMode(server => server.DisableWebSocketCompression = true);
        await app.StartAsync(cancellationToken);
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}

/// <summary>App.razor.</summary>
public sealed class EmptyDocument : ComponentBase
{
    /// <inheritdoc />
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddMarkupContent(0, "<!DOCTYPE html>\n");
        builder.OpenElement(1, "html");
        builder.OpenElement(2, "head");
        builder.AddMarkupContent(3, "<base href=\"/\" />");
        builder.OpenComponent<HeadOutlet>(4);
        builder.AddComponentRenderMode(RenderMode.InteractiveServer);
        builder.CloseComponent();
        builder.CloseElement();
        builder.OpenElement(5, "body");
        builder.OpenComponent<EmptyRoutes>(6);
        builder.AddComponentRenderMode(RenderMode.InteractiveServer);
        builder.CloseComponent();
        builder.CloseElement();
        builder.CloseElement();
    }
}

/// <summary>Routes.razor.</summary>
public sealed class EmptyRoutes : ComponentBase
{
    /// <inheritdoc />
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.OpenComponent<Router>(0);
        builder.AddComponentParameter(1, nameof(Router.AppAssembly), typeof(EmptyRoutes).Assembly);
        builder.AddComponentParameter(2, nameof(Router.Found), (RenderFragment<RouteData>)(route => inner =>
        {
            inner.OpenComponent<RouteView>(0);
            inner.AddComponentParameter(1, nameof(RouteView.RouteData), route);
            inner.AddComponentParameter(2, nameof(RouteView.DefaultLayout), typeof(EmptyLayout));
            inner.CloseComponent();
            inner.OpenComponent<FocusOnNavigate>(3);
            inner.AddComponentParameter(4, nameof(FocusOnNavigate.RouteData), route);
            inner.AddComponentParameter(5, nameof(FocusOnNavigate.Selector), "h1");
            inner.CloseComponent();
        }));
        builder.CloseComponent();
    }
}

/// <summary>MainLayout.razor.</summary>
public sealed class EmptyLayout : LayoutComponentBase
{
    /// <inheritdoc />
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddContent(0, Body);
        builder.AddMarkupContent(1, "<div id=\"blazor-error-ui\">An unhandled error has occurred.</div>");
    }
}

/// <summary>Home.razor.</summary>
[Route("/")]
public sealed class EmptyHome : ComponentBase
{
    /// <inheritdoc />
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.OpenComponent<PageTitle>(0);
        builder.AddComponentParameter(1, nameof(PageTitle.ChildContent), (RenderFragment)(title => title.AddContent(0, "Home")));
        builder.CloseComponent();
        builder.AddMarkupContent(2, $"<h1>{EmptyPageServer.Greeting}</h1>\nWelcome to your new app.");
    }
}
