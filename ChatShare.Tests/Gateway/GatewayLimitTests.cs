using System.Globalization;
using System.Net;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web.Gateway;
using ChatShare.Web.Security;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Gateway;

/// <summary>How many may come by the gateway, from where, and how much one that is slow is told.</summary>
public sealed class GatewayLimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Gateway_admits_only_its_networks_and_only_so_many_of_one_address()
    {
        await using (var closed = await RunningApp.StartAsync([.. GatewayFixture.Settings, "ChatShare:Gateway:AllowedNetworks=10.0.0.0/8,192.168.0.0/16"]))
        {
            await using var stranger = await OldClient.ConnectAsync(closed.Gateway!, "stranger");
            await stranger.HangsUpAsync();
            Assert.Empty(stranger.Read);
        }

        await using var app = await RunningApp.StartAsync(
            [.. GatewayFixture.Settings, "ChatShare:Gateway:AllowedNetworks=127.0.0.0/8", "ChatShare:Limits:TcpConnectionsPerAddress=1"]);
        await using var first = await OldClient.JoinAsync(app.Gateway!, "one");
        await using var second = await OldClient.ConnectAsync(app.Gateway!, "two");
        await second.HangsUpAsync();
        Assert.Equal(["There are too many connections from your address."], second.Read);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Joins_of_one_address_take_turns_and_those_of_another_do_not_wait_for_them()
    {
        var token = TestContext.Current.CancellationToken;
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:TcpJoinsPerSecondPerAddress=1");
        var limits = app.Get<AttemptLimits>();
        var busy = IPAddress.Parse("10.0.0.1");

        Assert.True(await limits.WaitForTcpJoinAsync(busy, token));
        var next = limits.WaitForTcpJoinAsync(busy, token);
        Assert.False(next.IsCompleted);
        Assert.True(await limits.WaitForTcpJoinAsync(IPAddress.Parse("10.0.0.2"), token));
        Assert.True(await next);
        // Not without an end: as many wait as there are places, and nobody behind them.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(token);
        var waiting = Enumerable.Range(0, 1001).Select(_ => limits.WaitForTcpJoinAsync(busy, over.Token)).ToList();
        Assert.False(await waiting[^1]);
        await over.CancelAsync();
        await Task.WhenAll(waiting.Select(wait => wait.ContinueWith(_ => { }, TaskScheduler.Default)));
    }

    [Fact]
    public async Task Many_that_come_and_go_keep_nobody_out()
    {
        // The limits are those that it has by default.
        await using var app = await RunningApp.StartAsync("ChatShare:Gateway:Endpoint=127.0.0.1:0");
        // Not too many at once: each is gone before the next one of its kind comes.
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async kind =>
        {
            for (var number = 0; number < 25; number++)
            {
                using var passing = await RawClient.JoinAsync(app.Gateway!, string.Create(CultureInfo.InvariantCulture, $"passing{kind}-{number}"));
                passing.SaysNoMore();
                await passing.ReadToEndAsync();
            }
        }));

        using var last = await RawClient.JoinAsync(app.Gateway!, "last");
        await last.ReadUntilAsync("Connected to the server!");
    }

    [Fact]
    public async Task Crowd_of_old_clients_comes_from_one_machine_and_so_do_the_people_of_its_browsers()
    {
        // The limits are those that it has by default.
        await using var app = await RunningApp.StartAsync("ChatShare:Gateway:Endpoint=127.0.0.1:0");
        var clients = new List<RawClient>();
        try
        {
            for (var number = 0; number < 100; number++)
                clients.Add(await RawClient.JoinAsync(app.Gateway!, string.Create(CultureInfo.InvariantCulture, $"crowd{number}")));
            await Eventually.TrueAsync(() => Task.FromResult(TcpPeople(app) == clients.Count));
            await app.JoinAsync("Ann");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task Client_that_was_behind_is_told_how_many_have_come()
    {
        await using var app = await RunningApp.StartAsync(
            builder => builder.Services.AddSingleton(new GatewayPace { Behind = TimeSpan.FromMilliseconds(300) }),
            [.. GatewayFixture.Settings, "ChatShare:Gateway:MessageGapMilliseconds=1"]);
        await using var browser = await GatewayFixture.EnterAsync(app, "Orator");
        using var slow = await RawClient.JoinAsync(app.Gateway!, "dawdler");
        await Eventually.TrueAsync(() => Task.FromResult(TcpPeople(app) == 1));
        // More than its queue and its buffer hold; and then it is behind when some time has gone by.
        await Task.WhenAll(Enumerable.Range(0, 150).Select(_ => browser.Session.SayAsync(new string('x', 2000), Cancel)));
        await TestClock.UntilAsync(TimeSpan.FromSeconds(1), Cancel);
        var people = new List<RoomReader>();
        for (var number = 0; number < 30; number++)
            people.Add(await GatewayFixture.EnterAsync(app, $"Latecomer {number}"));
        await browser.UntilAsync(e => e is RoomEvent.PeopleChanged { People.Length: 32 }, Cancel);

        var heard = await slow.ReadUntilAsync("30 people joined the chat!");
        Assert.DoesNotContain("Latecomer", heard, StringComparison.Ordinal);
        foreach (var reader in people)
            await reader.DisposeAsync();
    }

    private static int TcpPeople(RunningApp app) => app.Get<ConnectedUsers>().List().Count(user => user.Door == Door.Tcp);
}
