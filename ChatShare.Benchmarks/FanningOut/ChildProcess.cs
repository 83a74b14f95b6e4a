using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ChatShare.Benchmarks.Sharing;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>A process that the benchmark started: the server, or itself as the load generator.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>CPU seconds of all its threads since it started.</summary>
    public double CpuSeconds
    {
        get
        {
            // The name in parentheses may hold spaces; utime and stime are fields 14 and 15, in hundredths.
            var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
        }
    }

    /// <summary>Files, sockets and whatever else it has open: how many of each, a file by its path and the others by their kind.</summary>
    public IReadOnlyDictionary<string, int> Handles => Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd")
        .Select(handle => new FileInfo(handle).LinkTarget)
        // Closed between the two looks.
        .OfType<string>()
        // "socket:[4711]": the number is its own.
        .CountBy(target => target.StartsWith('/') ? target : target.Split(':')[0] is "anon_inode" ? target : target.Split(':')[0])
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>How many threads of each name it has.</summary>
    public IReadOnlyDictionary<string, int> Threads => Directory.GetDirectories($"/proc/{_process.Id}/task")
        .Select(NameOf)
        .OfType<string>()
        .CountBy(name => name)
        .ToDictionary(StringComparer.Ordinal);

    public bool HasEnded => _process.HasExited;

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Memory that no file stands behind: heaps and stacks, not the pages of programs and files.</summary>
    public long AnonymousBytes
    {
        get
        {
            // "RssAnon:     12345 kB"
            var line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
    }

    /// <summary>CPU seconds of it and of the processes that it has started.</summary>
    public double TreeCpuSeconds => ProcessTree.CpuSeconds(_process.Id);

    /// <summary>A program, or one for dotnet.</summary>
    /// <param name="program">Its name or path; ends in .dll when it is for dotnet.</param>
    /// <param name="args">For it.</param>
    /// <param name="environment">Added to this process's own.</param>
    public static ChildProcess Start(string program, IEnumerable<string> args, IReadOnlyDictionary<string, string> environment)
    {
        var isDll = program.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isDll ? "dotnet" : program, isDll ? [program, .. args] : args)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start."));
    }

    /// <summary>This program again, in one of its hidden modes.</summary>
    public static ChildProcess StartSelf(IEnumerable<string> args, IReadOnlyDictionary<string, string> environment) =>
        Start(typeof(ChildProcess).Assembly.Location, args, environment);

    /// <summary>Waits until a server says where it listens; what else it says is thrown away from then on.</summary>
    public async Task<Uri> ListeningAtAsync(CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
        {
            if (Address().Match(await ReadLineAsync(enough.Token)) is { Success: true } match)
            {
                // A server that nobody reads stops at a full pipe.
                _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                return new Uri(match.Value);
            }
        }
    }

    /// <summary>Hands over a line and takes the answer, which is a line too.</summary>
    public async Task<string> AskAsync(string line, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        return await ReadLineAsync(cancellationToken);
    }

    /// <summary>Ends its standard input and waits for whoever was told to end with that.</summary>
    public async Task EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken) =>
        await _process.StandardOutput.ReadLineAsync(cancellationToken)
        ?? throw new InvalidOperationException($"{_process.StartInfo.ArgumentList[0]} ended; what it had to say stands above.");

    [GeneratedRegex(@"http://127\.0\.0\.1:[1-9]\d*", RegexOptions.None, 1000)]
    private static partial Regex Address();

    /// <summary>Null when it has ended between the two looks.</summary>
    private static string? NameOf(string thread)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, "comm")).Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
