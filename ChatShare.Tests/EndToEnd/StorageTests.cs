using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>What people see when there is little place, for themselves or on the disk.</summary>
public sealed class StorageTests(Chromium chromium)
{
    private const string NoDisk = "A small file system cannot be mounted here: it takes Linux and the right to mount.";

    private static readonly string Pictures = SourceTree.Folder("artifacts/screenshots");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Text_stays_when_the_database_has_no_place_for_it_and_is_sent_later()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 8000, files: 200);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var server = await ServerProcess.StartAsync(Cancel, $"ChatShare:DataDirectory={disk!.Path}");
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        await ann.SayAsync("before");
        await ann.SeesAsync("before");
        disk.Fill();
        await ann.SayAsync("kept " + new string('x', 15_000));

        var failed = ann.Log.Locator(".row.failed");
        await Expect(failed).ToContainTextAsync("The server cannot store anything right now.");
        await Expect(failed).ToContainTextAsync("kept xxx");
        disk.Empty();
        await ann.Button("Retry").ClickAsync();
        await ann.SeesAsync("kept xxx");
        Assert.Equal(2, (await ann.TextsAsync()).Count);
    }

    [Fact]
    public async Task What_is_left_is_said_beside_the_composer_and_a_disk_that_is_nearly_full_above_it()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 30_000, files: 200);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var server = await ServerProcess.StartAsync(
            Cancel, $"ChatShare:Downloads:Directory={disk!.Path}", "ChatShare:Limits:PersonBytes=10000000");
        var ann = await Person.JoinAsync(chromium, server, "Ann");
        var left = ann.Page.Locator(".quota-left");
        await Expect(left).ToHaveTextAsync("10.0 MB left");
        await ann.AttachAsync("first.iso", 4_000_000);
        await Expect(left).ToHaveTextAsync("6.0 MB left");
        await Expect(ann.Button("Add files")).ToHaveAccessibleDescriptionAsync("6.0 MB left");
        await ann.AttachAsync("second.iso", 8_000_000);
        await Expect(ann.Page.GetByText("You have 6.0 MB left here; “second.iso” takes 8.0 MB.").First).ToBeVisibleAsync();

        disk.FillTo(freeKilobytes: 1000);
        var notice = ann.Page.GetByRole(AriaRole.Status).Filter(new() { HasTextString = LowDisk.Sentence });
        await Expect(notice).ToBeVisibleAsync();
        await ann.SayAsync("still here");
        await ann.SeesAsync("still here");
        foreach (var (width, scheme) in new[] { (1440, ColorScheme.Light), (1440, ColorScheme.Dark), (390, ColorScheme.Light), (390, ColorScheme.Dark) })
        {
            await ann.Page.SetViewportSizeAsync(width, width == 390 ? 844 : 900);
            await ann.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await Expect(ann.Page.Locator($"html[data-theme={scheme.ToString().ToLowerInvariant()}]")).ToHaveCountAsync(1);
            Assert.True(await ann.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"));
            await Expect(ann.Field).ToBeInViewportAsync();
            // Nothing lies over it, neither the panel of what could not be sent.
            await notice.HoverAsync();
            await ann.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"storage-{width}-{scheme}.png") });
        }

        disk.Empty();
        await Expect(notice).ToBeHiddenAsync();
    }
}
