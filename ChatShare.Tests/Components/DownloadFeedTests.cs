using Bunit;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Files;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class DownloadFeedTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task The_page_is_told_of_its_own_downloads_that_last_and_of_how_they_end()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var (ann, bo) = (await core.JoinAsync("Ann", token), await core.JoinAsync("Bo", token));
        await using var circuit = new Circuit(core, ann);
        var handle = circuit.JSInterop.SetupModule("chatshare.downloads.start", _ => true);
        handle.Mode = JSRuntimeMode.Loose;
        var downloads = core.Get<ActiveDownloads>();
        using var theirs = downloads.Begin(Sample.File("theirs.bin"), bo, Door.Browser, 100, isShown: false, token);
        using var looked = downloads.Begin(Sample.File("looked-at.png"), ann, Door.Browser, 100, isShown: true, token);
        using var mine = downloads.Begin(Sample.File("mine.bin"), ann, Door.Browser, 100, isShown: false, token);

        var feed = circuit.Render<DownloadFeed>();
        await mine.PassAsync(34);
        await ToldAsync(("mine.bin", 100, 34, "running"));

        await feed.Instance.PauseAsync(theirs.Id);
        await feed.Instance.PauseAsync(mine.Id);
        await ToldAsync(("mine.bin", 100, 34, "paused"));
        Assert.Equal((DownloadState.Running, DownloadState.Paused), (theirs.State, mine.State));
        await feed.Instance.ResumeAsync(mine.Id);
        await feed.Instance.CancelAsync(theirs.Id);
        await feed.Instance.CancelAsync(mine.Id);
        Assert.Equal((false, true), (theirs.Stopped.IsCancellationRequested, mine.Stopped.IsCancellationRequested));
        mine.Dispose();
        await ToldAsync(("mine.bin", 100, 34, "cancelled"));

        // Nothing is drawn here, only told.
        Task ToldAsync((string, long, long, string) expected) => Eventually.TrueAsync(() => Task.FromResult(
            handle.Invocations["show"] is [.., { Arguments: [IReadOnlyList<DownloadLine> and [var line]] }]
            && (line.Name, line.Size, line.Sent, line.State) == expected));
    }
}
