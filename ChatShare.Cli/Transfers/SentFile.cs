using Microsoft.Win32.SafeHandles;

namespace ChatShare.Cli.Transfers;

/// <summary>A file that is sent: it is one and the same from its first byte to its last, or it is not sent to its end.</summary>
internal sealed class SentFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private SentFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Size = RandomAccess.GetLength(handle);
        ModifiedAt = new DateTimeOffset(File.GetLastWriteTimeUtc(handle));
    }

    /// <summary>The whole path.</summary>
    public string Path { get; }

    /// <summary>In bytes, when it was opened.</summary>
    public long Size { get; }

    /// <summary>When it was opened.</summary>
    public DateTimeOffset ModifiedAt { get; }

    /// <exception cref="Failure">It is not there, cannot be read, or has no size.</exception>
    public static SentFile Open(string path)
    {
        if (path.Length == 0)
            throw new Failure(ExitCode.LocalFile, "The name of a file is empty.");
        try
        {
            path = System.IO.Path.GetFullPath(path);
            if (!OrdinaryFile.Is(path))
                throw NotOrdinary(path);
            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous | FileOptions.SequentialScan);
            // As those are that the system makes up when they are read.
            if (RandomAccess.GetLength(handle) > 0 || RandomAccess.Read(handle, new byte[1], 0) == 0)
                return new SentFile(path, handle);
            handle.Dispose();
            throw NotOrdinary(path);
        }
        catch (Exception e) when (LocalDisk.IsAbout(e) || e is ArgumentException)
        {
            throw LocalDisk.CannotRead(path, e);
        }
    }

    /// <summary>Reads at least one byte.</summary>
    /// <exception cref="Failure">It is shorter now, or cannot be read.</exception>
    public async Task<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        try
        {
            var count = await RandomAccess.ReadAsync(_handle, buffer, offset, cancellationToken);
            // The last bytes complete the file at the server, and after them it is too late.
            if (count == 0 || (offset + count >= Size && HasChanged()))
                throw new Failure(ExitCode.LocalFile, $"{Path} was changed while it was sent. Nothing of it was shared.");
            return count;
        }
        catch (Exception e) when (LocalDisk.IsAbout(e))
        {
            throw LocalDisk.CannotRead(Path, e);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _handle.Dispose();

    private bool HasChanged() => RandomAccess.GetLength(_handle) != Size || File.GetLastWriteTimeUtc(_handle) != ModifiedAt.UtcDateTime;

    private static Failure NotOrdinary(string path) =>
        new(ExitCode.LocalFile, $"{path} is no ordinary file, and so nobody knows how long it is. Write it to a file first.");
}
