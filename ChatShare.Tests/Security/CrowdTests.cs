using System.Collections.Concurrent;
using System.IO.Pipelines;
using ChatShare.Tests.Support;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http;

namespace ChatShare.Tests.Security;

public sealed class CrowdTests : IDisposable
{
    private static readonly int AtOnce = 2 * Environment.ProcessorCount;

    // These are about turns: the pool of a test program is seldom calm.
    private readonly Crowd _crowd = new(() => 0, TimeProvider.System);
    private readonly BlockingCollection<(int Number, TaskCompletionSource Done)> _inside = [];

    [Fact(Timeout = Make.Patience)]
    public async Task Pages_are_made_a_few_at_a_time_and_in_the_order_in_which_they_were_asked_for()
    {
        var token = TestContext.Current.CancellationToken;
        var asked = Enumerable.Range(0, 100).Select(number => AskAsync(number, Page(token))).ToList();

        var made = new List<int>();
        while (made.Count < asked.Count)
        {
            Assert.True(_inside.Count <= AtOnce);
            var (number, done) = _inside.Take(token);
            made.Add(number);
            done.SetResult();
            await asked[number];
        }

        // Those that are let in at the same time may overtake each other, and nobody else.
        Assert.All(made.Index(), turn => Assert.InRange(turn.Item - turn.Index, 1 - AtOnce, AtOnce - 1));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Whoever_goes_away_while_waiting_holds_up_nobody()
    {
        var token = TestContext.Current.CancellationToken;
        var inside = Enumerable.Range(0, AtOnce).Select(number => AskAsync(number, Page(token))).ToList();
        using var left = new CancellationTokenSource();
        var gone = AskAsync(100, Page(left.Token));
        var next = AskAsync(101, Page(token));

        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        foreach (var _ in inside)
            _inside.Take(token).Done.SetResult();
        await Task.WhenAll(inside);

        var (number, done) = _inside.Take(token);
        Assert.Equal(101, number);
        done.SetResult();
        await next;
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_is_no_page_does_not_wait()
    {
        var token = TestContext.Current.CancellationToken;
        var inside = Enumerable.Range(0, AtOnce).Select(number => AskAsync(number, Page(token))).ToList();

        var upload = AskAsync(100, new DefaultHttpContext());

        foreach (var (_, done) in Enumerable.Range(0, AtOnce + 1).Select(_ => _inside.Take(token)).ToList())
            done.SetResult();
        await Task.WhenAll([.. inside, upload]);
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(0, 0)]
    [InlineData(9, 9)]
    [InlineData(int.MaxValue, 20)]
    public async Task A_page_waits_while_the_server_has_much_to_do_but_not_for_long(int busyLooks, int pauses)
    {
        var token = TestContext.Current.CancellationToken;
        var clock = new StillClock();
        var looks = 0;
        using var crowd = new Crowd(() => looks++ < busyLooks ? 49 : 48, clock);
        var made = crowd.InvokeAsync(Page(token), _ => Task.CompletedTask);

        for (var pause = 0; pause < pauses; pause++)
        {
            Assert.False(made.IsCompleted);
            await Eventually.TrueAsync(() => Task.FromResult(clock.Awaited.Count == 1));
            clock.Advance(TimeSpan.FromMilliseconds(5));
        }

        await made.WaitAsync(token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Whoever_sends_a_form_slowly_has_no_turn_yet()
    {
        var token = TestContext.Current.CancellationToken;
        using var left = CancellationTokenSource.CreateLinkedTokenSource(token);
        var slow = new List<Task>();
        for (var number = 0; number < 2 * AtOnce; number++)
        {
            var context = Page(left.Token);
            context.Request.ContentType = "application/x-www-form-urlencoded";
            context.Request.Body = new Pipe().Reader.AsStream();
            slow.Add(AskAsync(number, context));
        }

        var next = AskAsync(100, Page(token));
        var (asked, done) = _inside.Take(token);
        done.SetResult();
        await next;
        Assert.Equal(100, asked);
        await left.CancelAsync();
        await Task.WhenAll(slow.Select(ask => Assert.ThrowsAnyAsync<OperationCanceledException>(() => ask)));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Whoever_does_not_read_the_answer_gives_the_turn_back()
    {
        var token = TestContext.Current.CancellationToken;
        var clock = new StillClock();
        using var crowd = new Crowd(() => 0, clock);
        var read = new TaskCompletionSource();
        var slow = Enumerable.Range(0, AtOnce).Select(_ => crowd.InvokeAsync(Page(token), _ => read.Task)).ToList();
        var next = crowd.InvokeAsync(Page(token), _ => Task.CompletedTask);
        Assert.False(next.IsCompleted);

        clock.Advance(TimeSpan.FromSeconds(2));

        await next.WaitAsync(token);
        Assert.DoesNotContain(slow, ask => ask.IsCompleted);
        read.SetResult();
        await Task.WhenAll(slow);
    }

    public void Dispose()
    {
        _crowd.Dispose();
        _inside.Dispose();
    }

    private static DefaultHttpContext Page(CancellationToken aborted)
    {
        var context = new DefaultHttpContext { RequestAborted = aborted };
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new ComponentTypeMetadata(typeof(CrowdTests))), "page"));
        return context;
    }

    private Task AskAsync(int number, HttpContext context) => _crowd.InvokeAsync(context, _ =>
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _inside.Add((number, done));
        return done.Task;
    });
}
