using ChatShare.Tests.Support;

namespace ChatShare.Tests.Cluster;

/// <summary>The same as <see cref="BreakingTests"/> in any order and often, with more nodes, behind both web servers.</summary>
public sealed class BreakingAtRandomTests
{
    private const int TwoHours = 7_200_000;
    private const int Rooms = 50;
    private const int Writers = 32;
    private const int Rounds = 50;

    [Theory(Timeout = TwoHours)]
    [InlineData(Front.Nginx, 2)]
    [InlineData(Front.Nginx, 3)]
    [InlineData(Front.Caddy, 2)]
    [InlineData(Front.Caddy, 3)]
    public async Task Whatever_breaks_in_whatever_order_every_acknowledged_message_is_there_once_and_in_order_for_everyone(string front, int nodes)
    {
        Assert.SkipUnless(Make.IsLong, "Takes a quarter of an hour each; runs in the long form.");
        var token = TestContext.Current.CancellationToken;
        await using var rig = await NodeProcesses.StartAsync(front, nodes);
        await using var traffic = await Traffic.StartAsync(rig, Rooms, Writers);
        // Each kind comes up about as often as the others, in an order that is nobody's.
        var rounds = Enumerable.Range(0, Rounds).ToArray();
        Random.Shared.Shuffle(rounds);
        foreach (var round in rounds)
        {
            var node = rig.Nodes[Random.Shared.Next(nodes)];
            switch (round % 6)
            {
                case 0 or 1:
                    await node.KillAsync(token);
                    await traffic.MoreAsync();
                    await node.StartAgainAsync(token);
                    break;
                case 2:
                    await rig.Redis.EndListenersAsync();
                    await rig.Redis.EndAskersAsync();
                    break;
                case 3:
                    rig.Redis.Stop();
                    await traffic.MoreAsync();
                    rig.Redis.GoOn();
                    break;
                case 4:
                    await (round % 4 < 2 ? rig.PostgreSql.StopAsync() : rig.PostgreSql.CrashAsync());
                    await rig.PostgreSql.StartAgainAsync();
                    break;
                default:
                    await rig.EndDatabaseConnectionsAsync();
                    break;
            }

            await traffic.MoreAsync();
        }

        foreach (var node in rig.Nodes)
        {
            Assert.Equal(0, await node.StopAsync(token));
            await node.StartAgainAsync(token);
        }

        await traffic.MoreAsync();
        await traffic.EndWellAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{traffic.Count.Acknowledged} messages; {traffic.Count.Again} requests were made again.");
    }
}
