using System.Globalization;
using ChatShare.Cli.Commands;
using ChatShare.Cli.Http;
using ChatShare.Cli.Terminal;
using ChatShare.Cli.Transfers;

namespace ChatShare.Cli.Chat;

/// <summary>Files that are sent and fetched beside a chat.</summary>
internal sealed class RunningTransfers(Uploader uploader, Downloader downloader, ILiveTerminal terminal, Output output, string folder, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<(Meter Meter, Task Task, CancellationTokenSource Stop)> _running = [];

    /// <summary>Whether there is any.</summary>
    public bool Any
    {
        get
        {
            lock (_lock)
                return _running.Count > 0;
        }
    }

    /// <summary>Ends when there is none.</summary>
    public async Task WhenNoneAsync()
    {
        while (true)
        {
            Task[] tasks;
            lock (_lock)
                tasks = [.. _running.Select(transfer => transfer.Task)];
            if (tasks.Length == 0)
                return;
            await Task.WhenAll(tasks);
        }
    }

    /// <summary>Stops all of them; each tells the server first, and ends soon.</summary>
    /// <returns>Whether there was any that was not being stopped already.</returns>
    public bool StopAll()
    {
        lock (_lock)
        {
            // A copy: what is stopped may end on this very thread, and takes itself out of the list.
            var going = _running.Where(transfer => !transfer.Stop.IsCancellationRequested).ToList();
            foreach (var (_, _, stop) in going)
                stop.Cancel();
            return going.Count > 0;
        }
    }

    /// <summary>Sends a file; returns at once.</summary>
    public void Share(string path, string nickname, string room, CancellationToken cancellationToken)
    {
        SentFile file;
        try
        {
            file = SentFile.Open(path);
        }
        catch (Failure failure)
        {
            terminal.Error(failure);
            return;
        }

        var to = new Destination(nickname, room, Batch: null, Index: 0);
        var meter = new Meter(Path.GetFileName(file.Path), file.Size, time, _ => ShowStatus());
        Begin(meter, async token =>
        {
            using (file)
            {
                try
                {
                    await uploader.SendAsync(file, to, meter, token);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    await uploader.CancelAsync(file, to, cancellationToken);
                    throw;
                }
            }
        }, cancellationToken);
    }

    /// <summary>Fetches a file; returns at once.</summary>
    public void Get(FileInMessage file, CancellationToken cancellationToken)
    {
        var meter = new Meter(SafeText.Of(file.Name), file.Size, time, _ => ShowStatus());
        Begin(meter, async token =>
        {
            var got = await downloader.GetAsync(file, folder, meter, token);
            output.Json(got, OutputJson.Default.Downloaded);
            var shown = Path.GetRelativePath(Directory.GetCurrentDirectory(), got.Path);
            terminal.Note(Line.Of(got.WasHere ? "Was here already: " : "Saved: ", Tone.Good).Add(shown).Add($", {Quantity.Bytes(got.Size)}", Tone.Dim));
        }, cancellationToken);
    }

    private void Begin(Meter meter, Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (_lock)
            _running.Add((meter, RunAsync(meter, run, stop), stop));
        ShowStatus();
    }

    private async Task RunAsync(Meter meter, Func<CancellationToken, Task> run, CancellationTokenSource stop)
    {
        // Not before it is in the list, from which it takes itself.
        await Task.Yield();
        try
        {
            await run(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            terminal.Error(new Failure(ExitCode.Cancelled, $"{meter.Name}: cancelled."));
        }
        catch (Failure failure)
        {
            terminal.Error(failure.Behind($"{meter.Name}: "));
        }
        finally
        {
            lock (_lock)
                _running.RemoveAll(transfer => transfer.Meter == meter);
            stop.Dispose();
            meter.Dispose();
            ShowStatus();
        }
    }

    private void ShowStatus()
    {
        string? status;
        lock (_lock)
        {
            status = _running.Count == 0 ? null
                : _running[0].Meter + (_running.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" (and {_running.Count - 1} more)"));
        }

        terminal.ShowStatus(status);
    }
}
