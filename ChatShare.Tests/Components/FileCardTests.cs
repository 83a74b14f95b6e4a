using Bunit;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Files;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class FileCardTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Progress_moves_forward_and_never_back()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var live = new LiveCards();
        var file = Sample.File("plan.pdf", FileState.Uploading);
        var card = Render(circuit, file, live, isMine: false);
        Assert.Contains("waiting", card.Markup, StringComparison.Ordinal);

        await ReportAsync(card, live, file, 340, bytesPerSecond: 66);
        Assert.Equal("34", Percent(card, file));
        Assert.Contains("34 % · 66 B/s · 10 s left", card.Nodes[0].Words(), StringComparison.Ordinal);

        await ReportAsync(card, live, file, 200);
        Assert.Equal("34", Percent(card, file));
        await ReportAsync(card, live, file, 999);
        Assert.Equal("99", Percent(card, file));
        await ReportAsync(card, live, file, 1000);
        Assert.Equal("100", Percent(card, file));
    }

    [Fact]
    public void Progress_of_what_has_ended_is_kept_no_longer()
    {
        var live = new LiveCards();
        var (running, ready) = (Sample.File("running.pdf", FileState.Uploading), Sample.File("ready.pdf", FileState.Ready));
        live.Report(new UploadProgress(running.Id, 1, running.Length, 0));
        live.Report(new UploadProgress(ready.Id, 1, ready.Length, 0));
        live.Forget(Sample.Make(1, files: [running, ready]));

        Assert.NotNull(live.Newest(running.Id));
        Assert.Null(live.Newest(ready.Id));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_pause_is_said_on_the_card_and_who_is_waited_for()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var live = new LiveCards();
        var file = Sample.File("plan.pdf", FileState.Uploading);
        var card = circuit.Render<FileCard>(parameters => parameters.Add(p => p.File, file).Add(p => p.Live, live).Add(p => p.Sender, "Bo"));
        Assert.Equal("1.0 KB · waiting for Bo", card.Find(".file-meta").Words());
        Assert.Equal("1.0 KB · waiting", Render(circuit, file, new LiveCards(), isMine: true).Find(".file-meta").Words());
        await ReportAsync(card, live, file, 340);
        Assert.Equal("uploading", card.Find(".card").GetAttribute("data-state"));

        await card.InvokeAsync(() => live.Report(new UploadProgress(file.Id, 340, file.Length, 0) { IsPaused = true }));
        Assert.Equal("paused", card.Find(".card").GetAttribute("data-state"));
        Assert.Contains("34 % of 1.0 KB · paused, waiting for Bo", card.Nodes[0].Words(), StringComparison.Ordinal);

        await ReportAsync(card, live, file, 341);
        Assert.Equal("uploading", card.Find(".card").GetAttribute("data-state"));
        Assert.DoesNotContain("paused", card.Nodes[0].Words(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task The_sender_has_every_button_and_everybody_the_link()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var file = Sample.File("plan.pdf", FileState.Uploading);

        var mine = Render(circuit, file, new LiveCards(), isMine: true);
        var others = Render(circuit, file, new LiveCards(), isMine: false);

        Assert.Equal(
            ["Choose plan.pdf again", "Pause plan.pdf", "Resume plan.pdf", "Cancel plan.pdf", "Discard plan.pdf"],
            mine.FindAll("button").Select(button => button.GetAttribute("aria-label")));
        Assert.All([mine, others], card => Assert.Equal($"/files/{file.Id}/plan.pdf", card.Named("a", "Get plan.pdf now").GetAttribute("href")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Progress_that_came_before_the_card_is_not_lost_and_that_of_others_is_not_mine()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var live = new LiveCards();
        var file = Sample.File("plan.pdf", FileState.Uploading);
        live.Report(new UploadProgress(file.Id, 500, file.Length, 0));

        var card = Render(circuit, file, live, isMine: false);
        await ReportAsync(card, live, Sample.File("other.pdf", FileState.Uploading), 900);

        Assert.Equal("50", Percent(card, file));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Only_the_sender_has_the_button_that_calls_it_off()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var ann = await core.EnterAsync("Ann", token);
        await using var bo = new Circuit(core, await core.JoinAsync("Bo", token));
        await using var sender = new Circuit(core, ann.Participant.Session);
        var upload = await core.OfferAsync(ann, "plan.pdf", 1000, token);

        Assert.Empty(Render(bo, upload.File, new LiveCards(), isMine: false).FindAll("button"));
        await Render(sender, upload.File, new LiveCards(), isMine: true).PressAsync("Cancel plan.pdf");

        Assert.Equal(FileState.Cancelled, upload.File.State);
        Assert.Null(core.Uploads.Find(upload.Id));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_button_that_somebody_else_got_hold_of_is_refused()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var ann = await core.EnterAsync("Ann", token);
        await using var bo = new Circuit(core, await core.JoinAsync("Bo", token));
        var upload = await core.OfferAsync(ann, "plan.pdf", 1000, token);

        await Render(bo, upload.File, new LiveCards(), isMine: true).PressAsync("Cancel plan.pdf");

        await bo.NoticeAsync("You may not do this.");
        Assert.True(upload.IsUnderWay);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Cancel_after_the_last_byte_leaves_the_file_alone()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var ann = await core.EnterAsync("Ann", token);
        await using var circuit = new Circuit(core, ann.Participant.Session);
        var upload = await core.OfferAsync(ann, "plan.pdf", 10, token);
        var card = Render(circuit, upload.File, new LiveCards(), isMine: true);
        await upload.AppendAsync(0, new MemoryStream(Make.Bytes(10)), token);

        await card.PressAsync("Cancel plan.pdf");

        var file = (await core.AllAsync(core.Lobby, token)).Single().Files.Single();
        Assert.Equal(FileState.Ready, file.State);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_card_that_is_drawn_anew_goes_on_where_it_was()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var live = new LiveCards();
        var file = Sample.File("plan.pdf", FileState.Uploading);
        var card = circuit.Render<FileCard>(parameters => parameters.Add(p => p.File, file).Add(p => p.Live, live));
        await card.InvokeAsync(() => live.Report(new UploadProgress(file.Id, 500, file.Length, 0)));
        await card.InvokeAsync(card.Instance.Dispose);

        var again = circuit.Render<FileCard>(parameters => parameters.Add(p => p.File, file).Add(p => p.Live, live));

        Assert.Equal("50", again.Find("[role=progressbar]").GetAttribute("aria-valuenow"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_older_report_before_the_card_is_not_taken()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var live = new LiveCards();
        var file = Sample.File("plan.pdf", FileState.Uploading);
        live.Report(new UploadProgress(file.Id, 500, file.Length, 0));
        live.Report(new UploadProgress(file.Id, 200, file.Length, 0));

        var card = circuit.Render<FileCard>(parameters => parameters.Add(p => p.File, file).Add(p => p.Live, live));

        Assert.Equal("50", card.Find("[role=progressbar]").GetAttribute("aria-valuenow"));
    }

    private static IRenderedComponent<FileCard> Render(Circuit circuit, SharedFile file, LiveCards live, bool isMine) =>
        circuit.Render<FileCard>(parameters => parameters.Add(p => p.File, file).Add(p => p.Live, live).Add(p => p.IsMine, isMine));

    private static Task ReportAsync(IRenderedComponent<FileCard> card, LiveCards live, SharedFile file, long received, double bytesPerSecond = 0) =>
        card.InvokeAsync(() => live.Report(new UploadProgress(file.Id, received, file.Length, bytesPerSecond)));

    private static string? Percent(IRenderedComponent<FileCard> card, SharedFile file) =>
        card.Named("[role=progressbar]", $"Uploading {file.Name}").GetAttribute("aria-valuenow");
}
