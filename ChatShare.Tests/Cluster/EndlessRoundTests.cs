using System.Collections.Immutable;
using System.Text.Json;
using ChatShare.Core;
using ChatShare.Core.Cluster;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ChatShare.Tests.Cluster;

/// <summary>What a node does for as long as it runs goes on after a fault that nobody thought of.</summary>
public sealed class EndlessRoundTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fault_is_told_once_until_another_comes_or_it_is_over_and_keeps_nothing_else_from_its_turn()
    {
        var told = new List<string>();
        var turns = 0;
        var round = new EndlessRound(fault => told.Add(fault.Message));
        foreach (var fault in new Exception?[] { new StorageException("a"), new StorageException("again"), new JsonException("b"), new OperationCanceledException("c"), null, new StorageException("d") })
        {
            await round.RunAsync(
                [
                    _ => fault is null ? Task.CompletedTask : Task.FromException(fault),
                    _ => Task.FromResult(turns++),
                ],
                Cancel);
        }

        Assert.Equal(["a", "b", "c", "d"], told);
        Assert.Equal(6, turns);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => round.RunAsync(token => Task.FromCanceled(token), new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task A_room_that_cannot_be_taken_in_does_not_end_the_look_for_others()
    {
        PostgreSqlServer.Require();
        var log = new Collector();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<ILoggerProvider>(log), await PostgreSqlServer.NewSettingsAsync());
        await using var db = await app.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel);
        var row = new RoomRow { Name = " ", NameKey = "second", CreatedAt = DateTimeOffset.UtcNow };
        db.Rooms.Add(row);
        await db.SaveChangesAsync(Cancel);
        await ToldAsync(log, "could not be looked at");

        row.Name = "Second";
        await db.SaveChangesAsync(Cancel);

        await Eventually.TrueAsync(() => Task.FromResult(app.Get<RoomService>().Find(row.Id) is not null));
    }

    [Fact]
    public async Task People_of_another_node_that_make_no_sense_do_not_end_the_look_for_them()
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        await using var redis = await RedisServer.StartAsync();
        var log = new Collector();
        await using var app = await RunningApp.StartAsync(
            builder => builder.Services.AddSingleton<ILoggerProvider>(log), [$"ChatShare:Cluster:Redis={redis.Address}", .. await PostgreSqlServer.NewSettingsAsync()]);
        var connected = app.Get<ConnectedUsers>();
        connected.Connect(await app.Get<SessionService>().JoinAsync(Make.Nickname("Ann"), Cancel), Door.Browser, "10.0.0.1");
        var elsewhere = ImmutableArray.CreateRange(connected.ListHere().Select(person => person with { PersonId = Guid.NewGuid(), Nickname = "Bo" }));
        await using var client = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        var (keys, root) = (client.GetDatabase(), $"chatshare:{app.Get<Database>().Epoch}");

        await keys.StringSetAsync(root + ":people:other", "[{}]");
        await keys.SetAddAsync(root + ":nodes", "other");
        await ToldAsync(log, "could not be told who is here");
        await keys.StringSetAsync(root + ":people:other", JsonSerializer.SerializeToUtf8Bytes(elsewhere, NewsJson.Default.ImmutableArrayConnectedUser));

        await Eventually.TrueAsync(() => Task.FromResult(connected.List().Any(person => person.Nickname == "Bo")));
    }

    private static Task ToldAsync(Collector log, string what) =>
        Eventually.TrueAsync(() => Task.FromResult(log.Lines.Any(line => line.Contains(what, StringComparison.Ordinal))));
}
