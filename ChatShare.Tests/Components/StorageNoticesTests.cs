using Bunit;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;
using ChatShare.Web.Components.Files;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

/// <summary>What people are told of the place that files take: what they have left, that the disk is nearly full, that a file is checked.</summary>
public sealed class StorageNoticesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_left_stands_below_the_button_that_it_describes()
    {
        await using var core = await CoreHost.StartAsync(Cancel, ("Limits:PersonBytes", "10000"));
        await using var ann = await core.EnterAsync("Ann", Cancel);
        await using var circuit = new Circuit(core, ann.Participant.Session);
        var composer = circuit.Render<Composer>(parameters => parameters.Add(p => p.RoomName, "Lobby"));
        await composer.WaitForAssertionAsync(() => Assert.Equal("10.0 KB left", composer.Find(".quota-left").TextContent));
        await core.ShareAsync(ann, "little", new byte[1000], Cancel);

        var upload = await core.OfferAsync(ann, "more", 5000, Cancel);
        await composer.WaitForAssertionAsync(() => Assert.Equal("4.0 KB left", composer.Find(".quota-left").TextContent));
        Assert.Equal(composer.Find(".quota-left").Id, composer.Named("button", "Add files").GetAttribute("aria-describedby"));
        Assert.False(composer.Find(".quota-left").ClassList.Contains("scarce"));

        var most = await core.OfferAsync(ann, "most", 3500, Cancel);
        await composer.WaitForAssertionAsync(() => Assert.Equal("500 B left", composer.Find(".quota-left.scarce").TextContent));
        await upload.CancelAsync(ann.Participant.Session, Cancel);
        await composer.WaitForAssertionAsync(() => Assert.Equal("5.5 KB left", composer.Find(".quota-left:not(.scarce)").TextContent));
        await most.CancelAsync(ann.Participant.Session, Cancel);
        await composer.WaitForAssertionAsync(() => Assert.Equal("9.0 KB left", composer.Find(".quota-left").TextContent));
    }

    [Fact]
    public async Task Nothing_is_said_without_a_limit()
    {
        await using var core = await CoreHost.StartAsync(Cancel);
        await using var ann = await core.EnterAsync("Ann", Cancel);
        await core.ShareAsync(ann, "little", new byte[1000], Cancel);
        await using var circuit = new Circuit(core, ann.Participant.Session);
        var composer = circuit.Render<Composer>(parameters => parameters.Add(p => p.RoomName, "Lobby"));

        Assert.Empty(composer.FindAll(".quota-left"));
    }

    [Fact]
    public async Task Nearly_full_disk_is_told_to_everybody_while_it_lasts()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 1000, files: 100);
        Assert.SkipWhen(disk is null, "A small file system cannot be mounted here: it takes Linux and the right to mount.");
        await using var core = await CoreHost.StartAsync(Cancel, ("Downloads:Directory", disk!.Path));
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", Cancel));
        var notice = circuit.Render<LowDiskNotice>();
        Assert.Equal("", notice.Find("[role=status]").TextContent);

        disk.Fill();
        core.Get<LowDisk>().Look();
        await notice.WaitForAssertionAsync(() => Assert.Equal(LowDisk.Sentence, notice.Find("[role=status]").TextContent));
        await using var late = new Circuit(core, await core.JoinAsync("Late", Cancel));
        Assert.Equal(LowDisk.Sentence, late.Render<LowDiskNotice>().Find("[role=status]").TextContent);

        disk.Empty();
        core.Get<LowDisk>().Look();
        await notice.WaitForAssertionAsync(() => Assert.Equal("", notice.Find("[role=status]").TextContent));
    }

    [Fact]
    public async Task Card_says_that_its_file_is_checked_and_offers_nothing_before()
    {
        await using var core = await CoreHost.StartAsync(Cancel, ("Scan:Command", "/bin/true"));
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", Cancel));
        var live = new LiveCards();
        var file = Sample.File("plan.pdf", FileState.Uploading);
        var card = circuit.Render<FileCard>(parameters => parameters.Add(p => p.File, file).Add(p => p.Live, live));
        Assert.Empty(card.FindAll("a"));

        await card.InvokeAsync(() => live.Report(new UploadProgress(file.Id, file.Length, file.Length, 0) { IsChecking = true }));
        Assert.Equal("1.0 KB · checking", card.Find(".file-meta").Words());
    }
}
