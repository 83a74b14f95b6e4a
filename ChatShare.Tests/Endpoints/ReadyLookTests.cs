using System.Diagnostics;
using ChatShare.Tests.Support;
using ChatShare.Web.Endpoints;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ChatShare.Tests.Endpoints;

/// <summary>Anybody may ask whether the server is ready, as often as they like: it looks once a second at most.</summary>
public sealed class ReadyLookTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_look_serves_all_who_ask_meanwhile_also_when_the_first_of_them_goes()
    {
        var check = new Held();
        var clock = new StillClock();
        await using var services = new ServiceCollection().AddLogging().AddHealthChecks().AddCheck("held", check).Services.BuildServiceProvider();
        var ready = new ReadyLook(services.GetRequiredService<HealthCheckService>(), clock);
        using var first = new CancellationTokenSource();
        var gone = ready.LookAsync(first.Token);
        var others = Enumerable.Range(0, 50).Select(_ => ready.LookAsync(Cancel)).ToList();

        await first.CancelAsync();
        // It takes longer than what it finds is good for: nobody begins another one beside it.
        clock.Advance(TimeSpan.FromSeconds(5));
        others.Add(ready.LookAsync(Cancel));
        check.Answer.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.All(await Task.WhenAll(others), report => Assert.Equal(HealthStatus.Healthy, report.Status));
        Assert.Equal(1, check.Looks);

        await ready.LookAsync(Cancel);
        await ready.LookAsync(Cancel);
        clock.Advance(TimeSpan.FromSeconds(1));
        await ready.LookAsync(Cancel);
        Assert.Equal(3, check.Looks);
    }

    [Fact]
    public async Task Crowd_that_asks_by_http_makes_no_more_looks_than_seconds_go_by()
    {
        var check = new Held();
        check.Answer.SetResult();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddHealthChecks().AddCheck("counted", check));
        var time = Stopwatch.StartNew();
        using var client = app.NewClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => client.GetStringAsync("/health/ready", Cancel)));

        Assert.All(answers, answer => Assert.Equal("Healthy", answer));
        // One to begin with, and one for the metric.
        Assert.InRange(check.Looks, 1, 2 + (int)time.Elapsed.TotalSeconds);
    }

    private sealed class Held : IHealthCheck
    {
        private int _looks;

        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Looks => Volatile.Read(ref _looks);

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _looks);
            await Answer.Task.WaitAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
    }
}
