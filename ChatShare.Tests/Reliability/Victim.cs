using System.Diagnostics;
using System.Threading.Channels;

namespace ChatShare.Tests.Reliability;

/// <summary>One life of a <see cref="CrashChild"/>, seen from outside.</summary>
internal sealed class Victim : IDisposable
{
    // Nothing that it is asked for takes a fraction of this; a server that falls silent is a failure, not a reason to wait.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Task _reading;
    private readonly Task<string> _complaints;

    /// <param name="folder">Where it keeps everything.</param>
    /// <param name="before">A program, and its arguments, that runs it.</param>
    public Victim(string folder, params IEnumerable<string> before)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ChatShare.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        string[] command = [.. before, program, CrashChild.Switch, folder];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A short life: code that is compiled again for speed would pay itself back after it.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_TC_CallCounting"] = "0";
        _process = Process.Start(start)!;
        _complaints = _process.StandardError.ReadToEndAsync();
        _reading = ReadAsync();
    }

    public int Id => _process.Id;

    /// <summary>The next line that it wrote; null when it is dead and there is none.</summary>
    /// <exception cref="InvalidOperationException">It died with a complaint.</exception>
    /// <exception cref="TimeoutException">It lives and says nothing.</exception>
    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        if (await _lines.Reader.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(Patience, cancellationToken) && _lines.Reader.TryRead(out var line))
            return line;
        var complaints = await _complaints.WaitAsync(cancellationToken);
        return complaints.Length == 0 ? null : throw new InvalidOperationException(complaints);
    }

    public async Task UntilReadyAsync(CancellationToken cancellationToken)
    {
        if (await ReadLineAsync(cancellationToken) != CrashChild.Ready)
            throw new InvalidOperationException($"The server did not start: {await _complaints.WaitAsync(cancellationToken)}");
    }

    /// <summary>False when it is dead.</summary>
    public async Task<bool> TrySendAsync(string line, CancellationToken cancellationToken)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
            await _process.StandardInput.FlushAsync(cancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>It ends by itself when there is nothing more to come.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        _process.StandardInput.Close();
        await UntilDeadAsync(cancellationToken);
    }

    /// <summary>Somebody else kills it.</summary>
    public async Task UntilDeadAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        await _reading;
    }

    /// <summary>Ends it without a word of warning; what it had written before can still be read.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await UntilDeadAsync(cancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
            _lines.Writer.TryWrite(line);
        _lines.Writer.Complete();
    }
}
