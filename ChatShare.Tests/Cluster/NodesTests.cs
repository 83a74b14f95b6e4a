using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatShare.Tests.Cluster;

/// <summary>Two servers on one database, with the real PostgreSQL and the real Redis between them.</summary>
public sealed class NodesTests : IDisposable
{
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public NodesTests() => _patience.CancelAfter(Make.Patience);

    private CancellationToken Cancel => _patience.Token;

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task What_is_said_at_one_node_is_read_at_the_other_in_the_same_order_by_whoever_writes_where()
    {
        const int writers = 8;
        const int each = 15;
        await using var nodes = await Nodes.StartAsync();
        await using var here = new RoomReader(await nodes[0].EnterAsync("Here", Cancel));
        await using var there = new RoomReader(await nodes[1].EnterAsync("There", Cancel));

        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            await using var session = await nodes[writer % 2].EnterAsync($"Writer {writer}", Cancel);
            for (var i = 0; i < each; i++)
            {
                await session.SendAsync(Make.Text($"{writer}.{i}"), Make.ClientId(), Cancel);
                if (i % 5 == 0)
                    await nodes.Redis.EndListenersAsync();
            }
        }));

        const long last = writers * each;
        await here.UntilChangeAsync(last, Cancel);
        await there.UntilChangeAsync(last, Cancel);
        var all = await nodes[0].AllAsync(nodes[0].Lobby, Cancel);
        Assert.Equal(Enumerable.Range(1, (int)last).Select(n => (long)n), all.Select(message => message.Number));
        Assert.Equal(all.Select(message => message.Text), here.Messages.Select(message => message.Text));
        Assert.Equal(all.Select(message => message.Text), there.Messages.Select(message => message.Text));
        Assert.Equal(last, nodes[1].Lobby.MessageCount);
    }

    [Theory]
    [InlineData("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0")]
    [InlineData("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")]
    public async Task Redis_that_keeps_nothing_is_told_once_like_one_that_is_away_and_nobody_vanishes_by_it(string refuse, string keep)
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        await using var redis = await RedisServer.StartAsync();
        var log = new Collector();
        await using var app = await RunningApp.StartAsync(
            builder => builder.Services.AddSingleton<ILoggerProvider>(log),
            ["Logging:LogLevel:Default=Information", $"ChatShare:Cluster:Redis={redis.Address}", .. await PostgreSqlServer.NewSettingsAsync()]);
        using var http = app.NewClient();
        await ReadyAsync(true);

        await redis.TellAsync(refuse);
        await ReadyAsync(false);
        await Assert.ThrowsAsync<RoomBusException>(() => app.Get<IRoomBus>().PeopleElsewhereAsync(Cancel));
        // Tried again, and told once.
        for (var i = 0; i < 2; i++)
            await Assert.ThrowsAsync<RoomBusException>(() => app.Get<IRoomBus>().SetPeopleAsync([], Cancel));
        await redis.TellAsync(keep);
        await ReadyAsync(true);

        Assert.Single(log.Lines, line => line.Contains("Redis keeps nothing", StringComparison.Ordinal));
        Assert.Single(log.Lines, line => line.Contains("Redis keeps again", StringComparison.Ordinal));
        Assert.Empty(await app.Get<IRoomBus>().PeopleElsewhereAsync(Cancel));
        Assert.DoesNotContain(log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));

        Task ReadyAsync(bool ready) => Eventually.TrueAsync(async () =>
        {
            using var answer = await http.GetAsync("/health/ready", Cancel);
            return answer.IsSuccessStatusCode == ready;
        });
    }

    [Fact]
    public async Task Without_redis_messages_come_by_the_database_and_with_it_at_once_again()
    {
        await using var nodes = await Nodes.StartAsync();
        await using var writer = await nodes[0].EnterAsync("Ann", Cancel);
        await using var reader = new RoomReader(await nodes[1].EnterAsync("Bo", Cancel));
        await writer.SendAsync(Make.Text("with it"), Make.ClientId(), Cancel);
        await reader.UntilMessageAsync(message => message.Text == "with it", Cancel);

        nodes.Redis.Stop();
        await writer.SendAsync(Make.Text("it stands still"), Make.ClientId(), Cancel);
        await reader.UntilMessageAsync(message => message.Text == "it stands still", Cancel);
        nodes.Redis.GoOn();
        await nodes.Redis.KillAsync();
        await writer.SendAsync(Make.Text("it is gone"), Make.ClientId(), Cancel);
        await reader.UntilMessageAsync(message => message.Text == "it is gone", Cancel);
        await nodes.Redis.StartAgainAsync();
        await writer.SendAsync(Make.Text("it is back"), Make.ClientId(), Cancel);
        await reader.UntilMessageAsync(message => message.Text == "it is back", Cancel);

        // Whoever types tells it again and again, and nobody looks for it in the database.
        await Eventually.TrueAsync(() =>
        {
            writer.SetTyping(true);
            return Task.FromResult(reader.Events.Any(e => e is RoomEvent.TypingChanged { People.IsEmpty: false }));
        });
        Assert.Equal(["with it", "it stands still", "it is gone", "it is back"], reader.Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task A_room_its_rule_typing_and_uploads_are_seen_at_the_other_node()
    {
        await using var nodes = await Nodes.StartAsync();
        var administrator = await nodes[0].AdministratorAsync(Cancel);
        var room = await nodes[0].CreateRoomAsync("Second", administrator, Cancel);
        var there = await nodes.RoomAsync(1, room);
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel, room);
        await using var bo = new RoomReader(await nodes[1].EnterAsync("Bo", Cancel, there));

        var (cleaning, rule) = (nodes[0].Get<StorageCleaning>(), new KeepRule(7, null));
        await cleaning.ApplyRuleAsync(room, rule, await cleaning.PreviewRuleAsync(room, rule, administrator, Cancel), administrator, Cancel);
        await bo.UntilAsync(e => e is RoomEvent.KeepRuleChanged { Rule.Days: 7 }, Cancel);
        ann.SetTyping(true);
        await bo.UntilAsync(e => e is RoomEvent.TypingChanged { People: [{ Nickname: "Ann" }] }, Cancel);
        var upload = await nodes[0].OfferAsync(ann, "a.bin", 6, Cancel);
        await upload.AppendAsync(0, new MemoryStream([1, 2, 3]), Cancel);
        await bo.UntilProgressAsync(progress => progress.Received == 3, Cancel);
        await upload.AppendAsync(3, new MemoryStream([4, 5, 6]), Cancel);
        var done = await bo.UntilMessageAsync(message => message.Files is [{ State: FileState.Ready }], Cancel);

        Assert.NotNull(done.Files[0].Sha256);
        await using var late = await nodes[1].EnterAsync("Late", Cancel, there);
        Assert.Empty(late.Backlog.Progress);
    }

    [Fact]
    public async Task People_are_one_list_and_who_is_disconnected_at_one_node_is_gone_from_the_other()
    {
        await using var nodes = await Nodes.StartAsync();
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel);
        await using var bo = new RoomReader(await nodes[1].EnterAsync("Bo", Cancel));

        await bo.UntilAsync(e => e is RoomEvent.PeopleChanged { People: [{ Nickname: "Ann" }, { Nickname: "Bo" }] }, Cancel);
        await Eventually.TrueAsync(() => Task.FromResult(nodes[1].Connected.List() is [{ Nickname: "Ann", Rooms: ["Lobby"] }, { Nickname: "Bo" }]));
        // Also when it is not noticed by the index of names.
        await Assert.ThrowsAsync<Core.RefusedException>(() => nodes[1].JoinAsync("Ann", Cancel));
        await nodes[1].Sessions.EndPersonAsync(ann.Participant.Session.PersonId, "Enough.", Cancel);

        await Eventually.TrueAsync(() => Task.FromResult(!ann.Participant.Session.IsAlive));
        Assert.Equal("Enough.", ann.Participant.Session.EndReason);
        await bo.UntilAsync(e => e is RoomEvent.PeopleChanged { People: [{ Nickname: "Bo" }] }, Cancel);
        await Eventually.TrueAsync(() => Task.FromResult(nodes[0].Connected.List() is [{ Nickname: "Bo" }]));
    }

    [Fact]
    public async Task A_session_that_is_ended_while_redis_is_away_ends_at_the_other_node_within_seconds()
    {
        await using var nodes = await Nodes.StartAsync();
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel);
        await nodes.Redis.KillAsync();

        await nodes[1].Sessions.EndPersonAsync(ann.Participant.Session.PersonId, "Enough.", Cancel);

        await Eventually.TrueAsync(() => Task.FromResult(!ann.Participant.Session.IsAlive));
        await nodes.Redis.StartAgainAsync();
    }

    [Fact]
    public async Task People_of_a_node_that_stops_are_gone_from_the_others()
    {
        await using var nodes = await Nodes.StartAsync();
        await using var bo = new RoomReader(await nodes[0].EnterAsync("Bo", Cancel));
        await nodes[1].EnterAsync("Ann", Cancel);
        await bo.UntilAsync(e => e is RoomEvent.PeopleChanged { People.Length: 2 }, Cancel);

        await nodes[1].StopAsync(Cancel);

        await Eventually.TrueAsync(() => Task.FromResult(nodes[0].Lobby.People is [{ Nickname: "Bo" }]));
    }

    [Fact]
    public async Task People_are_one_list_also_where_redis_is_a_cluster()
    {
        await using var nodes = await Nodes.StartAsync(count: 3, isCluster: true);
        for (var node = 0; node < 3; node++)
            await nodes[node].EnterAsync($"At {node}", Cancel);

        await Eventually.TrueAsync(() => Task.FromResult(Enumerable.Range(0, 3).All(node => nodes[node].Lobby.People.Length == 3)));
    }
}
