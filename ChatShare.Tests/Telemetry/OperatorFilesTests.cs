using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Telemetry;

/// <summary>What operators take from deploy/ for Prometheus and Grafana, against a server.</summary>
[Collection(nameof(MetricsFixture))]
public sealed class OperatorFilesTests(MetricsFixture fixture)
{
    private const string Promtool = "/usr/bin/promtool";

    [Fact]
    public async Task Board_and_rules_ask_only_for_what_a_server_says_from_its_start()
    {
        using var board = JsonDocument.Parse(await ReadAsync("deploy/grafana-dashboard.json"));
        string[] asked =
        [
            .. board.RootElement.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!),
            .. board.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray().Select(list => list.GetProperty("query").GetString()!),
            .. (await ReadAsync("deploy/alerts.yml")).Split("- alert:").Skip(1).Select(rule => rule[rule.IndexOf("expr:", StringComparison.Ordinal)..rule.IndexOf("labels: {", StringComparison.Ordinal)]),
        ];
        var names = asked.SelectMany(text => Regex.Matches(text, "(?:chatshare|dotnet)_[a-z_]+").Select(name => name.Value)).ToHashSet(StringComparer.Ordinal);
        var said = MetricsFixture.NamesIn(await fixture.ReadAsync());

        Assert.True(names.Count > 25, $"{names.Count}");
        Assert.Equal("", string.Join(", ", names.Except(said)));
    }

    [Fact]
    public async Task Page_for_operators_names_all_that_a_server_says_of_itself()
    {
        var table = Regex.Matches(await ReadAsync("docs/operations.md"), @"(?<=^\| `)chatshare_\w+(?=`)", RegexOptions.Multiline).Select(row => row.Value);
        var said = Regex.Matches(await fixture.ReadAsync(), @"(?<=^# TYPE )chatshare_\w+", RegexOptions.Multiline).Select(type => type.Value);

        Assert.Equal(said.Order(StringComparer.Ordinal), table.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Prometheus_own_tool_finds_nothing_wrong()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipUnless(File.Exists(Promtool), "promtool is not installed; ./test installs it with Debian’s prometheus as root.");

        await Command.RequireAsync(Promtool, "check", "rules", SourceTree.Folder("deploy/alerts.yml"));
        await Command.RequireAsync(Promtool, "test", "rules", SourceTree.Folder("ChatShare.Tests/Telemetry/alerts-tests.yml"));
        await Command.RequireAsync(Promtool, "check", "config", SourceTree.Folder("deploy/prometheus.yml"));
        // The names of the runtime's own metrics are not all to its taste.
        await CheckMetricsAsync(string.Join('\n', (await fixture.ReadAsync()).Split('\n').Where(line => !line.Contains("dotnet_", StringComparison.Ordinal))));
    }

    /// <summary>Each node says who is connected to any of them.</summary>
    [Fact]
    public async Task Board_counts_who_is_at_several_nodes_once()
    {
        Assert.SkipUnless(File.Exists(Promtool), "promtool is not installed.");
        using var board = JsonDocument.Parse(await ReadAsync("deploy/grafana-dashboard.json"));
        var asked = board.RootElement.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!).Where(expression => expression.Contains("chatshare_people", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, asked.Count);
        using var folder = new TemporaryFolder();
        string[] nodes = ["a", "b"];
        var said = string.Concat(nodes.SelectMany(node => new[] { ("Browser", 3), ("Api", 2) }.Select(door =>
            $"  - {{ series: 'chatshare_people{{instance=\"{node}\", chatshare_door=\"{door.Item1}\"}}', values: '{door.Item2}x5' }}\n")));
        var expected = string.Concat(asked.Select(expression =>
            $"  - expr: {expression.Replace("$instance", ".*", StringComparison.Ordinal)}\n    eval_time: 2m\n    exp_samples: "
            + (expression.StartsWith("sum(", StringComparison.Ordinal)
                ? "[{ labels: '{}', value: 5 }]\n"
                : "[{ labels: '{chatshare_door=\"Browser\"}', value: 3 }, { labels: '{chatshare_door=\"Api\"}', value: 2 }]\n")));
        await File.WriteAllTextAsync(
            folder.File("people.yml"), $"tests:\n- interval: 1m\n  input_series:\n{said}  promql_expr_test:\n{expected}", TestContext.Current.CancellationToken);

        await Command.RequireAsync(Promtool, "test", "rules", folder.File("people.yml"));
    }

    /// <summary>It is woken by each of three, and two of them stop no message.</summary>
    [Fact]
    public async Task Rule_about_readiness_names_all_that_it_depends_on()
    {
        var rule = (await ReadAsync("deploy/alerts.yml")).Split("- alert: ").Single(rule => rule.StartsWith("ChatShareNotReady", StringComparison.Ordinal));

        Assert.Contains("the database", rule, StringComparison.Ordinal);
        Assert.Contains("Redis or the downloads folder", rule, StringComparison.Ordinal);
        Assert.DoesNotContain("cannot serve anybody", rule, StringComparison.Ordinal);
    }

    private static async Task CheckMetricsAsync(string page)
    {
        using var process = Process.Start(new ProcessStartInfo(Promtool, ["check", "metrics"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteAsync(page);
        process.StandardInput.Close();
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (process.ExitCode, said));
    }

    private static Task<string> ReadAsync(string path) => File.ReadAllTextAsync(SourceTree.Folder(path), TestContext.Current.CancellationToken);
}
