using System.Net.Http.Json;
using System.Security.Cryptography;
using ChatShare.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.Cluster;

/// <summary>Two nodes behind nginx that everything breaks around, one thing after the other, while people write and read.</summary>
public sealed class BreakingTests(Chromium chromium, BreakingTests.Rig fixture) : IClassFixture<BreakingTests.Rig>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redis_that_ends_connections_and_stands_still_costs_nobody_a_message()
    {
        var rig = await fixture.StartAsync();
        await using var traffic = await Traffic.StartAsync(rig);
        await rig.Redis.EndListenersAsync();
        await rig.Redis.EndAskersAsync();
        await traffic.MoreAsync();

        rig.Redis.Stop();
        await rig.AreReadyAsync(false);
        await traffic.MoreAsync();
        rig.Redis.GoOn();
        await rig.AreReadyAsync(true);

        await traffic.MoreAsync();
        await traffic.EndWellAsync();
        // Nodes that start at once make the keys of the cookies once: those of another one would be unknown to the first for a day.
        Assert.Equal(1, await rig.Redis.CountAsync("chatshare:keys"));
    }

    [Fact]
    public async Task PostgreSql_that_is_restarted_and_crashes_loses_nothing_that_was_acknowledged()
    {
        var rig = await fixture.StartAsync();
        await using var traffic = await Traffic.StartAsync(rig);

        await rig.PostgreSql.StopAsync();
        await rig.AreReadyAsync(false);
        await rig.PostgreSql.StartAgainAsync();
        await traffic.MoreAsync();
        await rig.PostgreSql.CrashAsync();
        await rig.PostgreSql.StartAgainAsync();

        await traffic.MoreAsync();
        await rig.AreReadyAsync(true);
        await traffic.EndWellAsync();
    }

    [Fact]
    public async Task Nodes_that_are_restarted_one_after_the_other_are_not_missed()
    {
        var rig = await fixture.StartAsync();
        await using var traffic = await Traffic.StartAsync(rig);

        foreach (var node in rig.Nodes)
        {
            Assert.Equal(0, await node.StopAsync(Cancel));
            await traffic.MoreAsync();
            await node.StartAgainAsync(Cancel);
            await traffic.MoreAsync();
        }

        await traffic.EndWellAsync();
    }

    [Fact]
    public async Task Page_whose_node_is_killed_goes_on_at_the_other_with_draft_message_and_upload()
    {
        var rig = await fixture.StartAsync();
        var (dying, other) = (rig.Nodes[0], rig.Nodes[1]);
        await using var traffic = await Traffic.StartAsync(rig, writers: 1);
        var address = $"/rooms/{Uri.EscapeDataString(traffic.Room)}";
        var ann = await JoinAtAsync(rig, dying, "Ann", address);
        var bo = await JoinAtAsync(rig, other, "Bo", address);
        await bo.Page.EvaluateAsync("() => document.addEventListener('chatshare:disconnected', () => document.title = 'lost')");
        var content = RandomNumberGenerator.GetBytes(8_000_000);
        var path = TestFiles.NewPath("carried.bin");
        await File.WriteAllBytesAsync(path, content, Cancel);
        await EndToEnd.PageControls.SendAtAsync(ann.Page, 1_500_000);
        await ann.AttachAsync(path);
        await Expect(bo.Progress("carried.bin")).ToHaveAttributeAsync("aria-valuenow", new System.Text.RegularExpressions.Regex("[1-9]"));

        await dying.KillAsync(Cancel);
        await ann.SayAsync("while it died");
        await ann.Field.FillAsync("a draft");

        // The file goes with the page, so the page stays until it is sent; it stands still until the lease of the dead node is over.
        await Expect(ann.Page.GetByText("When your files are sent, this page loads again and messages go on.")).ToBeVisibleAsync();
        await Expect(bo.Progress("carried.bin")).ToBeVisibleAsync();
        await EndToEnd.PageControls.SendAtAsync(ann.Page, 0);
        var link = bo.Download("carried.bin");
        await Expect(link).ToBeVisibleAsync();
        var download = await bo.Page.RunAndWaitForDownloadAsync(() => link.ClickAsync());
        await using (var stream = await download.CreateReadStreamAsync())
            Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(stream, Cancel));
        await ann.InRoomAsync();
        // Not on a page, which shows the newest alone, and others go on talking; what pages show is compared with the database at the end.
        await Eventually.TrueAsync(async () =>
            await PostgreSqlServer.AskAsync(rig.Database, """SELECT count(*) FROM "Messages" WHERE "Text" = 'while it died'""") is 1L);
        await Expect(ann.Field).ToHaveValueAsync("a draft");
        Assert.Equal(address, new Uri(ann.Page.Url).AbsolutePath);
        await dying.StartAgainAsync(Cancel);

        await traffic.MoreAsync();
        await traffic.EndWellAsync(() => RowsAsync(ann), () => RowsAsync(bo));
        await Expect(ann.Log.Locator(".row.pending")).ToHaveCountAsync(0);
        Assert.NotEqual("lost", await bo.Page.TitleAsync());
    }

    /// <summary>Somebody whose page is at this node, as the web server in front has it.</summary>
    private async Task<Person> JoinAtAsync(NodeProcesses rig, ServerProcess node, string nickname, string address)
    {
        var page = await chromium.OpenAsync(rig.Front.Address, options => options.IgnoreHTTPSErrors = true);
        // The first answer brings the cookie by which the others are told apart.
        await page.GotoAsync("/");
        while (!(await page.GotoAsync("/"))!.Headers[Front.NodeHeader.ToLowerInvariant()].EndsWith(new Uri(node.Address).Authority, StringComparison.Ordinal))
        {
            await page.Context.ClearCookiesAsync();
            await page.GotoAsync("/");
        }

        var before = await NodeProcesses.PagesAsync(node);
        var person = new Person(page);
        await person.JoinAsync(nickname);
        await page.GotoAsync(address);
        await person.InRoomAsync();
        await ToEndAsync(person);
        try
        {
            await Eventually.TrueAsync(async () => await NodeProcesses.PagesAsync(node) == before + 1);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{page.Url} should be one page more than {before} at its node; the nodes have {string.Join(" and ", await Task.WhenAll(rig.Nodes.Select(NodeProcesses.PagesAsync)))}.");
        }

        return person;
    }

    /// <summary>Whoever was not here before is shown the first message that is new to them.</summary>
    private static async Task ToEndAsync(Person person)
    {
        var news = person.Page.Locator(".pill");
        await Eventually.TrueAsync(async () =>
        {
            if (await news.CountAsync() == 0)
                return true;
            await news.EvaluateAllAsync<object?>("pills => pills.forEach(pill => pill.click())");
            return false;
        });
    }

    /// <summary>The newest messages, but for those with files.</summary>
    private static async Task<IReadOnlyList<Had>> RowsAsync(Person person)
    {
        await ToEndAsync(person);
        var rows = await person.Log.Locator(".message[id]:not(:has(.card))").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.number + ' ' + row.dataset.client)");
        return [.. rows.Select(row => row.Split(' ')).Select(row => new Had(long.Parse(row[0], System.Globalization.CultureInfo.InvariantCulture), row[1]))];
    }

    /// <summary>Started by the first test that needs it.</summary>
    public sealed class Rig : IAsyncDisposable
    {
        private Task<NodeProcesses>? _rig;
        private int _early;

        internal async Task<NodeProcesses> StartAsync()
        {
            var rig = await (_rig ??= NodeProcesses.StartAsync(Front.Nginx, 2));
            // One test that fails need not take the others with it.
            foreach (var node in rig.Nodes.Where(node => !node.IsRunning))
                await node.StartAgainAsync(Cancel);
            foreach (var node in rig.Nodes)
                await Eventually.TrueAsync(() => AnswersManyAsync(node));
            return rig;
        }

        /// <summary>Those who come at once to a database that was restarted may each meet a connection of before.</summary>
        private async Task<bool> AnswersManyAsync(ServerProcess node)
        {
            const int many = 10;
            using var http = new HttpClient { BaseAddress = new Uri(node.Address) };
            var answers = await Task.WhenAll(Enumerable.Range(0, many).Select(async _ =>
            {
                using var answer = await http.PostAsJsonAsync("/api/session", new { nickname = $"Early {++_early}" }, Cancel);
                return answer.IsSuccessStatusCode;
            }));
            return answers.All(isJoined => isJoined);
        }

        /// <inheritdoc />
        public async ValueTask DisposeAsync()
        {
            if (_rig is { IsCompletedSuccessfully: true })
                await (await _rig).DisposeAsync();
        }
    }
}
