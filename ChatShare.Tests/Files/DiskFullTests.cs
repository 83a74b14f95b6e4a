using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>A full disk ends an upload with a sentence; the talk in the same room goes on.</summary>
public sealed class DiskFullTests
{
    private const string NoDisk = "A small file system cannot be mounted here: it takes Linux and the right to mount.";

    [Fact(Timeout = Make.Patience)]
    public async Task Disk_that_fills_up_during_an_upload_fails_it_and_nothing_else()
    {
        var token = TestContext.Current.CancellationToken;
        using var disk = TinyDisk.TryMount(kilobytes: 4096, files: 100);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var host = await CoreHost.StartAsync(token, ("Downloads:Directory", disk!.Path));
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));

        var whole = await host.ShareAsync(anna, "whole", Make.Bytes(100_000), token);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => host.OfferAsync(anna, "too big", 5_000_000, token));
        Assert.Equal(RefusalKind.DiskFull, refused.Kind);

        var upload = await host.OfferAsync(anna, "big", 3_000_000, token);
        await upload.AppendAsync(0, new MemoryStream(Make.Bytes(1_000_000)), token);
        disk.Fill();
        refused = await Assert.ThrowsAsync<RefusedException>(
            () => upload.AppendAsync(1_000_000, new MemoryStream(Make.Bytes(2_000_000)), token));

        await AssertFailedAsync(host, upload, refused, bert, token);
        Assert.Equal([whole.File.Sha256!], host.Contents());
        var said = await anna.SayAsync("still here", token);
        await bert.UntilChangeAsync(said.Number, token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Disk_that_is_full_when_the_last_byte_has_come_fails_the_upload()
    {
        var token = TestContext.Current.CancellationToken;
        using var disk = TinyDisk.TryMount(kilobytes: 4096, files: 20);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var host = await CoreHost.StartAsync(token, ("Downloads:Directory", disk!.Path));
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        var upload = await host.OfferAsync(anna, "late", 1000, token);
        await upload.AppendAsync(0, new MemoryStream(Make.Bytes(500)), token);
        disk.FillWithNames();

        // There is no place for the folder that the content should lie in.
        var refused = await Assert.ThrowsAsync<RefusedException>(() => upload.AppendAsync(500, new MemoryStream(new byte[500]), token));

        await AssertFailedAsync(host, upload, refused, bert, token);
    }

    private static async Task AssertFailedAsync(
        CoreHost host, Upload upload, RefusedException refused, RoomReader reader, CancellationToken token)
    {
        Assert.Equal(RefusalKind.DiskFull, refused.Kind);
        Assert.Equal((FileState.Failed, refused.Message), (upload.File.State, upload.File.Failure));
        Assert.Contains("disk", refused.Message, StringComparison.Ordinal);
        await reader.UntilMessageAsync(m => m.Files is [{ State: FileState.Failed } file] && file.Id == upload.Id, token);
        Assert.Empty(host.PartialFiles());
        Assert.Empty(host.Uploads.Active);
    }
}
