using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace ChatShare.Web.Components.Layout;

/// <summary>
/// What stands over the page of one circuit: dialogs and notices. MudBlazor's providers for them, its style sheet and its script come into the page with the
/// first one, since most people never see any in a day of talk: they would be a twentieth of every circuit, and two fifths of what a browser loads.
/// </summary>
internal sealed class Overlays(ISnackbar notices, IDialogService dialogs)
{
    private Func<CancellationToken, Task>? _mount;

    /// <summary>Called by the part of the page that has the providers.</summary>
    /// <param name="mount">Returns when they are there; null when there is nothing to wait for.</param>
    public void MountWith(Func<CancellationToken, Task>? mount) => _mount = mount;

    /// <summary>
    /// Says in a notice why something was not done. The first one waits until the browser has drawn its place, which over a bad line takes a
    /// while: whatever need not wait for that goes first.
    /// </summary>
    /// <param name="sentence">Why.</param>
    /// <param name="cancellationToken">The page that says it is gone.</param>
    public async Task ErrorAsync(string sentence, CancellationToken cancellationToken)
    {
        await MountAsync(cancellationToken);
        notices.Add(sentence, Severity.Error);
    }

    /// <summary>Opens a dialog.</summary>
    /// <param name="title">Its head.</param>
    /// <param name="options">How it looks.</param>
    /// <param name="cancellationToken">The page that asks is gone.</param>
    public async Task<IDialogReference> ShowAsync<TDialog>(string title, DialogOptions options, CancellationToken cancellationToken)
        where TDialog : IComponent
    {
        await MountAsync(cancellationToken);
        return await dialogs.ShowAsync<TDialog>(title, options);
    }

    private Task MountAsync(CancellationToken cancellationToken) => _mount?.Invoke(cancellationToken) ?? Task.CompletedTask;
}
