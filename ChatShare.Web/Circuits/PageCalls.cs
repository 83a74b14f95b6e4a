using ChatShare.Core;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.JSInterop;
using Microsoft.JSInterop.Infrastructure;

namespace ChatShare.Web.Circuits;

/// <summary>
/// Calls of the page’s scripts whose end is awaited. Blazor sends again what a broken line has swallowed of its drawings, and nothing of its calls: the answer to
/// one would be waited for without end, and a room that was being opened in that moment would never be ready. Here it is called again once the line is back, so what is
/// called has to bear being called twice; and an element of a page that was left meanwhile, which then is null. Scoped, so one for each circuit; called on its dispatcher.
/// </summary>
public sealed class PageCalls(IJSRuntime page, ILogger<PageCalls> logger) : CircuitHandler
{
    private readonly ChangeSignal _lineIsBack = new();

    /// <inheritdoc />
    public override Task OnConnectionUpAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _lineIsBack.Raise();
        return Task.CompletedTask;
    }

    /// <summary>Blazor leaves without an answer what was called before; what is called from now on it refuses.</summary>
    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _lineIsBack.Raise();
        return Task.CompletedTask;
    }

    /// <summary>Calls a function that finishes what was drawn; nobody misses it when the page is gone.</summary>
    /// <exception cref="JSException">The function has thrown.</exception>
    public async Task DressAsync(string function, params object?[] arguments)
    {
        try
        {
            await MakeAsync(function, CancellationToken.None, arguments);
        }
        catch (JSDisconnectedException)
        {
            logger.PageGone();
        }
    }

    /// <summary>Ends a script that was started; returns when it has told what it had still to tell, or its browser is gone.</summary>
    public async Task StopAsync(IJSObjectReference script)
    {
        ArgumentNullException.ThrowIfNull(script);
        try
        {
            await script.InvokeVoidAsync("dispose");
            await script.DisposeAsync();
        }
        catch (Exception exception) when (exception is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone or does not answer, and with it goes everything that was to be tidied up there.
            logger.PageGone();
        }
    }

    /// <summary>Calls a function that returns nothing.</summary>
    /// <exception cref="JSDisconnectedException">The circuit has ended.</exception>
    /// <exception cref="JSException">The function has thrown.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task MakeAsync(string function, CancellationToken cancellationToken, params object?[] arguments) =>
        MakeAsync<IJSVoidResult>(function, cancellationToken, arguments);

    /// <summary>Calls a function and returns what it returns; of one that was called twice, what it returned last.</summary>
    /// <inheritdoc cref="MakeAsync(string, CancellationToken, object?[])" path="/exception" />
    public async Task<T> MakeAsync<T>(string function, CancellationToken cancellationToken, params object?[] arguments)
    {
        while (true)
        {
            var seen = _lineIsBack.Version;
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var call = page.InvokeAsync<T>(function, over.Token, arguments).AsTask();
            await Task.WhenAny(call, _lineIsBack.WaitAsync(seen, over.Token));
            var isAnswered = call.IsCompleted;
            await over.CancelAsync();
            if (isAnswered)
                return await call;
        }
    }
}
