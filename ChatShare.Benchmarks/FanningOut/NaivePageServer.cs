using System.Collections.Immutable;
using System.Globalization;
using ChatShare.Core.Rooms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>
/// A chat page as one writes it first: a hundred rows of a dozen frames, and each message renders all of them in every circuit.
/// </summary>
internal static class NaivePageServer
{
    public const string Mode = "serve-naive-page";

    /// <summary>With the newest message alone.</summary>
    public const string LeastMode = "serve-least-page";

    public static async Task<int> RunAsync(string folder, int rows, CancellationToken cancellationToken)
    {
        await using var room = await BareRoom.OpenAsync(folder, cancellationToken);
        var feed = new NaiveFeed(rows);
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
        builder.Services.AddSingleton(feed);
        await using var app = builder.Build();
        app.UseAntiforgery();
        app.MapPost(BareRoom.Path, async (Said said) => await room.SayAsync(said, cancellationToken)).DisableAntiforgery();
        app.MapRazorComponents<NaiveDocument>().AddInteractiveServerRenderMode(server => server.DisableWebSocketCompression = true);
        await app.StartAsync(cancellationToken);
        var following = room.FollowAsync(
            message =>
            {
                feed.Add(message);
                return Task.CompletedTask;
            },
            cancellationToken);
        await Task.WhenAny(following, app.WaitForShutdownAsync(cancellationToken));
        return 0;
    }
}

/// <summary>The newest messages, and an event for whoever shows them.</summary>
public sealed class NaiveFeed(int rows)
{
    /// <summary>How many rows a chat shows.</summary>
    public const int Most = 100;

    /// <summary>A message came.</summary>
    public event Action? Changed;

    /// <summary>The newest ones, ascending.</summary>
    public ImmutableList<ChatMessage> Messages { get; private set; } = [];

    internal void Add(ChatMessage message)
    {
        Messages = (Messages.Count < rows ? Messages : Messages.RemoveAt(0)).Add(message);
        Changed?.Invoke();
    }
}

/// <summary>App.razor with the page in it.</summary>
public sealed class NaiveDocument : ComponentBase
{
    /// <inheritdoc />
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddMarkupContent(0, "<!DOCTYPE html>\n");
        builder.OpenElement(1, "html");
        builder.AddMarkupContent(2, "<head><base href=\"/\" /></head>");
        builder.OpenElement(3, "body");
        builder.OpenComponent<NaivePage>(4);
        builder.AddComponentRenderMode(new InteractiveServerRenderMode(prerender: false));
        builder.CloseComponent();
        builder.CloseElement();
        builder.CloseElement();
    }
}

/// <summary>The page. It has no route: the only one of this program leads to the document, which holds it.</summary>
public sealed class NaivePage : ComponentBase, IDisposable
{
    [Inject]
    private NaiveFeed Feed { get; set; } = null!;

    /// <inheritdoc />
    public void Dispose() => Feed.Changed -= Show;

    /// <inheritdoc />
    protected override void OnInitialized() => Feed.Changed += Show;

    /// <inheritdoc />
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddMarkupContent(0, $"<h1>{EmptyPageServer.Greeting}</h1>");
        builder.OpenElement(1, "ol");
        foreach (var message in Feed.Messages)
        {
            builder.OpenElement(2, "li");
            builder.SetKey(message.Number);
            builder.AddAttribute(3, "class", "message");
            builder.AddAttribute(4, "data-number", message.Number.ToString(CultureInfo.InvariantCulture));
            builder.OpenElement(5, "span");
            builder.AddAttribute(6, "class", "disc");
            builder.AddContent(7, message.Sender[..2]);
            builder.CloseElement();
            builder.OpenElement(8, "b");
            builder.AddContent(9, message.Sender);
            builder.CloseElement();
            builder.OpenElement(10, "time");
            builder.AddContent(11, message.SentAt.ToString("t", CultureInfo.InvariantCulture));
            builder.CloseElement();
            builder.OpenElement(12, "div");
            builder.AddContent(13, message.Text);
            builder.CloseElement();
            builder.CloseElement();
        }

        builder.CloseElement();
    }

    private void Show() => _ = InvokeAsync(StateHasChanged);
}
