using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>A disk that is nearly full takes no new files, one that is full ends what does not fit; the talk goes on.</summary>
public sealed class LowDiskTests
{
    private const string NoDisk = "A small file system cannot be mounted here: it takes Linux and the right to mount.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Disk_that_is_nearly_full_takes_no_new_files_and_finishes_what_it_has_begun()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 4000, files: 100);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var host = await CoreHost.StartAsync(Cancel, ("Downloads:Directory", disk!.Path));
        await using var anna = await host.EnterAsync("anna", Cancel);
        var low = host.Get<LowDisk>();
        var running = await host.OfferAsync(anna, "running", 500_000, Cancel);
        await running.AppendAsync(0, new MemoryStream(new byte[400_000]), Cancel);
        Assert.False(low.IsLow);
        var seen = low.Changed.Version;

        // A twentieth of this disk, which is less than the rest that the settings ask for, is 200 KB.
        disk.FillTo(freeKilobytes: 160);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => host.OfferAsync(anna, "new", 1, Cancel));
        Assert.Equal((RefusalKind.DiskFull, LowDisk.Sentence), (refused.Kind, refused.Message));
        Assert.True(low.IsLow);
        await low.Changed.WaitAsync(seen, Cancel);
        await running.AppendAsync(400_000, new MemoryStream(new byte[100_000]), Cancel);
        Assert.Equal(FileState.Ready, running.File.State);
        await anna.SayAsync("still here", Cancel);

        disk.Empty();
        await host.ShareAsync(anna, "new", [1], Cancel);
        Assert.False(low.IsLow);
    }

    [Fact]
    public async Task What_stays_free_is_promised_to_nobody()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 4000, files: 100);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var host = await CoreHost.StartAsync(Cancel, ("Downloads:Directory", disk!.Path), ("Downloads:MinimumFreeBytes", "100000"));
        await using var anna = await host.EnterAsync("anna", Cancel);
        var free = host.Get<DownloadStore>().FreeBytes;
        await host.OfferAsync(anna, "half", free / 2, Cancel);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => host.OfferAsync(anna, "rest", free - (free / 2) - 99_999, Cancel));
        Assert.Equal(RefusalKind.DiskFull, refused.Kind);
        Assert.NotEqual(LowDisk.Sentence, refused.Message);
        await host.OfferAsync(anna, "rest", free - (free / 2) - 100_000, Cancel);
    }

    [Fact]
    public async Task Clock_sees_the_disk_without_anybody_sending_files()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 1000, files: 100);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var host = await CoreHost.StartAsync(Cancel, ("Downloads:Directory", disk!.Path));
        var low = host.Get<LowDisk>();
        var seen = low.Changed.Version;
        disk.Fill();
        await low.Changed.WaitAsync(seen, Cancel);
        Assert.True(low.IsLow);
    }

    [Fact]
    public async Task Disk_that_fills_up_in_the_middle_of_a_part_is_507_and_leaves_nothing()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 4000, files: 100);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var app = await RunningApp.StartAsync($"ChatShare:Downloads:Directory={disk!.Path}");
        var ann = await app.JoinAsync("Ann");
        var tus = new TusClient(app, ann);
        var content = Make.Bytes(2_000_000);
        var location = await tus.CreateAsync("big.iso", content.Length);
        using var part = await tus.BeginPartAsync(location, 0, content.Length, content[..500_000]);
        await Eventually.TrueAsync(async () => await tus.OffsetAsync(location) == 500_000);
        disk.Fill();
        await part.GetStream().WriteAsync(content.AsMemory(500_000), Cancel);

        using var reader = new StreamReader(part.GetStream());
        Assert.Equal("HTTP/1.1 507 Insufficient Storage", (await reader.ReadLineAsync(Cancel))!.Trim());
        Assert.Equal(HttpStatusCode.Gone, await tus.StatusAsync("HEAD", location));
        Assert.Empty(TestFiles.PartialIn(disk.Path));
        var lobby = app.Get<RoomService>().Find(RoomService.Lobby)!;
        var file = Assert.Single(Assert.Single(await app.Get<MessageLog>().AfterAsync(lobby, 0, 10, Cancel)).Files);
        Assert.Equal((FileState.Failed, "The server’s disk is full. The upload has stopped; nothing of it was kept."), (file.State, file.Failure));

        // What was here of it has made place.
        disk.Fill();
        using var refused = await tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "1000000"), ("Upload-Metadata", TusClient.Metadata("next")));
        Assert.Equal(HttpStatusCode.InsufficientStorage, refused.StatusCode);
        Assert.Equal(LowDisk.Sentence, (await refused.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("detail").GetString());
        var session = await app.Get<SessionService>().JoinAsync(Make.Nickname("Bob"), Cancel);
        await using var bob = await app.Get<RoomService>().JoinAsync(lobby, app.Get<ConnectedUsers>().Connect(session, Door.Browser, "127.0.0.1"), null, Cancel);
        Assert.Equal("still here", (await bob.SayAsync("still here", Cancel)).Text);
    }

    [Fact]
    public async Task Message_that_the_database_has_no_place_for_is_refused_with_a_sentence_and_goes_through_later()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 6000, files: 100);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var host = await CoreHost.StartAsync(Cancel, ("DataDirectory", disk!.Path));
        await using var anna = await host.EnterAsync("anna", Cancel);
        await anna.SayAsync("before", Cancel);
        disk.Fill();

        // The pages that the database has at hand may still take some.
        var long0 = new string('x', 15_000);
        var refused = await Assert.ThrowsAsync<RefusedException>(async () =>
        {
            for (var i = 0; i < 500; i++)
                await anna.SayAsync(long0, Cancel);
        });
        Assert.Equal(RefusalKind.DiskFull, refused.Kind);
        Assert.Equal("The server cannot store anything right now. Retry in a moment.", refused.Message);
        // Many who write at once are refused at once, and the log says so as often as for one.
        var all = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => Assert.ThrowsAsync<RefusedException>(() => anna.SayAsync(long0, Cancel))));
        Assert.All(all, one => Assert.Equal(refused.Message, one.Message));
        Assert.DoesNotContain("   at ", Assert.Single(host.Errors), StringComparison.Ordinal);

        disk.Empty();
        Assert.Equal("after", (await anna.SayAsync("after", Cancel)).Text);
        Assert.Equal("before", (await host.AllAsync(host.Lobby, Cancel))[0].Text);
    }
}
