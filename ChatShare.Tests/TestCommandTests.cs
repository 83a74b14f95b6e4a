using ChatShare.Tests.Support;

namespace ChatShare.Tests;

/// <summary>The one command that runs the tests, where something is missing that some of them need.</summary>
public sealed class TestCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("true", 1)]
    [InlineData("", 0)]
    public async Task What_is_missing_is_named_and_ends_the_run_where_everything_has_to_run(string ci, int expected)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "bash is not installed.");
        using var folder = new TemporaryFolder();
        // Neither Node nor a way to install anything; the SDK only notes that it was run.
        await ProgramAsync("dotnet", "touch \"$(dirname \"$0\")/ran\"");
        await ProgramAsync("chromium-headless-shell", "true");
        foreach (var program in new[] { "dirname", "id", "mktemp", "tee", "sed", "tail", "rm", "touch" })
            File.CreateSymbolicLink(folder.File(program), $"/usr/bin/{program}");

        var (code, output) = await Command.RunAsync("/usr/bin/env", "--unset=CHATSHARE_TESTS", $"PATH={folder.Path}", $"CI={ci}", "/bin/bash", SourceTree.Folder("test"));

        Assert.True(code == expected, output);
        Assert.Contains("is missing", output, StringComparison.Ordinal);
        Assert.Equal(ci != "true", File.Exists(folder.File("ran")));
        Assert.Equal(ci != "true", output.Contains("Node is missing", StringComparison.Ordinal) && output.Contains("skipped", StringComparison.Ordinal));

        async Task ProgramAsync(string name, string does)
        {
            await File.WriteAllTextAsync(folder.File(name), $"#!/bin/bash\n{does}\n", Cancel);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(folder.File(name), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }
}
