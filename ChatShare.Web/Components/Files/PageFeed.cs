using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Web.Circuits;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace ChatShare.Web.Components.Files;

/// <summary>
/// A component without markup that keeps a script of the page up to date: it looks when something changed, and while there is something
/// that moves, at most four times a second.
/// </summary>
public abstract class PageFeed : ComponentBase, IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // A call over a connection that is down is never answered; it is made again.
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _gone = new();
    private DotNetObjectReference<ComponentBase>? _self;
    private IJSObjectReference? _handle;

    /// <summary>The page's scripts.</summary>
    [Inject]
    public required PageCalls Calls { get; set; }

    /// <summary>Whose page it is.</summary>
    [Inject]
    public required BrowserConnection Connection { get; set; }

    /// <summary>The clock.</summary>
    [Inject]
    public required TimeProvider Time { get; set; }

    /// <summary>The log.</summary>
    [Inject]
    public required ILogger<PageFeed> Logger { get; set; }

    /// <summary>The script, by its name in page.js; its <c>start(dotnet, person)</c> returns what is told.</summary>
    protected abstract string Script { get; }

    /// <summary>Raised when there is something to tell.</summary>
    protected abstract ChangeSignal Changed { get; }

    /// <summary>Who looks at the page.</summary>
    protected PersonSession Who => Connection.Participant.Session;

    /// <summary>Cancelled when the page is gone.</summary>
    protected CancellationToken Gone => _gone.Token;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        try
        {
            if (_handle is not null)
            {
                await _handle.InvokeVoidAsync("dispose");
                await _handle.DisposeAsync();
            }
        }
        catch (Exception exception) when (exception is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone, and with it everything that was to be tidied up there.
            Logger.PageGone();
        }

        _self?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Tells the script what is new.</summary>
    /// <returns>True when something moves by itself, so that it is to be looked at again soon.</returns>
    protected abstract Task<bool> TellAsync(IJSObjectReference handle, CancellationToken cancellationToken);

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
            return;
        try
        {
            _self = DotNetObjectReference.Create<ComponentBase>(this);
            _handle = await Calls.MakeAsync<IJSObjectReference>($"chatshare.{Script}.start", Gone, _self, Who.PersonId.ToString("N"));
            _ = FollowAsync(_handle);
        }
        catch (Exception exception) when (exception is JSDisconnectedException or OperationCanceledException)
        {
            Logger.PageGone();
        }
    }

    private async Task FollowAsync(IJSObjectReference handle)
    {
        try
        {
            while (true)
            {
                var seen = Changed.Version;
                var moves = await TryTellAsync(handle);
                await Task.Delay(Interval, Time, Gone);
                if (!moves)
                    await Changed.WaitAsync(seen, Gone);
            }
        }
        catch (Exception exception) when (exception is JSDisconnectedException or OperationCanceledException or ObjectDisposedException)
        {
            Logger.PageGone();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            await DispatchExceptionAsync(exception);
        }
    }

    /// <returns>True when it is to be looked at again soon.</returns>
    private async Task<bool> TryTellAsync(IJSObjectReference handle)
    {
        if (Connection.Participant.State != PresenceState.Online)
            return true;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Gone);
        patience.CancelAfter(CallTimeout);
        try
        {
            return await TellAsync(handle, patience.Token);
        }
        catch (OperationCanceledException) when (!Gone.IsCancellationRequested)
        {
            return true;
        }
    }
}
