using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Benchmarks.Uploading;

/// <summary>The stock way: <c>InputFile</c> on a Blazor Server page whose component copies the file to the disk and syncs it.</summary>
internal static class InputFileServer
{
    public const string Mode = "serve-input-file";

    /// <summary>Where files go.</summary>
    public static string Folder { get; private set; } = "";

    public static async Task<int> RunAsync(string folder, CancellationToken cancellationToken)
    {
        Folder = folder;
        // blazor.web.js is found by the list of files of a web project, which this is not; the chat's is beside this program.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "ChatShare.Web" });
        builder.WebHost.UseStaticWebAssets();
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
        var app = builder.Build();
        app.UseStaticFiles();
        app.UseAntiforgery();
        app.MapRazorComponents<InputFileDocument>().AddInteractiveServerRenderMode();
        await app.StartAsync(cancellationToken);
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}

/// <summary>App.razor, without a router: it shows the picker at the only address that this program has pages for.</summary>
public sealed class InputFileDocument : ComponentBase
{
    /// <inheritdoc />
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddMarkupContent(0, "<!DOCTYPE html>\n");
        builder.OpenElement(1, "html");
        builder.AddMarkupContent(2, "<head><base href=\"/\" /></head>");
        builder.OpenElement(3, "body");
        builder.OpenComponent<InputFilePicker>(4);
        builder.AddComponentRenderMode(RenderMode.InteractiveServer);
        builder.CloseComponent();
        builder.AddMarkupContent(5, "<script src=\"_framework/blazor.web.js\"></script>");
        builder.CloseElement();
        builder.CloseElement();
    }
}

/// <summary>The picker.</summary>
public sealed class InputFilePicker : ComponentBase
{
    private string _done = "";
    private bool _isLive;

    /// <inheritdoc />
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.OpenComponent<InputFile>(0);
        builder.AddComponentParameter(1, nameof(InputFile.OnChange), EventCallback.Factory.Create<InputFileChangeEventArgs>(this, SaveAsync));
        builder.CloseComponent();
        builder.OpenElement(2, "p");
        builder.AddAttribute(3, "data-done", _done);
        builder.AddAttribute(4, "data-live", _isLive ? "yes" : null);
        builder.CloseElement();
    }

    /// <inheritdoc />
    protected override void OnAfterRender(bool firstRender)
    {
        if (!firstRender)
            return;
        _isLive = true;
        StateHasChanged();
    }

    private async Task SaveAsync(InputFileChangeEventArgs change)
    {
        await using var file = new FileStream(Path.Combine(InputFileServer.Folder, Path.GetFileName(change.File.Name)), FileMode.Create);
        await using var source = change.File.OpenReadStream(long.MaxValue);
        await source.CopyToAsync(file);
        file.Flush(flushToDisk: true);
        _done = change.File.Name;
    }
}
