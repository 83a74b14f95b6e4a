using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;

namespace ChatShare.Web.Security;

/// <summary>
/// Lets pages be made a few at a time, and while little else waits, in the order in which they were asked for. After lunch hundreds come at the same moment; all at once they
/// would be done no sooner, and the messages of those who are in would wait behind each of them. A turn does not depend on how fast
/// a client is: a form is read before it, and whoever takes nothing of the answer has to give it back.
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

    // Far more than a page takes. Only whoever does not read what they have asked for is still there.
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(2);

    // A name, a password, a token and where to go back to.
    private const long MostFormBytes = 64 * 1024;

    private readonly ConcurrencyLimiter _pages = Limiter();
    private readonly ConcurrencyLimiter _circuits = Limiter();
    private readonly Func<long> _queue;
    private readonly TimeProvider _time;

    /// <summary>Looks at the thread pool of this process.</summary>
    public Crowd()
        : this(() => ThreadPool.PendingWorkItemCount, TimeProvider.System)
    {
    }

    /// <summary>For tests: looks at something else.</summary>
    /// <param name="queue">How many jobs wait for a thread.</param>
    /// <param name="time">The clock of the pauses between two looks.</param>
    internal Crowd(Func<long> queue, TimeProvider time)
    {
        _queue = queue;
        _time = time;
    }

    /// <inheritdoc />
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is null)
        {
            await next(context);
            return;
        }

        if (!await ReadFormAsync(context))
            return;
        using var lease = await _pages.AcquireAsync(1, context.RequestAborted);
        if (lease.IsAcquired)
        {
            await CalmAsync(context.RequestAborted);
            await InTurnAsync(next(context), lease);
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
        var made = next(invocationContext).AsTask();
        await InTurnAsync(made, lease);
        return await made;
    }

    /// <summary>What is sent by a form is kept by the request, for whoever asks for it.</summary>
    /// <returns>False when it is refused.</returns>
    private static async Task<bool> ReadFormAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
            return true;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = MostFormBytes;
        try
        {
            await context.Request.ReadFormAsync(context.RequestAborted);
            return true;
        }
        catch (BadHttpRequestException e)
        {
            context.Response.StatusCode = e.StatusCode;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // No form, or gone in the middle of it.
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        }

        // The status page is only looked at: the form would be refused once more.
        (context.Request.Method, context.Request.ContentType) = (HttpMethods.Get, null);
        return false;
    }

    private async Task InTurnAsync(Task made, RateLimitLease lease)
    {
        await made.WaitAsync(LongestTurn, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lease.Dispose();
        await made;
    }

    /// <summary>Until the pool has little to do, which it does not announce.</summary>
    private async Task CalmAsync(CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; waited < LongestCalm && _queue() > CalmQueue; waited += Look)
            await Task.Delay(Look, _time, cancellationToken);
    }

    private static ConcurrencyLimiter Limiter() => new(new ConcurrencyLimiterOptions
    {
        PermitLimit = AtOnce,
        QueueLimit = LongestQueue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });
}
