using System.Collections.Immutable;
using Bunit;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Files;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class GroupCardTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task The_head_counts_what_is_here_of_all_files_and_is_drawn_once_for_many_reports()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var live = new LiveCards();
        var (one, two, three) = (Filling("one", 1000), Filling("two", 3000), Sample.File("three", length: 4000));
        var group = Render(circuit, live, one, two, three, Sample.File("gone", FileState.Cancelled));
        Assert.Equal("4 files · 8.0 KB", group.Find(".group-title").TextContent);
        Assert.Equal("50", Percent(group));
        var drawn = group.RenderCount;

        await group.InvokeAsync(() =>
        {
            live.Report(new UploadProgress(one.Id, 400, one.Length, 0));
            live.Report(new UploadProgress(two.Id, 600, two.Length, 0));
            live.Report(new UploadProgress(two.Id, 2000, two.Length, 0));
            live.Settle();
        });

        Assert.Equal("80", Percent(group));
        Assert.EndsWith("1 of 3 here, 1 cancelled", group.Find(".group-head .file-meta").TextContent, StringComparison.Ordinal);
        // The two lines draw themselves with each report; the card around them only once.
        Assert.InRange(group.RenderCount - drawn, 1, 4);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Lines_keep_their_places_when_files_end_and_the_rest_is_drawn_when_it_is_folded_open()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var live = new LiveCards();
        var files = Enumerable.Range(1, 20).Select(i => Filling($"{i}", 1000)).ToImmutableArray();
        var group = Render(circuit, live, [.. files]);
        Assert.Equal(Enumerable.Range(1, 12).Select(i => $"{i}"), Names(group));

        var changed = files.SetItem(1, files[1] with { State = FileState.Ready }).SetItem(2, files[2] with { State = FileState.Failed });
        group.Render(parameters => parameters.Add(p => p.Message, Sample.Make(1, "", files: changed)));
        Assert.Equal(Enumerable.Range(1, 12).Select(i => $"{i}"), Names(group));
        Assert.Equal(10, group.FindAll(".card [role=progressbar]").Count);

        await group.Find("details.more-cards").TriggerEventAsync("ontoggle", EventArgs.Empty);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"{i}"), Names(group));
        // One that was folded while there was no connection does not turn the next around.
        await group.Find("details.more-cards").TriggerEventAsync("ontoggle", EventArgs.Empty);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"{i}"), Names(group));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_pause_of_all_that_had_begun_is_said_on_the_head()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var live = new LiveCards();
        var (one, two) = (Filling("one", 1000), Filling("two", 1000));
        var group = Render(circuit, live, one, two);

        await group.InvokeAsync(() =>
        {
            live.Report(new UploadProgress(one.Id, 500, one.Length, 0) { IsPaused = true });
            live.Settle();
        });
        Assert.Equal("25 % of 2.0 KB · 0 of 2 here · paused, waiting for Ann", group.Find(".group-head .file-meta").TextContent);

        await group.InvokeAsync(() =>
        {
            live.Report(new UploadProgress(two.Id, 100, two.Length, 0));
            live.Settle();
        });
        Assert.DoesNotContain("paused", group.Find(".group-head").TextContent, StringComparison.Ordinal);
    }

    private static SharedFile Filling(string name, long length) => Sample.File(name, FileState.Uploading, length);

    private static IRenderedComponent<GroupCard> Render(Circuit circuit, LiveCards live, params ImmutableArray<SharedFile> files) =>
        circuit.Render<GroupCard>(parameters => parameters
            .Add(p => p.Message, Sample.Make(1, "", files: files))
            .Add(p => p.Live, live)
            .Add(p => p.Ended, file => $"<div class=\"card\"><span class=\"file-name\">{file.Name}</span></div>"));

    private static string? Percent(IRenderedComponent<GroupCard> group) =>
        group.Find(".group-head > [role=progressbar]").GetAttribute("aria-valuenow");

    private static IEnumerable<string> Names(IRenderedComponent<GroupCard> group) => group.FindAll(".file-name").Select(name => name.TextContent.Trim());
}
