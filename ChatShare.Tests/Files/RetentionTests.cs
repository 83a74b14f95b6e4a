using ChatShare.Core;
using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatShare.Tests.Files;

/// <summary>What rooms keep, and by which clock.</summary>
public sealed class RetentionTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task File_that_is_older_than_the_rule_is_removed_and_its_card_says_so()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        var root = await host.AdministratorAsync(token);
        var old = await host.ShareAsync(anna, "old", Make.Bytes(1000), token);
        await PassAsync(host, TimeSpan.FromDays(29), token);
        var young = await host.ShareAsync(anna, "young", Make.Bytes(1000, seed: 2), token);
        await host.Rooms.SetKeepRuleAsync(host.Lobby, new KeepRule(30, null), root, token);

        await PassAsync(host, TimeSpan.FromHours(23), token);
        Assert.Equal([FileState.Ready, FileState.Ready], await StatesAsync(host, token));
        await PassAsync(host, TimeSpan.FromHours(2), token);

        await bert.UntilMessageAsync(m => m.Files is [{ State: FileState.Deleted, Failure: "removed after 30 days", Sha256: null } file] && file.Id == old.Id, token);
        Assert.Equal([FileState.Deleted, FileState.Ready], await StatesAsync(host, token));
        Assert.Equal([young.File.Sha256!], host.Contents());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Oldest_files_make_room_and_one_that_is_kept_stays_and_counts()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var root = await host.AdministratorAsync(token);
        var kept = await host.ShareAsync(anna, "0", Make.Bytes(1000, 0), token);
        for (var i = 1; i < 4; i++)
            await host.ShareAsync(anna, $"{i}", Make.Bytes(1000, i), token);
        await host.Get<FileKeeping>().KeepAsync(kept.Id, kept: true, anna.Participant.Session, token);
        await host.Rooms.SetKeepRuleAsync(host.Lobby, new KeepRule(null, 2500), root, token);

        await host.Get<Retention>().SweepAsync(TimeSpan.Zero, token);

        Assert.Equal([FileState.Ready, FileState.Deleted, FileState.Deleted, FileState.Ready], await StatesAsync(host, token));
        Assert.Equal("removed to make room", (await host.AllAsync(host.Lobby, token))[1].Files[0].Failure);
        await host.Rooms.SetKeepRuleAsync(host.Lobby, new KeepRule(1, 1), root, token);
        await PassAsync(host, TimeSpan.FromDays(300), token);
        Assert.Equal([kept.File.Sha256!], host.Contents());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Clock_that_jumps_ahead_takes_nothing_at_once_not_even_over_a_restart()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using (var anna = await host.EnterAsync("anna", token))
            await host.ShareAsync(anna, "a", Make.Bytes(1000), token);
        var root = await host.AdministratorAsync(token);
        await host.Rooms.SetKeepRuleAsync(host.Lobby, new KeepRule(30, null), root, token);
        var before = await SweptAsync(host, TimeSpan.Zero, token);

        host.Clock.Jump(TimeSpan.FromDays(3650));
        Assert.True(await SweptAsync(host, TimeSpan.FromMinutes(5), token) - before < TimeSpan.FromHours(3));
        await host.RestartAsync(token);
        Assert.True(await SweptAsync(host, TimeSpan.FromMinutes(5), token) - before < TimeSpan.FromHours(6));
        Assert.Equal([FileState.Ready], await StatesAsync(host, token));
        // Somebody may have looked at the clock in the meantime; who sees the wrong time and leaves it for days means it.
        Assert.True(await SweptAsync(host, TimeSpan.FromHours(31), token) - before > TimeSpan.FromDays(30));
        Assert.Equal([FileState.Deleted], await StatesAsync(host, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Clock_that_is_set_back_makes_files_younger_at_once()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await SweptAsync(host, TimeSpan.Zero, token);
        var right = host.Clock.GetUtcNow();
        host.Clock.Jump(TimeSpan.FromDays(3650));
        Assert.True(await SweptAsync(host, TimeSpan.FromDays(2), token) > right.AddDays(40));

        host.Clock.Jump(TimeSpan.FromDays(-3650));

        Assert.True(host.Get<Retention>().Clock < right.AddHours(1));
        Assert.True(await SweptAsync(host, TimeSpan.FromMinutes(5), token) < right.AddHours(1));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Machine_that_begins_in_1970_loses_nothing_but_minutes()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var root = await host.AdministratorAsync(token);
        await host.Rooms.SetKeepRuleAsync(host.Lobby, new KeepRule(30, null), root, token);
        var before = await SweptAsync(host, TimeSpan.Zero, token);
        var behind = TimeSpan.FromDays(20_000);

        host.Clock.Jump(-behind);
        await SweptAsync(host, TimeSpan.FromMinutes(5), token);
        await host.ShareAsync(anna, "a", Make.Bytes(1000), token);
        host.Clock.Jump(behind);

        Assert.True(before - await SweptAsync(host, TimeSpan.Zero, token) < TimeSpan.FromHours(3));
        Assert.InRange(before - await SweptAsync(host, TimeSpan.FromMinutes(5), token), -TimeSpan.FromMinutes(5), TimeSpan.Zero);
        Assert.Equal([FileState.Ready], await StatesAsync(host, token));
        // By its size it can go all the same.
        await host.Rooms.SetKeepRuleAsync(host.Lobby, new KeepRule(30, 1), root, token);
        await SweptAsync(host, TimeSpan.Zero, token);
        Assert.Equal([FileState.Deleted], await StatesAsync(host, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Program_that_dies_between_row_and_content_removes_the_content_at_the_next_start()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        FileId gone;
        string orphan, needed;
        await using (var anna = await host.EnterAsync("anna", token))
        {
            var first = await host.ShareAsync(anna, "a", Make.Bytes(1000), token);
            (gone, orphan) = (first.Id, first.File.Sha256!);
            needed = (await host.ShareAsync(anna, "b", Make.Bytes(1000, seed: 2), token)).File.Sha256!;
        }

        // As far as a removal has come at each of its two deaths: only the note of one, note and row of the other.
        host.Get<StoredContents>().Condemn(needed);
        host.Get<StoredContents>().Condemn(orphan);
        await using (var db = await host.OpenDatabaseAsync(token))
        {
            await db.Files.Where(f => f.Id == gone.ToString()).ExecuteUpdateAsync(
                row => row.SetProperty(f => f.State, FileState.Deleted).SetProperty(f => f.Sha256, (string?)null), token);
        }

        await host.RestartAsync(token);

        await Eventually.TrueAsync(() => Task.FromResult(host.Get<DownloadStore>().Condemned().Count == 0));
        Assert.Equal([needed], host.Contents());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_look_that_gives_up_by_itself_is_not_the_last_one()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var contexts = new CancelledOnce(host.Get<IDbContextFactory<ChatShareDbContext>>());
        using var retention = new Retention(
            contexts, host.Rooms, host.Get<StoredContents>(), host.Get<FileRemoval>(), host.Get<UploadLeases>(), new HurriedClock(), NullLogger<Retention>.Instance);

        await retention.StartAsync(token);

        await Eventually.TrueAsync(() => Task.FromResult(contexts.Asked > 1));
        await retention.StopAsync(token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Rule_that_an_administrator_sets_reaches_the_readers_and_the_next_start()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var root = await host.AdministratorAsync(token);
        await using (var bert = new RoomReader(await host.EnterAsync("bert", token)))
        {
            await host.Rooms.SetKeepRuleAsync(host.Lobby, new KeepRule(30, 5000), root, token);
            await bert.UntilAsync(e => e is RoomEvent.KeepRuleChanged { Rule: { Days: 30, Bytes: 5000 } }, token);
        }

        await host.RestartAsync(token);

        Assert.Equal(new KeepRule(30, 5000), host.Lobby.Keeps);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(-1, null)]
    [InlineData(36_501, null)]
    [InlineData(null, 0L)]
    [InlineData(null, -1L)]
    public void Rule_that_would_keep_nothing_has_a_fault(int? days, long? bytes) => Assert.NotNull(new KeepRule(days, bytes).Fault);

    [Fact(Timeout = Make.Patience)]
    public async Task Keeping_is_for_the_sender_and_administrators_and_for_files_that_are_there()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = await host.EnterAsync("bert", token);
        var root = await host.AdministratorAsync(token);
        var keeping = host.Get<FileKeeping>();
        var file = await host.ShareAsync(anna, "a", Make.Bytes(10), token);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => keeping.KeepAsync(file.Id, kept: true, bert.Participant.Session, token));
        Assert.Equal(RefusalKind.NotPermitted, refused.Kind);
        await keeping.KeepAsync(file.Id, kept: true, anna.Participant.Session, token);
        Assert.True((await host.AllAsync(host.Lobby, token))[0].Files[0].Kept);
        var last = host.Lobby.LastNumber;
        await keeping.KeepAsync(file.Id, kept: true, root, token);
        Assert.Equal(last, host.Lobby.LastNumber);
        await keeping.KeepAsync(file.Id, kept: false, root, token);
        Assert.False((await host.AllAsync(host.Lobby, token))[0].Files[0].Kept);
        // The sender's own acts are nobody's business.
        var act = Assert.Single(await host.ActsAsync(root, token));
        Assert.Equal(("root", "Let file go", "a", "in Lobby"), (act.Actor, act.Action, act.Subject, act.Detail));

        await host.Get<FileRemoval>().DeleteAsync(file.Id, root, token);
        refused = await Assert.ThrowsAsync<RefusedException>(() => keeping.KeepAsync(file.Id, kept: true, root, token));
        Assert.Equal(RefusalKind.NotFound, refused.Kind);
        Assert.Equal([FileState.Deleted], await StatesAsync(host, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Keeping_and_letting_go_counts_like_a_message()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:MessagesPerSecond", "1"));
        await using var anna = await host.EnterAsync("anna", token);
        var file = await host.ShareAsync(anna, "a", Make.Bytes(10), token);

        var refused = await Assert.ThrowsAsync<RefusedException>(async () =>
        {
            for (var i = 0; i < 100; i++)
                await host.Get<FileKeeping>().KeepAsync(file.Id, kept: i % 2 == 0, anna.Participant.Session, token);
        });
        Assert.Equal(RefusalKind.TooFast, refused.Kind);
    }

    /// <summary>The time goes by while the program runs.</summary>
    private static Task PassAsync(CoreHost host, TimeSpan time, CancellationToken token)
    {
        host.Clock.Advance(time);
        return host.Get<Retention>().SweepAsync(time, token);
    }

    private static async Task<DateTimeOffset> SweptAsync(CoreHost host, TimeSpan ran, CancellationToken token)
    {
        await host.Get<Retention>().SweepAsync(ran, token);
        return host.Get<Retention>().Clock;
    }

    private static async Task<IEnumerable<FileState>> StatesAsync(CoreHost host, CancellationToken token) =>
        (await host.AllAsync(host.Lobby, token)).SelectMany(message => message.Files).Select(file => file.State);
}
