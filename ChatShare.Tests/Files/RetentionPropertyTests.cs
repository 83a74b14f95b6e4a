using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using CsCheck;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Files;

/// <summary>Whatever lies in two rooms that share contents, and whatever the rule is.</summary>
public sealed class RetentionPropertyTests
{
    private static readonly Gen<Shared> AnyFile = Gen.Select(Gen.Bool, Gen.Int[0, 3], Gen.Int[0, 60], Gen.Frequency((3, Gen.Const(false)), (1, Gen.Const(true))))
        .Select((elsewhere, content, days, kept) => new Shared(elsewhere, content, days, kept));

    [Fact(Timeout = Make.Patience * 5)]
    public async Task Rule_takes_the_oldest_that_are_not_kept_and_frees_what_the_preview_said()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var root = await host.AdministratorAsync(token);
        var seed = 0;
        await Gen.Select(AnyFile.Array[0, 7], Gen.Int[0, 70], Gen.Int[0, 12_000]).SampleAsync(
            async (files, days, bytes) =>
            {
                seed += 10;
                var (room, elsewhere) = (await host.CreateRoomAsync($"a{seed}", root, token), await host.CreateRoomAsync($"b{seed}", root, token));
                // 0 stands for no rule.
                var rule = new KeepRule(days == 0 ? null : days, bytes == 0 ? null : bytes);
                await ShareAsync(host, root, files, room, elsewhere, seed, token);
                var before = OnDisk(host);

                var would = await host.Get<StorageCleaning>().PreviewRuleAsync(room, rule, root, token);
                var freed = await host.Get<StorageCleaning>().ApplyRuleAsync(room, rule, would, root, token);

                Assert.Equal(would.Space, freed);
                Assert.Equal(before - OnDisk(host), freed.Bytes);
                await using var db = await host.OpenDatabaseAsync(token);
                Assert.Equal(files.Count(file => file.Elsewhere), await db.Files.CountAsync(f => f.RoomId == elsewhere.Id && f.State == FileState.Ready, token));
                var rows = await db.Files.AsNoTracking().Where(f => f.RoomId == room.Id).OrderBy(f => f.ReadyAt).ThenBy(f => f.MessageNumber).ToListAsync(token);
                Assert.Equal(rows.Count(row => row.State == FileState.Deleted), freed.Files);
                Check(rows, rule, host.Clock.GetUtcNow());
                var needed = (await db.Files.Where(f => f.Sha256 != null).Select(f => f.Sha256!).Distinct().ToListAsync(token)).Order(StringComparer.Ordinal);
                Assert.Equal(needed, host.Contents().Order(StringComparer.Ordinal));
            },
            iter: Make.IsLong ? 300 : 25,
            threads: 1);
    }

    private static void Check(List<Core.Storage.FileRow> rows, KeepRule rule, DateTimeOffset now)
    {
        Assert.All(rows.Where(row => row.Kept), row => Assert.Equal(FileState.Ready, row.State));
        var free = rows.Where(row => !row.Kept).ToList();
        // Oldest first: what went stands before what stayed.
        Assert.DoesNotContain(free.SkipWhile(row => row.State == FileState.Deleted), row => row.State == FileState.Deleted);
        if (rule.Days is { } days)
            Assert.All(free.Where(row => row.ReadyAt < now.AddDays(-days)), row => Assert.Equal(FileState.Deleted, row.State));
        var left = rows.Where(row => row.State == FileState.Ready).Sum(row => row.Length);
        if (rule.Bytes is { } bytes)
            Assert.True(left <= bytes || free.All(row => row.State == FileState.Deleted), "The room is too large and something could still go.");
        // Nothing goes without need: the last one that went was too old, or the room was too large with it.
        if (free.LastOrDefault(row => row.State == FileState.Deleted) is { } last)
            Assert.True(last.ReadyAt < now.AddDays(-rule.Days ?? -36_500) || left + last.Length > (rule.Bytes ?? long.MaxValue), "One went without need.");
    }

    private static async Task ShareAsync(
        CoreHost host, PersonSession who, Shared[] files, Room room, Room elsewhere, int seed, CancellationToken token)
    {
        await using var here = await host.EnterAsync(who, token, room);
        await using var there = await host.EnterAsync(who, token, elsewhere);
        await using var db = await host.OpenDatabaseAsync(token);
        var now = host.Clock.GetUtcNow();
        // Its files have come since it was made.
        await db.Rooms.Where(r => r.Id == room.Id).ExecuteUpdateAsync(row => row.SetProperty(r => r.CreatedAt, now.AddDays(-1000)), token);
        foreach (var file in files)
        {
            // Half an hour off the full day, so that the test's own time decides nothing.
            var readyAt = now.AddDays(-file.Days).AddMinutes(-30);
            var upload = await host.ShareAsync(file.Elsewhere ? there : here, "f", Make.Bytes(1000 * (file.Content + 1), seed + file.Content), token);
            await db.Files.Where(f => f.Id == upload.Id.ToString())
                .ExecuteUpdateAsync(row => row.SetProperty(f => f.ReadyAt, readyAt).SetProperty(f => f.Kept, file.Kept), token);
        }
    }

    private static long OnDisk(CoreHost host) =>
        new DirectoryInfo(Path.Combine(host.Downloads, "files")).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private sealed record Shared(bool Elsewhere, int Content, int Days, bool Kept);
}
