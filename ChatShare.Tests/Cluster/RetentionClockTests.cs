using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Cluster;

/// <summary>The clock by which files age, where several nodes look at it.</summary>
public sealed class RetentionClockTests : IDisposable
{
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public RetentionClockTests() => _patience.CancelAfter(Make.Patience);

    private CancellationToken Cancel => _patience.Token;

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task Two_nodes_move_it_no_faster_than_one_and_the_other_goes_on_when_that_one_is_gone()
    {
        await using var nodes = await Nodes.StartAsync();
        var before = await SweepBothAsync(TimeSpan.Zero);
        nodes[0].Clock.Jump(TimeSpan.FromDays(3650));
        nodes[1].Clock.Jump(TimeSpan.FromDays(3650));

        for (var hour = 1; hour <= 3; hour++)
            Assert.InRange(await SweepBothAsync(TimeSpan.FromHours(1)) - before, TimeSpan.FromDays(hour), TimeSpan.FromDays(hour + 0.1));

        var (mover, other) = await IsMoverAsync(0) ? (0, 1) : (1, 0);
        await nodes[mover].StopAsync(Cancel);
        // How long the other one has run since the last move is not known: it begins to count now.
        before = await SweepAsync(other, TimeSpan.FromHours(1));
        Assert.True(await IsMoverAsync(other));
        Assert.InRange(await SweepAsync(other, TimeSpan.FromHours(1)) - before, TimeSpan.FromDays(1), TimeSpan.FromDays(1.1));

        async Task<DateTimeOffset> SweepBothAsync(TimeSpan ran)
        {
            // Whichever moves it, both know what it is after a look of each.
            await SweepAsync(0, ran);
            var last = await SweepAsync(1, ran);
            Assert.Equal(last, await SweepAsync(0, TimeSpan.Zero));
            return last;
        }

        async Task<DateTimeOffset> SweepAsync(int node, TimeSpan ran)
        {
            await nodes[node].Get<Retention>().SweepAsync(ran, Cancel);
            return nodes[node].Get<Retention>().Clock;
        }

        async Task<bool> IsMoverAsync(int node)
        {
            await using var db = await nodes[node].OpenDatabaseAsync(Cancel);
            var fact = await db.Facts.SingleAsync(f => f.Key == "RetentionClockNode", Cancel);
            return fact.Value == nodes[node].Get<UploadLeases>().Node.ToString();
        }
    }
}
