using System.Diagnostics;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Files;

/// <summary>The administrator's report of what takes the space, and cleaning once.</summary>
public sealed class StorageCleaningTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Cleaning_removes_what_the_filter_says_and_is_written_down()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var root = await host.AdministratorAsync(token);
        var cleaning = host.Get<StorageCleaning>();
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = await host.EnterAsync("bert", token);
        await using var workshop = await host.EnterAsync(anna.Participant.Session, token, await host.CreateRoomAsync("Workshop", root, token));
        var old = await host.ShareAsync(anna, "old.bin", Make.Bytes(1000, 1), token);
        host.Clock.Advance(TimeSpan.FromDays(10));
        await host.ShareAsync(anna, "same.bin", Make.Bytes(2000, 2), token);
        await host.ShareAsync(bert, "same again.bin", Make.Bytes(2000, 2), token);
        var kept = await host.ShareAsync(bert, "kept.bin", Make.Bytes(3000, 3), token);
        await host.ShareAsync(workshop, "a.txt", "hello there"u8.ToArray(), token);
        await host.Get<FileKeeping>().KeepAsync(kept.Id, kept: true, root, token);
        var annaAsSharer = new Sharer(anna.Participant.Session.PersonId, "anna");

        Assert.Equal(new FreedSpace(1, 1000), (await cleaning.PreviewAsync(new() { OlderThanDays = 9 }, root, token)).Space);
        Assert.Equal(new FreedSpace(1, 11), (await cleaning.PreviewAsync(new() { Kind = FileKind.Text }, root, token)).Space);
        // One of two equal files frees nothing, both of them free it once, and what is kept stays.
        Assert.Equal(new FreedSpace(2, 1000), (await cleaning.PreviewAsync(new() { Person = annaAsSharer, Room = host.Lobby }, root, token)).Space);
        Assert.Equal(new FreedSpace(3, 3000), (await cleaning.PreviewAsync(new() { Room = host.Lobby }, root, token)).Space);
        Assert.Equal(4, host.Contents().Count);

        var filter = new CleaningFilter { Person = annaAsSharer, OlderThanDays = 9 };
        Assert.Equal(new FreedSpace(1, 1000), await cleaning.CleanAsync(filter, await cleaning.PreviewAsync(filter, root, token), root, token));
        Assert.DoesNotContain(old.File.Sha256, host.Contents());
        Assert.Equal("removed by an administrator", (await host.AllAsync(host.Lobby, token))[0].Files[0].Failure);
        var acts = await host.ActsAsync(root, token);
        Assert.Equal(["Removed files", "Kept file"], acts.Select(act => act.Action));
        Assert.Equal(("root", "older than 9 days, of anna", "removed 1.0 KB, 1 file"), (acts[0].Actor, acts[0].Subject, acts[0].Detail));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_was_shared_or_is_kept_since_the_preview_stays()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var root = await host.AdministratorAsync(token);
        var cleaning = host.Get<StorageCleaning>();
        await using var anna = await host.EnterAsync("anna", token);
        await host.ShareAsync(anna, "seen.bin", Make.Bytes(1000, 1), token);
        var kept = await host.ShareAsync(anna, "kept.bin", Make.Bytes(2000, 2), token);
        var (filter, rule) = (new CleaningFilter { Room = host.Lobby }, new KeepRule(null, 1));

        var seen = await cleaning.PreviewAsync(filter, root, token);
        await host.Get<FileKeeping>().KeepAsync(kept.Id, kept: true, root, token);
        await host.ShareAsync(anna, "second.bin", Make.Bytes(3000, 3), token);
        Assert.Equal(new FreedSpace(2, 3000), seen.Space);
        Assert.Equal(new FreedSpace(1, 1000), await cleaning.CleanAsync(filter, seen, root, token));

        var seenByRule = await cleaning.PreviewRuleAsync(host.Lobby, rule, root, token);
        await host.ShareAsync(anna, "third.bin", Make.Bytes(4000, 4), token);
        Assert.Equal(seenByRule.Space, await cleaning.ApplyRuleAsync(host.Lobby, rule, seenByRule, root, token));
        Assert.Equal(
            [(1000L, FileState.Deleted), (2000L, FileState.Ready), (3000L, FileState.Deleted), (4000L, FileState.Ready)],
            (await host.AllAsync(host.Lobby, token)).Select(message => (message.Files[0].Length, message.Files[0].State)));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Only_administrators_look_set_and_clean()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var who = anna.Participant.Session;
        await host.ShareAsync(anna, "mine", Make.Bytes(1000), token);
        var cleaning = host.Get<StorageCleaning>();
        var rule = new KeepRule(null, 1);
        var root = await host.AdministratorAsync(token);
        var seen = await cleaning.PreviewRuleAsync(host.Lobby, rule, root, token);

        foreach (var act in new Func<Task>[]
        {
            () => host.Get<StorageReport>().ReadAsync(who, token),
            () => cleaning.PreviewRuleAsync(host.Lobby, rule, who, token),
            () => cleaning.ApplyRuleAsync(host.Lobby, rule, seen, who, token),
            () => cleaning.PreviewAsync(new() { Room = host.Lobby }, who, token),
            () => cleaning.CleanAsync(new() { Room = host.Lobby }, seen, who, token),
            () => host.Rooms.SetKeepRuleAsync(host.Lobby, rule, who, token),
        })
        {
            Assert.Equal(RefusalKind.NotPermitted, (await Assert.ThrowsAsync<RefusedException>(act)).Kind);
        }

        Assert.Equal(KeepRule.Everything, host.Lobby.Keeps);
        Assert.Single(host.Contents());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Filter_that_says_nothing_removes_nothing()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var root = await host.AdministratorAsync(token);
        var cleaning = host.Get<StorageCleaning>();
        var seen = await cleaning.PreviewAsync(new() { Room = host.Lobby }, root, token);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => cleaning.CleanAsync(new(), seen, root, token));

        Assert.Equal(RefusalKind.Invalid, refused.Kind);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Report_sums_up_by_room_person_type_and_age()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var root = await host.AdministratorAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = await host.EnterAsync("bert", token);
        await using var workshop = await host.EnterAsync(bert.Participant.Session, token, await host.CreateRoomAsync("Workshop", root, token));
        await host.ShareAsync(anna, "old.bin", Make.Bytes(1000, 1), token);
        host.Clock.Advance(TimeSpan.FromDays(10));
        await host.ShareAsync(anna, "same.bin", Make.Bytes(2000, 2), token);
        await host.ShareAsync(workshop, "same again.bin", Make.Bytes(2000, 2), token);
        var text = await host.ShareAsync(workshop, "a.txt", "hello there"u8.ToArray(), token);
        await host.OfferAsync(anna, "unfinished.bin", 9000, token);
        await host.Get<FileKeeping>().KeepAsync(text.Id, kept: true, root, token);

        var report = await host.Get<StorageReport>().ReadAsync(root, token);

        Assert.Equal((4, 1, 5011L, 3011L), (report.Files, report.Kept, report.Bytes, report.StoredBytes));
        Assert.Equal(host.Contents().Sum(host.Get<DownloadStore>().LengthOf), report.StoredBytes);
        Assert.InRange(report.FreeBytes, 1, long.MaxValue);
        Assert.Equal([("Lobby", 2, 3000L), ("Workshop", 2, 2011L)], report.Rooms.Select(line => (line.Room.Name.Value, line.Files, line.Bytes)));
        Assert.Equal([("anna", 2, 3000L), ("bert", 2, 2011L)], report.People.Select(line => (line.Key.Name, line.Files, line.Bytes)));
        Assert.Equal([(FileKind.Other, 3, 5000L), (FileKind.Text, 1, 11L)], report.Kinds.Select(line => (line.Key, line.Files, line.Bytes)));
        Assert.Equal([(FileAge.Day, 3, 4011L), (FileAge.Month, 1, 1000L)], report.Ages.Select(line => (line.Key, line.Files, line.Bytes)));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Report_of_a_hundred_thousand_files_is_there_while_one_waits()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var root = await host.AdministratorAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var message = await anna.SayAsync("many files", token);
        await using (var db = await host.OpenDatabaseAsync(token))
        {
            await db.Rooms.ExecuteUpdateAsync(row => row.SetProperty(r => r.CreatedAt, host.Clock.GetUtcNow().AddDays(-1000)), token);
            // Every second content is shared twice; a thousand people; five types.
            await db.Database.ExecuteSqlAsync(
                $"""
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
                INSERT INTO "Files" ("Id", "RoomId", "MessageNumber", "Position", "PersonId", "SessionId", "Name", "Length", "State", "MediaType", "Sha256", "CreatedAt", "ReadyAt", "Kept")
                SELECT printf('f%021d', i), {host.Lobby.Id}, {message.Number}, i, printf('00000000-0000-0000-0000-%012d', i % 1000), {anna.Participant.Session.Id},
                    'f', 1000, 2, 'type/' || (i % 5), printf('%064x', i - i % 4 / 3), {host.Clock.GetUtcNow().UtcTicks}, {host.Clock.GetUtcNow().UtcTicks} - i * 864000000, 0
                FROM n
                """,
                token);
        }

        var clock = Stopwatch.StartNew();
        var report = await host.Get<StorageReport>().ReadAsync(root, token);
        var reading = clock.Elapsed;
        clock.Restart();
        var would = await host.Get<StorageCleaning>().PreviewRuleAsync(host.Lobby, new KeepRule(50, null), root, token);
        TestContext.Current.TestOutputHelper!.WriteLine($"Report {reading.TotalMilliseconds:0} ms, preview of {would.Space.Files} files {clock.ElapsedMilliseconds} ms");

        Assert.Equal((100_000, 100_000_000L, 75_000_000L), (report.Files, report.Bytes, report.StoredBytes));
        Assert.Equal(200, report.People.Length);
        Assert.InRange(would.Space.Files, 49_990, 50_010);
        // Far above what it takes, far below what nobody waits for.
        Assert.InRange(reading, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }
}
