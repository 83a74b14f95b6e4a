using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.SignalR;

namespace ChatShare.Web.Security;

/// <summary>
/// Lets pages be made a few at a time, and while little else waits, in the order in which they were asked for. After lunch hundreds come at the same moment; all at once they
/// would be done no sooner, and the messages of those who are in would wait behind each of them. What is held here does not depend on how fast
/// a client is: the page's HTML fits into the connection's buffer, and a circuit's first render waits for nobody.
/// </summary>
internal sealed class Crowd : IHubFilter, IMiddleware, IDisposable
{
    // Whoever is further back than that would rather come again.
    private const int LongestQueue = 10_000;

    // Every step of a message queues behind what the thread pool has to do already (docs/decisions/0007-crowds.md).
    private const int CalmQueue = 48;

    private static readonly int AtOnce = 2 * Environment.ProcessorCount;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    // A server that is busy with something else, and stays so, makes pages all the same.
    private static readonly TimeSpan LongestCalm = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrencyLimiter _pages = Limiter();
    private readonly ConcurrencyLimiter _circuits = Limiter();

    /// <inheritdoc />
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is null)
        {
            await next(context);
            return;
        }

        using var lease = await _pages.AcquireAsync(1, context.RequestAborted);
        if (lease.IsAcquired)
        {
            await CalmAsync(context.RequestAborted);
            await next(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = "5";
    }

    /// <inheritdoc />
    public ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next) =>
        // The calls of Blazor's hub that make a page; all others come from one that is there.
        invocationContext.HubMethodName is "StartCircuit" or "UpdateRootComponents" ? TakeTurnAsync(invocationContext, next) : next(invocationContext);

    /// <inheritdoc />
    public void Dispose()
    {
        _pages.Dispose();
        _circuits.Dispose();
    }

    private async ValueTask<object?> TakeTurnAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        using var lease = await _circuits.AcquireAsync(1, invocationContext.Context.ConnectionAborted);
        if (!lease.IsAcquired)
            throw new HubException("Too many people are coming at this moment.");
        await CalmAsync(invocationContext.Context.ConnectionAborted);
        return await next(invocationContext);
    }

    /// <summary>Until the pool has little to do, which it does not announce.</summary>
    private static async Task CalmAsync(CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; waited < LongestCalm && ThreadPool.PendingWorkItemCount > CalmQueue; waited += Look)
            await Task.Delay(Look, cancellationToken);
    }

    private static ConcurrencyLimiter Limiter() => new(new ConcurrencyLimiterOptions
    {
        PermitLimit = AtOnce,
        QueueLimit = LongestQueue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });
}
