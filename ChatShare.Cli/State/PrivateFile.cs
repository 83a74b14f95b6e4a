using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ChatShare.Cli.State;

/// <summary>
/// A small JSON file that this user alone can read. It is replaced as a whole, so that a reader or a crash never sees half of it, and
/// changed by one process at a time.
/// </summary>
/// <param name="path">Its folder is made when it is missing.</param>
/// <param name="type">How it is written.</param>
/// <param name="isNeeded">Whether nothing goes on without it; one that is not is put aside when it is damaged.</param>
internal sealed class PrivateFile<T>(string path, JsonTypeInfo<T> type, bool isNeeded = true)
    where T : class
{
    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5);

    /// <summary>What is in it; null when there is none. One that others could read is closed to them, and <paramref name="warn"/> is told.</summary>
    /// <exception cref="Failure">It cannot be read, or is no JSON of this kind.</exception>
    public T? Read(Action<string> warn)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~Folders.Mine) != UnixFileMode.None)
            {
                File.SetUnixFileMode(path, Mine);
                warn($"Others could read {path}. It is closed to them now.");
            }

            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type);
        }
        catch (JsonException) when (!isNeeded)
        {
            File.Move(path, path + ".damaged", overwrite: true);
            warn($"{path} could not be read, and was put aside as {path}.damaged. What it remembered begins anew.");
            return null;
        }
        catch (JsonException e)
        {
            throw new Failure(ExitCode.LocalFile, $"{path} cannot be read. Delete it and sign in again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Failure(ExitCode.LocalFile, $"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Changes what is in it, with no other process in between.</summary>
    /// <exception cref="Failure">It cannot be read or written.</exception>
    public async Task ChangeAsync(Func<T?, T> change, Action<string> warn, CancellationToken cancellationToken)
    {
        try
        {
            Folders.Make(Path.GetDirectoryName(path)!);
            await using var turn = await TakeTurnAsync(cancellationToken);
            Write(change(Read(warn)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Failure(ExitCode.LocalFile, $"{path} cannot be written: {e.Message}", e);
        }
    }

    private void Write(T content)
    {
        var next = path + ".new";
        // One that a crash left behind may have another mode.
        File.Delete(next);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = Mine;
        using (var file = new FileStream(next, options))
        {
            JsonSerializer.Serialize(file, content, type);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    private async Task<FileStream> TakeTurnAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(LockPatience);
        while (true)
        {
            try
            {
                // The lock ends with the process that holds it.
                return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (!patience.IsCancellationRequested && File.Exists(path + ".lock"))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            }
        }
    }
}
