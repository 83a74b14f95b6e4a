using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>
/// Has a file looked at by another program before anybody can read it. The program is given the file's path and answers by its exit
/// code as <c>clamdscan</c> does: 0 is clean, 1 is not, everything else means that it could not tell.
/// </summary>
internal sealed class VirusScan(IOptions<ChatShareOptions> options, IHostApplicationLifetime lifetime, ILogger<VirusScan> logger)
{
    public const string Found = "The virus scanner found something in this file. Nothing of it was kept.";
    public const string TookTooLong = "Checking this file for viruses took too long. Nothing of it was kept.";
    public const string NotChecked = "This file could not be checked for viruses. Nothing of it was kept.";

    private const string PathPlaceholder = "{path}";
    private const int MostOutput = 2000;

    // How long the output may come after the program has ended: something that it started may hold it open.
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(1);

    private readonly ScanOptions _options = options.Value.Scan;

    // Hundreds of files may be complete at once, and each look may take all of a core. Not disposed, which it does not need: the one
    // who holds a place may give it back behind everything else.
    private readonly SemaphoreSlim _places = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Whether there is a program to ask.</summary>
    public bool IsOn => !string.IsNullOrWhiteSpace(_options.Command);

    /// <summary>What is wrong with the name of a program, as the rest of a sentence; null when it can be started.</summary>
    internal static string? FaultOf(string command)
    {
        if (string.IsNullOrWhiteSpace(command) || OperatingSystem.IsWindows())
            return null;
        // As the framework looks for it.
        var path = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        var places = Path.IsPathRooted(command) ? [""] : path.Prepend(Environment.CurrentDirectory).Prepend(AppContext.BaseDirectory);
        return places.Any(folder => IsProgram(Path.Combine(folder, command))) ? null : "is not a program that is there and may be started.";
    }

    /// <summary>Asks it; waits for its turn first.</summary>
    /// <param name="id">For the log.</param>
    /// <param name="path">The whole file, which nobody changes meanwhile.</param>
    /// <param name="cancellationToken">Nobody wants to know any more; the program is killed.</param>
    /// <returns>Why nobody may have the file, as a sentence; null when it is clean.</returns>
    /// <exception cref="OperationCanceledException">The token, or this program is being stopped: nothing is known.</exception>
    public async Task<string?> FaultOfAsync(FileId id, string path, CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        await _places.WaitAsync(until.Token);
        try
        {
            return await RunAsync(id, path, until.Token);
        }
        finally
        {
            _places.Release();
        }
    }

    private static bool IsProgram(string file) =>
        File.Exists(file) && !OperatingSystem.IsWindows()
        && (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None;

    private async Task<string?> RunAsync(FileId id, string path, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = StartFor(path) };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            logger.ScanNotStarted(e, id.ToString());
            return NotChecked;
        }

        process.StandardInput.Close();
        var output = new StringBuilder();
        var reading = Task.WhenAll(CollectAsync(process.StandardOutput, output), CollectAsync(process.StandardError, output));
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(TimeSpan.FromSeconds(_options.TimeoutSeconds));
        try
        {
            await process.WaitForExitAsync(time.Token);
        }
        catch (OperationCanceledException)
        {
            Kill(process, id);
            cancellationToken.ThrowIfCancellationRequested();
            logger.ScanTookTooLong(id.ToString(), Text(output));
            return TookTooLong;
        }

        await Task.WhenAny(reading, Task.Delay(OutputPatience, CancellationToken.None));
        switch (process.ExitCode)
        {
            case 0:
                return null;
            case 1:
                logger.ScanFound(id.ToString(), Text(output));
                return Found;
            default:
                logger.ScanFailed(id.ToString(), process.ExitCode, Text(output));
                return NotChecked;
        }
    }

    private void Kill(Process process, FileId id)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is Win32Exception or AggregateException or InvalidOperationException)
        {
            // It has ended just now, or one of its children belongs to somebody else. Nobody waits for its answer any more.
            logger.ScanNotKilled(e, id.ToString());
        }
    }

    /// <summary>Without a shell: nothing in an argument means anything.</summary>
    private ProcessStartInfo StartFor(string path)
    {
        var start = new ProcessStartInfo(_options.Command)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in _options.Arguments)
            start.ArgumentList.Add(argument.Replace(PathPlaceholder, path, StringComparison.Ordinal));
        if (!_options.Arguments.Any(argument => argument.Contains(PathPlaceholder, StringComparison.Ordinal)))
            start.ArgumentList.Add(path);
        // The settings may hold a password, and are none of its business.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith(ChatShareOptions.Section, StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        return start;
    }

    /// <summary>Reads to the end, lest the program waits for its reader, and keeps the beginning.</summary>
    private static async Task CollectAsync(StreamReader reader, StringBuilder output)
    {
        var buffer = new char[1024];
        try
        {
            int count;
            while ((count = await reader.ReadAsync(buffer)) > 0)
            {
                lock (output)
                    output.Append(buffer, 0, Math.Min(count, MostOutput - output.Length));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The program has ended, and nobody waits for what its children still say.
            return;
        }
    }

    private static string Text(StringBuilder output)
    {
        lock (output)
            return output.ToString().Trim().ReplaceLineEndings(" / ");
    }
}
