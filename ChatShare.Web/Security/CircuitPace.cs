using Microsoft.AspNetCore.SignalR;

namespace ChatShare.Web.Security;

/// <summary>
/// Cuts off whoever calls the hub of the circuits faster than any page does. A fast fallback upload makes some two hundred calls a second; a
/// script that calls as fast as it can would keep a core busy. All pages of a person draw from one allowance, which a new connection does not
/// fill. A singleton.
/// </summary>
internal sealed class CircuitPace(TimeProvider time, ILogger<CircuitPace> logger) : IHubFilter
{
    private const int MostCalls = 4000;
    private const int CallsPerSecond = 2000;

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Allowance> _allowances = [];

    // Of people whose last page is gone. Each is full again after two seconds at the latest and then as good as a new one, so what stays in
    // memory are those who are here, and those who went in the last seconds before somebody came or went.
    private readonly List<Allowance> _gone = [];

    /// <summary>How many people are kept.</summary>
    internal int Kept
    {
        get
        {
            lock (_gate)
                return _allowances.Count;
        }
    }

    public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        // The gate lets nobody in without a session; whoever came all the same would be alone with theirs.
        var allowance = Enter(context.Context.GetHttpContext()?.PersonSession()?.PersonId ?? Guid.NewGuid());
        context.Context.Items[typeof(CircuitPace)] = new Caller(allowance);
        try
        {
            await next(context);
        }
        catch
        {
            // The hub does not say of such a connection that it has ended.
            Leave(allowance);
            throw;
        }
    }

    public Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        Leave(((Caller)context.Context.Items[typeof(CircuitPace)]!).Allowance);
        return next(context, exception);
    }

    public ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        // The calls of a connection come one after the other; those of a person's other pages may come at the same time.
        var caller = (Caller)invocationContext.Context.Items[typeof(CircuitPace)]!;
        if (!caller.IsCut && caller.Allowance.Take(time.GetTimestamp()))
            return next(invocationContext);
        // What was on its way already still comes, and is not worth a word each.
        if (!caller.IsCut)
        {
            caller.IsCut = true;
            logger.CircuitTooFast(invocationContext.Context.User?.FindFirst(CircuitGate.AddressClaim)?.Value ?? "unknown");
            invocationContext.Context.Abort();
        }

        return default;
    }

    private Allowance Enter(Guid person)
    {
        lock (_gate)
        {
            Forget();
            if (!_allowances.TryGetValue(person, out var allowance))
                _allowances.Add(person, allowance = new Allowance(person, time.TimestampFrequency));
            if (allowance.Pages++ == 0)
                _gone.Remove(allowance);
            return allowance;
        }
    }

    private void Leave(Allowance allowance)
    {
        lock (_gate)
        {
            if (--allowance.Pages == 0)
                _gone.Add(allowance);
            Forget();
        }
    }

    private void Forget()
    {
        var now = time.GetTimestamp();
        _gone.RemoveAll(allowance => allowance.IsFull(now) && _allowances.Remove(allowance.Person));
    }

    /// <summary>One connection.</summary>
    private sealed class Caller(Allowance allowance)
    {
        public Allowance Allowance => allowance;

        public bool IsCut { get; set; }
    }

    /// <summary>
    /// How many calls a person has left, as one number that any thread changes without a lock: the time at which they will have all of them again.
    /// </summary>
    private sealed class Allowance(Guid person, long ticksPerSecond)
    {
        private readonly long _each = ticksPerSecond / CallsPerSecond;
        private long _fullAt = long.MinValue;

        public Guid Person => person;

        /// <summary>Connections that are open; under the gate.</summary>
        public int Pages { get; set; }

        public bool IsFull(long now) => Volatile.Read(ref _fullAt) <= now;

        /// <returns>False when there is none left.</returns>
        public bool Take(long now)
        {
            var seen = Volatile.Read(ref _fullAt);
            while (true)
            {
                var next = Math.Max(seen, now) + _each;
                if (next - now > _each * MostCalls)
                    return false;
                var was = Interlocked.CompareExchange(ref _fullAt, next, seen);
                if (was == seen)
                    return true;
                seen = was;
            }
        }
    }
}
