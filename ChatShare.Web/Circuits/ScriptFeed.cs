using ChatShare.Core;
using ChatShare.Core.People;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace ChatShare.Web.Circuits;

/// <summary>Tells a script what is new.</summary>
/// <param name="script">What its <c>start</c> returned.</param>
/// <param name="cancellationToken">Gives up, because the page is gone or does not answer.</param>
/// <returns>True when something moves by itself, so that it is to be looked at again soon.</returns>
public delegate Task<bool> TellScript(IJSObjectReference script, CancellationToken cancellationToken);

/// <summary>
/// Keeps a script of the page up to date: it looks when something changed, and while there is something that moves, at most four times a second.
/// One for each circuit, for all of its scripts.
/// </summary>
public sealed class ScriptFeed(PageCalls calls, BrowserConnection connection, TimeProvider time, ILogger<ScriptFeed> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // A call over a connection that is down is never answered; it is made again.
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    /// <summary>To be called on the circuit, when the page is drawn. Returns when the page is gone and the script has tidied up.</summary>
    /// <param name="script">By its name in page.js; its <c>start(dotnet, person)</c> returns what is told.</param>
    /// <param name="component">Whose methods the script may call.</param>
    /// <param name="changed">Raised when there is something to tell.</param>
    /// <param name="tell">Tells it.</param>
    /// <param name="fail">What the circuit makes of a fault.</param>
    /// <param name="gone">Cancelled with the page.</param>
    public async Task RunAsync(
        string script, ComponentBase component, ChangeSignal changed, TellScript tell, Func<Exception, Task> fail, CancellationToken gone)
    {
        ArgumentNullException.ThrowIfNull(changed);
        ArgumentNullException.ThrowIfNull(tell);
        ArgumentNullException.ThrowIfNull(fail);
        using var self = DotNetObjectReference.Create(component);
        IJSObjectReference? handle = null;
        try
        {
            // Not given up with the page: a script that has begun has to be stopped.
            handle = await calls.MakeAsync<IJSObjectReference>($"chatshare.{script}.start", CancellationToken.None, self, connection.Participant.Session.PersonId.ToString("N"));
            while (!gone.IsCancellationRequested)
            {
                var seen = changed.Version;
                var moves = await TryTellAsync(handle, tell, gone);
                await Task.Delay(Interval, time, gone);
                if (!moves)
                    await changed.WaitAsync(seen, gone);
            }
        }
        catch (Exception exception) when (exception is JSDisconnectedException or OperationCanceledException or ObjectDisposedException)
        {
            logger.PageGone();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            await fail(exception);
        }

        if (handle is not null)
            await calls.StopAsync(handle);
    }

    /// <returns>True when it is to be looked at again soon.</returns>
    private async Task<bool> TryTellAsync(IJSObjectReference handle, TellScript tell, CancellationToken gone)
    {
        if (connection.Participant.State != PresenceState.Online)
            return true;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(gone);
        patience.CancelAfter(CallTimeout);
        try
        {
            return await tell(handle, patience.Token);
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            return true;
        }
    }
}
