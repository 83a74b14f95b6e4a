using System.Globalization;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web.Gateway;
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

    [Fact]
    public async Task Joins_of_one_address_are_limited_with_a_sentence()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Gateway:Endpoint=127.0.0.1:0", "ChatShare:Limits:TcpConnectionsPerAddress=2");
        // Who has no name that can be one does not join, and so it is no join.
        await using (var nobody = await OldClient.ConnectAsync(app.Gateway!, "!!!"))
            await nobody.HangsUpAsync();
        foreach (var name in new[] { "one", "two" })
        {
            // Gone before the next one comes: they are not too many at once.
            using var client = await RawClient.JoinAsync(app.Gateway!, name);
            client.SaysNoMore();
            Assert.Contains("Connected to the server!", await client.ReadToEndAsync(), StringComparison.Ordinal);
        }

        await using var third = await OldClient.ConnectAsync(app.Gateway!, "three");
        await third.SeesAsync(text => text.StartsWith("That was too often", StringComparison.Ordinal));
        await third.HangsUpAsync();
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
