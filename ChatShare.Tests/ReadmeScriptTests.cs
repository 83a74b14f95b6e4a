using System.Diagnostics;
using ChatShare.Tests.Support;

namespace ChatShare.Tests;

/// <summary>The README's script does, as it stands there, what is promised.</summary>
public sealed class ReadmeScriptTests
{
    private const string Start = "```bash\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_lines_post_a_message_share_a_file_and_follow_the_room()
    {
        Assert.SkipUnless(File.Exists("/bin/bash") && File.Exists("/usr/bin/curl"), "bash and curl are not installed.");
        await using var app = await RunningApp.StartAsync();
        var script = Script().Replace("http://localhost:5080", app.Address, StringComparison.Ordinal);
        Assert.Equal(5, script.Split('\n').Length);
        var start = new ProcessStartInfo("/bin/bash", ["-c", script])
        {
            WorkingDirectory = SourceTree.Folder(""),
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var shell = Process.Start(start)!;
        try
        {
            var output = new List<string>();
            // The last line follows until it is stopped.
            while (!output.Exists(line => IsEvent(line, "\"name\":\"README.md\"") && line.Contains("\"state\":\"ready\"", StringComparison.Ordinal)))
                output.Add(await shell.StandardOutput.ReadLineAsync(Cancel) ?? throw new InvalidOperationException(await shell.StandardError.ReadToEndAsync(Cancel)));

            Assert.Contains(output, line => IsEvent(line, "\"text\":\"The build is done.\""));
            var sha256 = Make.Sha256(await File.ReadAllBytesAsync(SourceTree.Folder("README.md"), Cancel));
            Assert.Contains(output, line => IsEvent(line, sha256));
        }
        finally
        {
            shell.Kill(entireProcessTree: true);
        }
    }

    private static string Script()
    {
        var readme = File.ReadAllText(SourceTree.Folder("README.md"));
        var from = readme.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        return readme[from..readme.IndexOf("\n```", from, StringComparison.Ordinal)];
    }

    private static bool IsEvent(string line, string part) => line.StartsWith("data: ", StringComparison.Ordinal) && line.Contains(part, StringComparison.Ordinal);
}
