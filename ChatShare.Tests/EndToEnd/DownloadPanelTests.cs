using System.Text.RegularExpressions;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>Downloads as their person and the sender of the file see them.</summary>
[Collection(FewTests.Name)]
public sealed class DownloadPanelTests(Chromium chromium, ServerFixture fixture)
{
    private const string Harm =
        // In this order: what a sandbox forbids ends the script, and then it has been heard of already.
        "parent.postMessage(\"harmed\",\"*\");document.title=\"harmed\";localStorage.setItem(\"harmed\",document.cookie||\"yes\");parent.document.title=\"harmed\";";

    private const int SlowLine = 2_000_000;

    private ServerProcess Server => fixture.Server;

    [Fact]
    public async Task A_slow_download_stands_in_the_panel_and_can_be_held_called_off_and_begun_again()
    {
        await using var cable = new Cable(Server.Address);
        var ann = await Person.JoinAsync(chromium, Server, "Giver");
        await ann.NewRoomAsync("Slow");
        await ann.AttachAsync("slow.bin", 40_000_000);
        await ann.AttachAsync("other.bin", 41_000_000);
        var bo = await Person.JoinAsync(chromium, Server, "Taker", "/rooms/Slow", options => options.BaseURL = cable.Address);
        await Expect(bo.Download("slow.bin")).ToBeVisibleAsync();
        await Expect(bo.Download("other.bin")).ToBeVisibleAsync();
        var panel = bo.Page.GetByRole(AriaRole.Region, new() { Name = "Transfers" });
        cable.SlowTo(SlowLine);

        var first = await bo.Page.RunAndWaitForDownloadAsync(() => bo.Download("slow.bin").ClickAsync());
        await Expect(panel.GetByText("Downloading 1 file")).ToBeVisibleAsync();
        await Expect(panel).ToContainTextAsync("MB/s");
        await bo.Button("Pause download of slow.bin").ClickAsync();
        await Expect(panel).ToContainTextAsync("paused");
        await Expect(bo.Button("Resume download of slow.bin")).ToBeFocusedAsync();
        await bo.Button("Resume download of slow.bin").ClickAsync();
        await Expect(bo.Button("Pause download of slow.bin")).ToBeVisibleAsync();

        var other = await bo.Page.RunAndWaitForDownloadAsync(() => bo.Download("other.bin").ClickAsync());
        await Expect(panel.GetByText("Downloading 2 files")).ToBeVisibleAsync();
        await Expect(panel.Locator(".downloads-meta")).ToHaveTextAsync(new Regex("^\\d+ % (of 81.0 MB|· .* left)$"));
        await bo.Button("Cancel download of other.bin").ClickAsync();
        Assert.NotNull(await other.FailureAsync());
        await bo.Button("Cancel download of slow.bin").ClickAsync();
        Assert.NotNull(await first.FailureAsync());
        await Expect(panel).ToBeHiddenAsync();

        // Whatever the browser makes of it, the sender is not told of a half.
        await Expect(ann.Page.GetByText("downloaded by")).ToHaveCountAsync(0);
        var second = await bo.Page.RunAndWaitForDownloadAsync(() => bo.Download("slow.bin").ClickAsync());
        await Expect(bo.Button("Pause download of slow.bin")).ToBeVisibleAsync();
        cable.Pull();
        Assert.NotNull(await second.FailureAsync());
        cable.SlowTo(0);
        cable.PutBack();
        await Expect(panel).ToContainTextAsync("Stopped at");
        var third = await bo.Page.RunAndWaitForDownloadAsync(() => bo.Button("Retry download of slow.bin").ClickAsync());
        Assert.Equal(40_000_000, new FileInfo(await third.PathAsync()).Length);
    }

    [Fact]
    public async Task The_sender_sees_who_has_it_while_the_page_is_open_and_nobody_else_does()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Sharer");
        await ann.NewRoomAsync("Handouts");
        await ann.AttachAsync(new FilePayload { Name = "plan.txt", MimeType = "text/plain", Buffer = "the plan"u8.ToArray() });
        await Expect(ann.Download("plan.txt")).ToBeVisibleAsync();
        var bo = await Person.JoinAsync(chromium, Server, "Reader", "/rooms/Handouts");
        var taken = ann.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^downloaded by 1 of \\d+$") });
        await Expect(ann.Page.GetByText("downloaded by")).ToHaveCountAsync(0);

        var download = await bo.Page.RunAndWaitForDownloadAsync(() => bo.Download("plan.txt").ClickAsync());
        await download.PathAsync();

        await Expect(taken).ToBeVisibleAsync();
        await taken.ClickAsync();
        await Expect(ann.Page.GetByText("Downloaded by Reader")).ToBeVisibleAsync();
        await ann.Page.ReloadAsync();
        await Expect(taken).ToBeVisibleAsync();
        await Expect(bo.Page.GetByText("downloaded by")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_paper_is_looked_at_in_a_frame_that_the_page_lets_in()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Author");
        await ann.NewRoomAsync("Papers");
        await ann.AttachAsync(new FilePayload { Name = "paper.pdf", MimeType = "application/pdf", Buffer = "%PDF-1.4\n%%EOF"u8.ToArray() });
        // A browser without a screen has no viewer; what comes before is the same.
        await ann.Page.EvaluateAsync(
            """
            () => {
              Object.defineProperty(navigator, "pdfViewerEnabled", { value: true });
              window.violations = [];
              addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
            }
            """);

        var answer = await ann.Page.RunAndWaitForResponseAsync(
            () => ann.Button("Look at paper.pdf").ClickAsync(), response => response.Request is { IsNavigationRequest: true } && response.Url.EndsWith("/paper.pdf?inline", StringComparison.Ordinal));

        Assert.Equal((200, "application/pdf"), (answer.Status, await answer.HeaderValueAsync("content-type")));
        await Expect(ann.Page.Locator("dialog.viewer iframe")).ToHaveAttributeAsync("title", "paper.pdf");
        Assert.Empty(await ann.Page.EvaluateAsync<string[]>("window.violations"));
    }

    [Fact]
    public async Task A_served_file_runs_no_script_where_the_cookies_are()
    {
        (string Name, string Type, string Content)[] files =
        [
            ("page.html", "text/html", "<!DOCTYPE html><title>x</title><body><script>BODY</script>"),
            ("drawing.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload='BODY'><script>BODY</script></svg>"),
            ("notes.txt", "text/plain", "just words, then <script>BODY</script>"),
            ("paper.pdf", "application/pdf", "%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(BODY)>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"),
        ];
        var ann = await Person.JoinAsync(chromium, Server, "Served");
        foreach (var (name, type, content) in files)
            await OpensHarmlesslyAsync(ann, name, type, content);

        // Had it run anywhere, it would have been seen.
        await ann.Page.EvaluateAsync($"() => {{ {Harm} }}");
        await Expect(ann.Page.Locator("html[data-heard]")).ToHaveCountAsync(1);
        Assert.NotNull(await ann.Page.EvaluateAsync<string?>("localStorage.getItem('harmed')"));
        Assert.Equal("harmed", await ann.Page.TitleAsync());
    }

    private static async Task OpensHarmlesslyAsync(Person ann, string name, string type, string content)
    {
        await ann.AttachAsync(new FilePayload { Name = name, MimeType = type, Buffer = System.Text.Encoding.UTF8.GetBytes(content.Replace("BODY", Harm, StringComparison.Ordinal)) });
        await Expect(ann.Download(name)).ToBeVisibleAsync();
        var address = (await ann.Download(name).GetAttributeAsync("href"))! + "?inline";

        // In a frame, in an object and in a tab of its own; what only downloads ends there.
        await ann.Page.EvaluateAsync(
            """
            async (address) => {
              window.heard ??= addEventListener("message", (event) => { if (event.data === "harmed") document.documentElement.dataset.heard = ""; }) ?? true;
              await Promise.all([["iframe", "src"], ["object", "data"]].map(([tag, attribute]) => {
                const element = document.createElement(tag);
                element[attribute] = address;
                const settled = new Promise((resolve) => { element.onload = element.onerror = resolve; setTimeout(resolve, 1500); });
                document.body.append(element);
                return settled;
              }));
            }
            """,
            address);
        var tab = await ann.Page.Context.NewPageAsync();
        try
        {
            await tab.GotoAsync(address);
            Assert.NotEqual("harmed", await tab.TitleAsync());
        }
        catch (PlaywrightException exception) when (exception.Message.Contains("Download is starting", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("harmed", await tab.TitleAsync(), StringComparison.Ordinal);
        }

        await Expect(ann.Page.Locator("html[data-heard]")).ToHaveCountAsync(0);
        Assert.Null(await ann.Page.EvaluateAsync<string?>("localStorage.getItem('harmed')"));
        Assert.NotEqual("harmed", await ann.Page.TitleAsync());
        // Whoever ran there all the same could not read the cookie that people are known by.
        Assert.DoesNotContain("chatshare", await ann.Page.EvaluateAsync<string>("document.cookie"), StringComparison.Ordinal);
    }
}
