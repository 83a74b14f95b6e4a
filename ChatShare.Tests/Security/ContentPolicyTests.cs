using System.Diagnostics;
using System.Text.Json;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

/// <summary>The content security policies as a program sees them that others wrote to find holes in such policies.</summary>
public sealed class ContentPolicyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const int High = 10;

    // Reads policies, one a line, and prints the worst finding of each as "severity directive: description".
    private const string Script = """
        const { CspEvaluator } = require(process.argv[1] + "/dist/evaluator.js");
        const { CspParser } = require(process.argv[1] + "/dist/parser.js");
        for (const policy of JSON.parse(process.argv[2])) {
          const findings = new CspEvaluator(new CspParser(policy).csp).evaluate().sort((a, b) => a.severity - b.severity);
          console.log(findings.length ? `${findings[0].severity} ${findings[0].directive}: ${findings[0].description}` : "100 nothing");
        }
        """;

    private static readonly string Package = SourceTree.Folder("artifacts/node/node_modules/csp_evaluator");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_policy_has_a_hole_that_the_evaluator_calls_high()
    {
        Assert.SkipUnless(Directory.Exists(Package), "csp_evaluator is not installed; ./test installs it where npm is.");
        using var ann = await fixture.App.JoinAsync("Policy");
        var tus = new TusClient(fixture.App, ann);
        var text = (await tus.CreateAsync("a.txt", 0)).Replace("/uploads/", "/files/", StringComparison.Ordinal);
        var pdf = await tus.CreateAsync("a.pdf", 9);
        await tus.AppendAsync(pdf, 0, "%PDF-1.7\n"u8.ToArray());
        var policies = new List<string>();
        foreach (var path in new[] { "/", "/rooms/Lobby", "/scalar", "/api/rooms", text, pdf.Replace("/uploads/", "/files/", StringComparison.Ordinal) + "?inline", "/files/archive?room=Lobby" })
        {
            using var response = await ann.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Cancel);
            policies.Add(Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
        }

        // The last one shows that it finds something.
        var worst = await EvaluateAsync([.. policies, "script-src * 'unsafe-inline'"]);

        Assert.Equal(policies.Count + 1, worst.Length);
        Assert.All(worst[..^1], finding => Assert.True(int.Parse(finding.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) > High, finding));
        Assert.StartsWith("10 ", worst[^1], StringComparison.Ordinal);
    }

    private static async Task<string[]> EvaluateAsync(IReadOnlyList<string> policies)
    {
        using var node = Process.Start(new ProcessStartInfo("node", ["-e", Script, Package, JsonSerializer.Serialize(policies)]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = await node.StandardOutput.ReadToEndAsync(Cancel);
        await node.WaitForExitAsync(Cancel);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
