using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace ChatShare.Web.Components.Layout;

/// <summary>
/// What stands over the page of one circuit: dialogs and notices. MudBlazor's providers for them come into the page with the first one, since
/// most people never see any in a day of talk, and they would be a twentieth of every circuit.
/// </summary>
internal sealed class Overlays(ISnackbar notices, IDialogService dialogs)
{
    private Func<Task>? _mount;

    /// <summary>Called by the part of the page that has the providers.</summary>
    /// <param name="mount">Returns when they are there; null when there is nothing to wait for.</param>
    public void MountWith(Func<Task>? mount) => _mount = mount;

    /// <summary>Says in a notice why something was not done.</summary>
    public async Task ErrorAsync(string sentence)
    {
        await MountAsync();
        notices.Add(sentence, Severity.Error);
    }

    /// <summary>Opens a dialog.</summary>
    public async Task<IDialogReference> ShowAsync<TDialog>(string title, DialogOptions options)
        where TDialog : IComponent
    {
        await MountAsync();
        return await dialogs.ShowAsync<TDialog>(title, options);
    }

    private Task MountAsync() => _mount?.Invoke() ?? Task.CompletedTask;
}
