using System.Security.Cryptography;

namespace ChatShare.Cli.Transfers;

/// <summary>A file that is not complete yet, with the hash of what is here. One process writes it at a time.</summary>
internal sealed class PartFile : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private PartFile(FileStream file) => _file = file;

    /// <summary>Bytes that are here.</summary>
    public long Length { get; private set; }

    /// <exception cref="Failure">It cannot be written, or somebody else writes it.</exception>
    public static PartFile Open(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // We never make one: it would be somebody else's way to have another file of ours written over.
            if (new FileInfo(path).LinkTarget is not null)
                throw new IOException($"{Path.GetFileName(path)} is a link");
            // Without a buffer: what was taken from the server is in the file, also when this process is killed.
            return new PartFile(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0, Options = FileOptions.Asynchronous,
            }));
        }
        catch (Exception e) when (LocalDisk.IsAbout(e))
        {
            throw LocalDisk.CannotWrite(path, e);
        }
    }

    /// <summary>Reads what an earlier run has left.</summary>
    public async Task HashWhatIsHereAsync(CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[1 << 20];
            while (await _file.ReadAsync(buffer, cancellationToken) is > 0 and var count)
                _hash.AppendData(buffer, 0, count);
            Length = _file.Position;
        }
        catch (IOException e)
        {
            throw LocalDisk.CannotRead(_file.Name, e);
        }
    }

    /// <summary>Begins anew.</summary>
    public void Empty()
    {
        if (Length == 0)
            return;
        _file.SetLength(0);
        _file.Position = 0;
        _hash.GetHashAndReset();
        Length = 0;
    }

    /// <exception cref="Failure">The disk is full, for example; what is here stays.</exception>
    public async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _file.WriteAsync(bytes, cancellationToken);
        }
        catch (Exception e) when (LocalDisk.IsAbout(e))
        {
            throw LocalDisk.CannotWrite(_file.Name, e);
        }

        _hash.AppendData(bytes.Span);
        Length += bytes.Length;
    }

    /// <summary>Of all that is here, in hexadecimal digits.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>To the disk.</summary>
    public void Flush()
    {
        try
        {
            _file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            throw LocalDisk.CannotWrite(_file.Name, e);
        }
    }

    /// <summary>It is worth nothing; this is the last that is done with it.</summary>
    /// <exception cref="Failure">It stays.</exception>
    public void Delete()
    {
        // First: nobody else may have it open, and Windows counts whoever deletes it.
        _file.Dispose();
        try
        {
            File.Delete(_file.Name);
        }
        catch (Exception e) when (LocalDisk.IsAbout(e))
        {
            throw LocalDisk.CannotDelete(_file.Name, e);
        }
    }

    /// <summary>Gives a complete file its name, or the name with the first free number: nothing that is there is written over.</summary>
    /// <returns>Its path.</returns>
    public static string GiveName(string path, string folder, string name)
    {
        for (var number = 1; ; number++)
        {
            var target = Path.Combine(folder, number == 1 ? name : LocalFileName.Numbered(name, number));
            try
            {
                File.Move(path, target, overwrite: false);
                return target;
            }
            catch (IOException) when (Path.Exists(target) && File.Exists(path))
            {
                // Somebody else may have taken the name this moment: the next number is tried.
                continue;
            }
            catch (Exception e) when (LocalDisk.IsAbout(e))
            {
                throw LocalDisk.CannotWrite(path, e);
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await _file.DisposeAsync();
    }
}
