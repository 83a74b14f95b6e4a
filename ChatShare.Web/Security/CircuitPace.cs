using Microsoft.AspNetCore.SignalR;

namespace ChatShare.Web.Security;

/// <summary>
/// Cuts off whoever calls the hub of the circuits faster than any page does. A fast fallback upload makes some two hundred calls a second; a
/// script that calls as fast as it can would keep a core busy.
/// </summary>
internal sealed class CircuitPace(TimeProvider time, ILogger<CircuitPace> logger) : IHubFilter
{
    private const int MostCalls = 4000;
    private const int CallsPerSecond = 2000;

    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        context.Context.Items[typeof(CircuitPace)] = new Bucket(MostCalls, time.GetTimestamp());
        return next(context);
    }

    public ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        // The calls of a connection come one after the other.
        var bucket = (Bucket)invocationContext.Context.Items[typeof(CircuitPace)]!;
        var now = time.GetTimestamp();
        bucket.Left = Math.Min(MostCalls, bucket.Left + (time.GetElapsedTime(bucket.At, now).TotalSeconds * CallsPerSecond)) - 1;
        bucket.At = now;
        if (bucket.Left >= 0)
            return next(invocationContext);
        logger.CircuitTooFast(invocationContext.Context.User?.FindFirst(CircuitGate.AddressClaim)?.Value ?? "unknown");
        invocationContext.Context.Abort();
        return default;
    }

    private sealed class Bucket(double left, long at)
    {
        public double Left { get; set; } = left;

        public long At { get; set; } = at;
    }
}
