using System.Diagnostics;
using System.Globalization;
using ChatShare.Tests.Support;

namespace ChatShare.Tests;

/// <summary>The README's script does, as it stands there, what is promised.</summary>
public sealed class ReadmeScriptTests
{
    private const string Start = "```bash\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_lines_post_a_message_share_a_file_and_follow_the_room_as_often_as_one_likes()
    {
        Assert.SkipUnless(File.Exists("/bin/bash") && File.Exists("/usr/bin/curl") && File.Exists("/usr/bin/setsid"), "bash, curl and setsid are not installed.");
        await using var app = await RunningApp.StartAsync();
        var script = Script().Replace("http://localhost:5080", app.Address, StringComparison.Ordinal);
        Assert.Equal(5, script.Split('\n').Length);
        var sha256 = Make.Sha256(await File.ReadAllBytesAsync(SourceTree.Folder("README.md"), Cancel));
        for (var run = 1; run <= 2; run++)
        {
            var output = await RunAsync(script, filesReady: run);
            Assert.Equal(run, output.Count(line => IsEvent(line, "\"text\":\"The build is done.\"")));
            Assert.Contains(output, line => IsEvent(line, sha256));
        }
    }

    /// <summary>Until the room has so many finished files; then everything of it is told to end, as by a terminal.</summary>
    private static async Task<List<string>> RunAsync(string script, int filesReady)
    {
        // A group of its own, as a terminal makes one.
        var start = new ProcessStartInfo("/usr/bin/setsid", ["/bin/bash", "-c", script])
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
            while (output.Count(line => IsEvent(line, "\"name\":\"README.md\"") && line.Contains("\"state\":\"ready\"", StringComparison.Ordinal)) < filesReady)
                output.Add(await shell.StandardOutput.ReadLineAsync(Cancel) ?? throw new InvalidOperationException(await shell.StandardError.ReadToEndAsync(Cancel)));
            using var kill = Process.Start("/bin/bash", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -TERM -- -{shell.Id}")]);
            await kill.WaitForExitAsync(Cancel);
            await shell.WaitForExitAsync(Cancel);
            return output;
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
