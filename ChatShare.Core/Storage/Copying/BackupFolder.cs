using System.Collections.Immutable;
using System.Text.Json;
using ChatShare.Core.Files;

namespace ChatShare.Core.Storage.Copying;

/// <summary>What a backup holds, as it was when it was made.</summary>
/// <param name="MadeAt">When it was begun: all that was acknowledged before is in it.</param>
/// <param name="Program">The version of the program that has made it.</param>
/// <param name="Migration">The last one of its database.</param>
/// <param name="Epoch">That of the installation; what is restored gets another.</param>
/// <param name="Tables">Rows and content of each table.</param>
/// <param name="Contents">How many contents of files.</param>
/// <param name="Bytes">The bytes of these.</param>
/// <param name="Lost">Contents that were missing or damaged even then, by their SHA-256.</param>
internal sealed record BackupManifest(
    DateTimeOffset MadeAt, string Program, string Migration, string Epoch, ImmutableArray<TableSum> Tables, int Contents, long Bytes, ImmutableArray<string> Lost);

/// <summary>
/// A folder with a backup: <c>chatshare.db</c> with all tables, whichever engine they come from, <c>files</c> with the contents as in the downloads folder,
/// <c>keys</c>, and <c>manifest.json</c>, which comes last.
/// </summary>
internal sealed class BackupFolder(string path)
{
    private const string Unfinished = "unfinished";

    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true,
    };

    public string Path { get; } = System.IO.Path.GetFullPath(path).TrimEnd(System.IO.Path.DirectorySeparatorChar);

    public string DatabaseFile => System.IO.Path.Combine(Path, "chatshare.db");

    public string Keys => System.IO.Path.Combine(Path, "keys");

    private string Manifest => System.IO.Path.Combine(Path, "manifest.json");

    public string ContentPath(string sha256) => System.IO.Path.Combine(Path, "files", sha256[..2], sha256);

    /// <summary>The place to put one together that gets this name when it is whole.</summary>
    /// <exception cref="StorageException">The name is taken.</exception>
    public BackupFolder Begin()
    {
        if (Directory.Exists(Path) || File.Exists(Path))
            throw new StorageException($"{Path} is there already: a backup needs a folder of its own.");
        var unfinished = new BackupFolder(Path + ".unfinished");
        if (Directory.Exists(unfinished.Path))
        {
            // Only what an earlier backup has left, which died.
            if (!File.Exists(System.IO.Path.Combine(unfinished.Path, Unfinished)))
                throw new StorageException($"{unfinished.Path} is in the way, and is no backup that was broken off.");
            Directory.Delete(unfinished.Path, recursive: true);
        }

        PrivateFolder.Create(unfinished.Path);
        File.WriteAllText(System.IO.Path.Combine(unfinished.Path, Unfinished), "This backup was not finished.\n");
        PrivateFolder.Create(unfinished.Keys);
        return unfinished;
    }

    /// <summary>It is whole: durable, and under its own name.</summary>
    public async Task FinishAsync(BackupFolder final, BackupManifest manifest, CancellationToken cancellationToken)
    {
        await using (var file = new FileStream(Manifest, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            await JsonSerializer.SerializeAsync(file, manifest, Readable, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        File.Delete(System.IO.Path.Combine(Path, Unfinished));
        DurableFiles.SyncFolder(Path);
        Directory.Move(Path, final.Path);
        DurableFiles.SyncFolder(System.IO.Path.GetDirectoryName(final.Path)!);
    }

    /// <exception cref="StorageException">It is none, or not whole.</exception>
    public async Task<BackupManifest> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Manifest) || File.Exists(System.IO.Path.Combine(Path, Unfinished)))
            throw new StorageException($"{Path} is no backup of ChatShare, or one that was broken off.");
        try
        {
            await using var file = File.OpenRead(Manifest);
            return await JsonSerializer.DeserializeAsync<BackupManifest>(file, Readable, cancellationToken) ?? throw new JsonException("It is empty.");
        }
        catch (JsonException e)
        {
            throw new StorageException($"The backup in {Path} cannot be read: its manifest {Manifest} is damaged. {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}

/// <summary>Folders for the account of the program alone: they hold everything that was said, and the keys of the cookies.</summary>
internal static class PrivateFolder
{
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
