using System.Collections.Concurrent;
using System.Security.Claims;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatShare.Tests.Security;

/// <summary>How many calls a person's pages may make, whatever they do with their connections.</summary>
public sealed class CircuitPaceTests
{
    private const int Most = 4000;
    private const int PerSecond = 2000;

    private readonly StandingClock _clock = new();
    private readonly Lines _log = new();
    private readonly CircuitPace _pace;

    public CircuitPaceTests() => _pace = new CircuitPace(_clock, _log);

    [Fact]
    public async Task Whoever_calls_too_fast_is_cut_off_with_one_word_in_the_log()
    {
        await using var ann = await ConnectAsync(Guid.NewGuid());
        for (var call = 0; call < Most; call++)
            Assert.True(await ann.CallAsync());
        for (var call = 0; call < 100; call++)
            Assert.False(await ann.CallAsync());

        Assert.Equal(1, ann.Aborts);
        Assert.Single(_log.All);
    }

    [Fact]
    public async Task Connection_that_is_made_anew_or_beside_brings_no_calls()
    {
        var person = Guid.NewGuid();
        await using var open = await ConnectAsync(person);
        await using (var first = await ConnectAsync(person))
            await ExhaustAsync(first);
        await using (var second = await ConnectAsync(person))
            Assert.False(await second.CallAsync());
        Assert.False(await open.CallAsync());
        await using var other = await ConnectAsync(Guid.NewGuid());
        Assert.True(await other.CallAsync());

        _clock.Advance(TimeSpan.FromSeconds(1));
        await using var later = await ConnectAsync(person);
        Assert.Equal(PerSecond, await ExhaustAsync(later));
    }

    [Fact]
    public async Task Whoever_went_away_gets_nothing_anew_and_is_forgotten_after_a_moment()
    {
        var person = Guid.NewGuid();
        for (var again = 0; again < 5; again++)
        {
            await using var ann = await ConnectAsync(person);
            Assert.Equal(again == 0 ? Most : 0, await ExhaustAsync(ann));
        }

        for (var i = 0; i < 1000; i++)
        {
            await using var passer = await ConnectAsync(Guid.NewGuid());
            await passer.CallAsync();
        }

        _clock.Advance(TimeSpan.FromSeconds(2));
        await using var last = await ConnectAsync(Guid.NewGuid());
        Assert.Equal(1, _pace.Kept);
    }

    [Fact]
    public async Task Call_takes_no_memory()
    {
        await using var ann = await ConnectAsync(Guid.NewGuid());
        Func<HubInvocationContext, ValueTask<object?>> next = static _ => default;
        Run(10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(1000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Run(int calls)
        {
            for (var call = 0; call < calls; call++)
            {
                var ended = _pace.InvokeMethodAsync(ann.Invocation, next);
                Assert.True(ended.IsCompletedSuccessfully);
                ended.GetAwaiter().GetResult();
            }
        }
    }

    private static async Task<int> ExhaustAsync(Connection connection)
    {
        var calls = 0;
        while (await connection.CallAsync())
            calls++;
        return calls;
    }

    private async Task<Connection> ConnectAsync(Guid person)
    {
        var connection = new Connection(_pace, person);
        await _pace.OnConnectedAsync(connection.Lifetime, _ => Task.CompletedTask);
        return connection;
    }

    /// <summary>One page's, as the hub shows it to its filters.</summary>
    private sealed class Connection : IAsyncDisposable
    {
        private readonly Caller _caller;
        private readonly CircuitPace _pace;

        public Connection(CircuitPace pace, Guid person)
        {
            _pace = pace;
            _caller = new Caller(new PersonSession(Guid.NewGuid(), person, Make.Nickname("Ann"), accountId: null, isAdministrator: false));
            var hub = new Calls();
            var services = new ServiceCollection().BuildServiceProvider();
            Lifetime = new HubLifetimeContext(_caller, services, hub);
            Invocation = new HubInvocationContext(_caller, services, hub, typeof(Calls).GetMethod(nameof(Calls.Nothing))!, []);
        }

        public HubLifetimeContext Lifetime { get; }

        public HubInvocationContext Invocation { get; }

        public int Aborts => _caller.Aborts;

        /// <summary>Whether it gets through.</summary>
        public async Task<bool> CallAsync() => await _pace.InvokeMethodAsync(Invocation, static _ => new ValueTask<object?>("through")) is not null;

        public async ValueTask DisposeAsync() => await _pace.OnDisconnectedAsync(Lifetime, exception: null, (_, _) => Task.CompletedTask);
    }

    private sealed class Calls : Hub
    {
        public void Nothing() => Clients.Equals(null);
    }

    private sealed class Caller : HubCallerContext, IHttpContextFeature
    {
        public Caller(PersonSession session)
        {
            HttpContext = new DefaultHttpContext();
            HttpContext.Features.Set(session);
            Features.Set<IHttpContextFeature>(this);
        }

        public int Aborts { get; private set; }

        public HttpContext? HttpContext { get; set; }

        public override string ConnectionId => "1";

        public override string? UserIdentifier => null;

        public override ClaimsPrincipal? User => null;

        public override IDictionary<object, object?> Items { get; } = new Dictionary<object, object?>();

        public override IFeatureCollection Features { get; } = new FeatureCollection();

        public override CancellationToken ConnectionAborted => CancellationToken.None;

        public override void Abort() => Aborts++;
    }

    private sealed class StandingClock : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += (long)(by.TotalSeconds * TimestampFrequency);
    }

    private sealed class Lines : ILogger<CircuitPace>
    {
        public ConcurrentQueue<string> All { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue(formatter(state, exception));
    }
}
