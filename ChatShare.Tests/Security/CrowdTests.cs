using System.Collections.Concurrent;
using ChatShare.Tests.Support;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http;

namespace ChatShare.Tests.Security;

public sealed class CrowdTests : IDisposable
{
    private static readonly int AtOnce = 2 * Environment.ProcessorCount;

    private readonly Crowd _crowd = new();
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
