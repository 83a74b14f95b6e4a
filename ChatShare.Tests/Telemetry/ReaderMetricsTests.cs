using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web.Telemetry;

namespace ChatShare.Tests.Telemetry;

/// <summary>What only happens to pages that stand still, away from a browser.</summary>
public sealed class ReaderMetricsTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Reader_that_falls_behind_counts_once_and_one_that_comes_back_later_does_not()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        using var collector = new MetricsCollector(host.Get<ChatShareMetrics>());
        await using var writer = await host.EnterAsync("Writer", token);
        await using var page = await host.EnterAsync("Page", token);
        await using var reading = page.Events(token).GetAsyncEnumerator(token);
        var first = await writer.SayAsync("first", token);
        await UntilAsync(reading, first.Number);

        // More than the room keeps, and more than one page of the log.
        var posted = await Task.WhenAll(Enumerable.Range(0, 1000).Select(number => writer.SayAsync($"{number}", token)));
        var last = posted.Max(message => message.Number);
        page.Participant.SetState(PresenceState.Away);
        await UntilAsync(reading, last);
        await using var back = await host.EnterAsync("Back", token, afterNumber: first.Number);
        await using var late = back.Events(token).GetAsyncEnumerator(token);
        await UntilAsync(late, last);

        var said = collector.Write().Split('\n');
        Assert.Contains("chatshare_mailbox_overflows_total 1", said);
        Assert.Contains("chatshare_circuits{chatshare_circuit_state=\"Away\"} 1", said);
        Assert.Contains("chatshare_circuits{chatshare_circuit_state=\"Connected\"} 2", said);
    }

    private static async Task UntilAsync(IAsyncEnumerator<IReadOnlyList<RoomEvent>> reading, long number)
    {
        while (await reading.MoveNextAsync())
        {
            if (reading.Current.OfType<RoomEvent.MessageChanged>().Any(change => change.Message.Changed >= number))
                return;
        }

        throw new InvalidOperationException("The events have ended.");
    }
}
