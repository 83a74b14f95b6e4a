using System.Diagnostics;

namespace ChatShare.Tests.Support;

/// <summary>A real terminal, made by tmux, in which the command line runs.</summary>
internal sealed class Terminal : IAsyncDisposable
{
    private const string Tmux = "/usr/bin/tmux";

    private readonly string _name = "chatshare-" + Guid.NewGuid().ToString("N");

    private Terminal()
    {
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts the command line in a new one; skips the test where there is no tmux.</summary>
    public static async Task<Terminal> StartAsync(CliHome home, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(Tmux), "tmux is not installed; ./test installs it on Debian as root.");
        var terminal = new Terminal();
        var variables = string.Join(' ', home.Environment().Select(variable => $"{variable.Key}={Quote(variable.Value)}"));
        var words = string.Join(' ', arguments.Select(Quote));
        // The shell stays, so that what was shown last can be read.
        await terminal.RunAsync(
            "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30",
            $"cd {Quote(home.Folder)} && env {variables} dotnet {Quote(CliHome.Program)} {words}; echo \"ended with $?\"; exec cat");
        return terminal;
    }

    /// <summary>Types text as it is.</summary>
    public Task TypeAsync(string text) => RunAsync("send-keys", "-l", text);

    /// <summary>Presses keys by tmux's names, such as <c>Enter</c> or <c>C-c</c>.</summary>
    public Task PressAsync(params string[] keys) => RunAsync(["send-keys", .. keys]);

    public async Task EnterAsync(string line)
    {
        await TypeAsync(line);
        await PressAsync("Enter");
    }

    /// <summary>What is to be seen.</summary>
    public Task<string> ScreenAsync() => RunAsync("capture-pane", "-p");

    /// <summary>The same with its colours as escapes.</summary>
    public Task<string> ColoursAsync() => RunAsync("capture-pane", "-p", "-e");

    /// <summary>The last row that is not empty.</summary>
    public async Task<string> LastRowAsync() => (await ScreenAsync()).TrimEnd().Split('\n')[^1];

    public Task<string> TitleAsync() => RunAsync("display-message", "-p", "#{pane_title}");

    public async Task ShowsAsync(string text)
    {
        var seen = "";
        try
        {
            await Eventually.TrueAsync(async () => (seen = await ScreenAsync()).Contains(text, StringComparison.Ordinal));
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"“{text}” did not come:\n{seen}");
        }
    }

    /// <summary>Returns when all that ran in it has ended: it is told so, and still writes in its home, which whoever made that deletes next.</summary>
    public async ValueTask DisposeAsync()
    {
        var sessions = (await RunAsync("list-panes", "-a", "-F", "#{pane_pid}")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await RunAsync("kill-server");
        await Eventually.TrueAsync(() => Task.FromResult(!IsAnyRunning(sessions)));
    }

    /// <summary>By the session of each process, the fourth field behind the name of its program; see proc(5).</summary>
    private static bool IsAnyRunning(string[] sessions)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                var stat = File.ReadAllText(Path.Combine(process, "stat"));
                if (stat[(stat.LastIndexOf(')') + 2)..].Split(' ') is [not "Z", _, _, var session, ..] && sessions.Contains(session, StringComparer.Ordinal))
                    return true;
            }
            catch (IOException)
            {
                // It has ended since it was listed.
                continue;
            }
        }

        return false;
    }

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Tmux, ["-L", _name, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("TMUX");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return output;
    }
}
