using System.Diagnostics;
using System.Text;

namespace ChatShare.Tests.Support;

/// <summary>Somebody at a machine: folders of their own, in which the real command line runs as a process.</summary>
/// <param name="server">Named by the environment; null to name none.</param>
internal sealed class CliHome(string? server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Where it runs.</summary>
    public string Folder => _folder.Path;

    public string SignIns => File("config/chatshare/sign-ins.json");

    /// <summary>What stands in the environment besides.</summary>
    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public static string Program => Path.Combine(AppContext.BaseDirectory, "ChatShare.Cli.dll");

    public string File(string name) => _folder.File(name);

    /// <summary>Writes a file that can be shared.</summary>
    public string Write(string name, byte[] content)
    {
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    public CliRun Start(params string[] arguments) => StartProgram("dotnet", [Program, .. arguments]);

    /// <summary>Runs a script of the shell, to which <c>chatshare</c> is the command line.</summary>
    public CliRun StartScript(string script) => StartProgram("bash", ["-c", "chatshare() { dotnet \"$0\" \"$@\"; }; " + script, Program]);

    private CliRun StartProgram(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in Environment())
            start.Environment[name] = value;
        return new CliRun(Process.Start(start)!);
    }

    /// <summary>Runs it to its end, with nothing to read.</summary>
    public Task<CliResult> RunAsync(params string[] arguments) => RunOnAsync("", arguments);

    /// <summary>Runs it to its end, with something to read.</summary>
    public async Task<CliResult> RunOnAsync(string input, string[] arguments)
    {
        await using var run = Start(arguments);
        await run.Input.WriteAsync(input);
        run.Input.Close();
        return await run.EndAsync();
    }

    /// <summary>What its processes see of the world.</summary>
    public IEnumerable<KeyValuePair<string, string>> Environment()
    {
        yield return new("HOME", Folder);
        yield return new("XDG_CONFIG_HOME", File("config"));
        yield return new("XDG_STATE_HOME", File("state"));
        yield return new("CHATSHARE_SERVER", server ?? "");
        foreach (var variable in Variables)
            yield return variable;
    }

    public void Dispose() => _folder.Dispose();
}

/// <summary>How it ended, and what it wrote.</summary>
internal sealed record CliResult(int Code, string Output, string Notes)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>One process of the command line.</summary>
internal sealed class CliRun : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _notes = new();
    private readonly Task _reading;

    public CliRun(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, _output), ReadAsync(process.StandardError, _notes));
    }

    public StreamWriter Input => _process.StandardInput;

    /// <summary>What it has written to standard output so far.</summary>
    public string Output => Text(_output);

    /// <summary>What it has written to standard error so far.</summary>
    public string Notes => Text(_notes);

    public async Task SayAsync(string line)
    {
        await Input.WriteAsync(line + "\n");
        await Input.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until it has written this, for as long as it goes on writing.</summary>
    public async Task SeesAsync(string text)
    {
        var (output, notes) = (0, 0);
        var since = TimeProvider.System.GetTimestamp();
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!Comes(_output, text, ref output) && !Comes(_notes, text, ref notes))
        {
            var known = output + notes;
            await look.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            if (_output.Length + _notes.Length > known)
                since = TimeProvider.System.GetTimestamp();
            else if (TimeProvider.System.GetElapsedTime(since) > Make.PatienceForOne)
                Assert.Fail($"“{text}” did not come. Output: {Output} Notes: {Notes}");
        }
    }

    public async Task<CliResult> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await _reading;
        return new(_process.ExitCode, Output, Notes);
    }

    /// <summary>Ctrl+C.</summary>
    public Task InterruptAsync() => SignalAsync("-INT");

    /// <summary>SIGTERM: it is told to end.</summary>
    public Task TerminateAsync() => SignalAsync("-TERM");

    /// <summary>SIGSTOP: it is there and does nothing.</summary>
    public Task StopAsync() => SignalAsync("-STOP");

    /// <summary>SIGCONT.</summary>
    public Task GoOnAsync() => SignalAsync("-CONT");

    /// <summary>SIGKILL: nothing is tidied up.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private static async Task ReadAsync(StreamReader from, StringBuilder into)
    {
        var buffer = new char[4096];
        int count;
        while ((count = await from.ReadAsync(buffer)) > 0)
        {
            lock (into)
                into.Append(buffer, 0, count);
        }
    }

    /// <param name="from">What was written.</param>
    /// <param name="text">What is looked for.</param>
    /// <param name="searched">How much of it does not have it: with much to read, only the rest is looked at again.</param>
    private static bool Comes(StringBuilder from, string text, ref int searched)
    {
        lock (from)
        {
            var start = Math.Max(0, searched - text.Length);
            searched = from.Length;
            return from.ToString(start, from.Length - start).Contains(text, StringComparison.Ordinal);
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }
}
