using System.Text;
using ChatShare.Core.Storage;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>
/// The downloads folder: finished contents under <c>files/ab/{sha256}</c>, partial files apart from them under
/// <c>partial/{id}</c>, on one file system, so that finishing is a rename. Nothing here knows names or people, and nothing is
/// deleted that the database does not name: it may be another program's, or all that is left of a file after a restore.
/// </summary>
internal sealed class DownloadStore
{
    /// <summary>The empty file among the partial ones that <see cref="FaultOfWriting"/> makes for a moment.</summary>
    public const string ProbeName = "probe";

    private const int DiskFullOnLinux = 28;
    private const int DiskFullOnWindows = unchecked((int)0x80070070);
    private const int QuotaOnLinux = 122;
    private const int Sha256Digits = 64;
    private const string AdoptionEnding = ".sha256";

    private readonly string _root;
    private readonly string _partial;
    private readonly string _files;
    private readonly string _removing;
    private readonly string _restore;

    public DownloadStore(IOptions<ChatShareOptions> options)
    {
        _root = options.Value.Downloads.Directory;
        _partial = Path.Combine(_root, "partial");
        _files = Path.Combine(_root, "files");
        _removing = Path.Combine(_root, "removing");
        Deletions = new DeletionHold(_root);
        _restore = Path.Combine(_root, "restore.unfinished");
    }

    /// <summary>Bytes that may still be written.</summary>
    public long FreeBytes => Drive.AvailableFreeSpace;

    /// <summary>Bytes that the disk has in all.</summary>
    public long TotalBytes => Drive.TotalSize;

    /// <summary>Where it is.</summary>
    public string Root => _root;

    /// <summary>The file with <see cref="Identity"/>.</summary>
    public string IdentityPath => Path.Combine(_root, "identity");

    /// <summary>Whether contents may be deleted from it.</summary>
    public DeletionHold Deletions { get; }

    private DriveInfo Drive => new(Path.GetFullPath(_files));

    public static bool IsDiskFull(IOException exception) =>
        exception.HResult is DiskFullOnWindows or DiskFullOnLinux or QuotaOnLinux;

    /// <summary>Whether a path is in it.</summary>
    public bool Holds(string path) => Path.GetRelativePath(_root, path) is var there && !Path.IsPathRooted(there) && there != ".." && !there.StartsWith($"..{Path.DirectorySeparatorChar}", StringComparison.Ordinal);

    /// <summary>Makes the folders where they are missing. Once, at start.</summary>
    /// <exception cref="StorageException">They cannot be made.</exception>
    public void Open()
    {
        try
        {
            Directory.CreateDirectory(_partial);
            Directory.CreateDirectory(_files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"The downloads folder {_root} (ChatShare:Downloads:Directory) cannot be used: {e.Message}", e);
        }
    }

    /// <summary>
    /// A word that is this folder's own, by whatever way it is reached: a database knows its downloads folder by it. Written into the folder by whoever asks
    /// first, durably, because from then on the database wants to see it.
    /// </summary>
    /// <returns>Null when it is not there and cannot be written.</returns>
    public string? Identity()
    {
        if (ReadIdentity() is { } there)
            return there;
        var mine = $"{IdentityPath}.{Guid.NewGuid():N}";
        try
        {
            using (var file = new FileStream(mine, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                file.Write(Encoding.ASCII.GetBytes(Guid.NewGuid().ToString("N")));
                file.Flush(flushToDisk: true);
            }

            // Another program may do the same at this moment, and nobody is to read half of it.
            File.Move(mine, IdentityPath, overwrite: false);
            DurableFiles.SyncFolder(_root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The other one was first, or it cannot be written: what is there now says which.
            if (File.Exists(mine))
                File.Delete(mine);
        }

        return ReadIdentity();
    }

    /// <summary>The same of a folder that may not be there; null when there is none.</summary>
    public string? ReadIdentity()
    {
        try
        {
            return File.Exists(IdentityPath) ? File.ReadAllText(IdentityPath).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of a mount that is away as good as not there.
            return null;
        }
    }

    /// <summary>
    /// Opens what is here of an upload, also for the bytes that will come. A reader never makes the file: the upload may just have ended and
    /// deleted it.
    /// </summary>
    /// <exception cref="IOException">There is nothing any more, or nothing yet.</exception>
    public FileStream OpenPartial(FileId id) => Open(PartialPath(id));

    /// <summary>Opens a content.</summary>
    /// <exception cref="IOException">It is not there.</exception>
    public FileStream OpenContent(string sha256) => Open(ContentPath(sha256));

    public string PartialPath(FileId id) => Path.Combine(_partial, id.ToString());

    /// <summary>Only for hashes out of the database or made here.</summary>
    public string ContentPath(string sha256) => Path.Combine(_files, sha256[..2], sha256);

    public string ThumbnailPath(string sha256) => Path.Combine(_root, "thumbnails", sha256[..2], sha256 + ".webp");

    public bool Has(string sha256) => File.Exists(ContentPath(sha256));

    /// <summary>Where a part of an upload lies that has a checksum and was not verified yet.</summary>
    public string PartPath(FileId id) => PartialPath(id) + ".part";

    /// <summary>
    /// The synced partial file becomes the content, durably, and takes the place of one that is here already: its bytes were hashed just now,
    /// and nobody knows what became of the older ones. A note of it stays until <see cref="Settle"/>, so that a crash before the row is
    /// written loses nothing. Not to be run beside <see cref="Delete"/> of the same content.
    /// </summary>
    public void Adopt(FileId id, string sha256)
    {
        NoteAdopted(id, sha256);
        var path = ContentPath(sha256);
        var folder = Path.GetDirectoryName(path)!;
        var isNewFolder = !Directory.Exists(folder);
        Directory.CreateDirectory(folder);
        try
        {
            File.Move(PartialPath(id), path, overwrite: true);
        }
        catch (UnauthorizedAccessException) when (OperatingSystem.IsWindows() && File.Exists(path))
        {
            // Windows does not replace what somebody reads right now.
            DeletePartial(id);
            return;
        }

        DurableFiles.SyncFolder(folder);
        if (isNewFolder)
            DurableFiles.SyncFolder(_files);
    }

    /// <summary>
    /// The first half of <see cref="Adopt"/>, and all of it for a content that is here already. Durable before anything else happens: the
    /// rename is, and a content that nothing names would be lost.
    /// </summary>
    public void NoteAdopted(FileId id, string sha256)
    {
        using (var note = new FileStream(NotePath(id), FileMode.Create, FileAccess.Write, FileShare.None))
        {
            note.Write(Encoding.ASCII.GetBytes(sha256));
            note.Flush(flushToDisk: true);
        }

        DurableFiles.SyncFolder(_partial);
    }

    /// <summary>The hash of what an upload was adopted as, when that was not settled and the content is here; null otherwise.</summary>
    public string? AdoptedAs(FileId id) => ReadAdoption(NotePath(id)) is { } sha256 && Has(sha256) ? sha256 : null;

    /// <summary>Whether an upload that is not settled was adopted as this content: no row names it yet, and one will.</summary>
    public bool IsAdopted(string sha256) => Directory.EnumerateFiles(_partial, "*" + AdoptionEnding).Any(note => ReadAdoption(note) == sha256);

    /// <summary>The content is not this upload’s any more.</summary>
    public void ForgetAdoption(FileId id) => File.Delete(NotePath(id));

    /// <summary>The file as it is now that its content is here: recognised by its first bytes.</summary>
    public async Task<SharedFile> ReadyAsync(SharedFile file, string sha256, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var head = new byte[ContentType.HeadBytes];
        await using var content = new FileStream(ContentPath(sha256), FileMode.Open, FileAccess.Read, FileShare.Read);
        var count = await content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        var type = ContentType.Detect(head.AsSpan(0, count), isWhole: count == content.Length);
        var size = type.Kind == FileKind.Image ? Thumbnails.SizeOf(ContentPath(sha256)) : null;
        return file with
        {
            State = FileState.Ready, Sha256 = sha256, MediaType = type.MediaType, Width = size?.Width, Height = size?.Height, ReadyAt = at,
        };
    }

    public void DeletePartial(FileId id)
    {
        File.Delete(PartialPath(id));
        DropPart(id);
    }

    /// <summary>Nothing of it counts: it was not verified.</summary>
    public void DropPart(FileId id) => File.Delete(PartPath(id));

    /// <summary>
    /// Notes how an upload has ended that the database could not be told of: without it the next start would take it for one that waits.
    /// </summary>
    public void NoteEnd(FileId id, FileState state, string? failure)
    {
        try
        {
            File.WriteAllText(EndNotePath(id), $"{state}\n{failure}");
        }
        catch (IOException exception) when (IsDiskFull(exception))
        {
            // Then it waits, and ends when its time is over.
            return;
        }
    }

    /// <summary>What <see cref="NoteEnd"/> has noted; null when there is nothing.</summary>
    public (FileState State, string? Failure)? EndOf(FileId id) =>
        File.Exists(EndNotePath(id)) && File.ReadAllText(EndNotePath(id)).Split('\n', 2) is [var state, var failure]
            && Enum.TryParse<FileState>(state, out var parsed)
            ? (parsed, failure.Length > 0 ? failure : null)
            : null;

    /// <summary>The row says what became of the upload: nothing but its content is needed any more.</summary>
    public void Settle(FileId id)
    {
        DeletePartial(id);
        ForgetAdoption(id);
        File.Delete(EndNotePath(id));
    }

    /// <summary>When bytes were last written to a partial file, UTC; null when there is none.</summary>
    public DateTimeOffset? LastWritten(FileId id) =>
        File.Exists(PartialPath(id)) ? new DateTimeOffset(File.GetLastWriteTimeUtc(PartialPath(id)), TimeSpan.Zero) : null;

    /// <summary>Bytes of a partial file; 0 when there is none.</summary>
    /// <exception cref="DirectoryNotFoundException">Where they all are is nothing: a mount has gone, and what was here has not.</exception>
    public long PartialLength(FileId id)
    {
        if (new FileInfo(PartialPath(id)) is { Exists: true } file)
            return file.Length;
        return Directory.Exists(_partial) ? 0 : throw new DirectoryNotFoundException($"The folder {_partial} is not there.");
    }

    /// <summary>The same for people to see; 0 as well while it cannot be looked at.</summary>
    public long PartialLengthShown(FileId id) => new FileInfo(PartialPath(id)) is { Exists: true } file ? file.Length : 0;

    /// <summary>Makes an empty file and deletes it. A disk that is full is another matter, of which <see cref="FreeBytes"/> tells.</summary>
    /// <returns>Why it cannot be made; null when it can.</returns>
    public Exception? FaultOfWriting()
    {
        try
        {
            // One name for all nodes: what a killed one leaves goes with the next probe, and two at once do not mind each other.
            var probe = Path.Combine(_partial, ProbeName);
            File.Delete(probe);
            new FileStream(probe, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.DeleteOnClose).Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e is IOException full && IsDiskFull(full) ? null : e;
        }
    }

    /// <summary>The bytes that a content takes on the disk; 0 when it is not there.</summary>
    public long LengthOf(string sha256) => new FileInfo(ContentPath(sha256)) is { Exists: true } content ? content.Length : 0;

    /// <summary>Deletes a content and its small picture. Who reads it right now reads on to its end.</summary>
    /// <returns>The bytes that the disk gets back, without those of the small picture.</returns>
    public long Delete(string sha256)
    {
        var length = LengthOf(sha256);
        File.Delete(ContentPath(sha256));
        if (File.Exists(ThumbnailPath(sha256)))
            File.Delete(ThumbnailPath(sha256));
        return Has(sha256) ? 0 : length;
    }

    /// <summary>
    /// Notes that the rows of a content are about to let go of it: should the program die before it is deleted, the next start finds
    /// the note (<see cref="Condemned"/>). Not synced: what a power failure takes is the note of a content that takes space, no more.
    /// </summary>
    public void Condemn(string sha256)
    {
        try
        {
            Directory.CreateDirectory(_removing);
            File.Create(RemovalNotePath(sha256)).Dispose();
        }
        catch (IOException exception) when (IsDiskFull(exception))
        {
            // Making room must go on when there is none, even for a note.
            return;
        }
    }

    /// <summary>It was decided what becomes of a condemned content.</summary>
    public void Absolve(string sha256)
    {
        if (File.Exists(RemovalNotePath(sha256)))
            File.Delete(RemovalNotePath(sha256));
    }

    /// <summary>The contents that were condemned and not decided on.</summary>
    public IReadOnlyList<string> Condemned() => !Directory.Exists(_removing)
        ? []
        : [.. Directory.EnumerateFiles(_removing).Select(path => Path.GetFileName(path)).Where(name => name.Length == Sha256Digits && name.All(char.IsAsciiHexDigitLower))];

    /// <summary>The names of all contents, which are their hashes; what else lies there is not ours.</summary>
    public IEnumerable<string> Contents() => !Directory.Exists(_files)
        ? []
        : Directory.EnumerateFiles(_files, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path))
            .Where(name => name.Length == Sha256Digits && name.All(char.IsAsciiHexDigitLower));

    /// <summary>The uploads that have anything here.</summary>
    public IEnumerable<FileId> Unsettled()
    {
        foreach (var name in Directory.EnumerateFiles(_partial).Select(path => Path.GetFileNameWithoutExtension(path)).Distinct())
        {
            if (FileId.TryParse(name, out var id))
                yield return id;
        }
    }

    /// <summary>Partial files that nobody has written to since a moment; names that are no file ids count as well.</summary>
    public IEnumerable<string> PartialFilesOlderThan(DateTimeOffset moment) =>
        Directory.EnumerateFiles(_partial).Where(path => File.GetLastWriteTimeUtc(path) < moment.UtcDateTime);

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);

    /// <summary>From here on until <see cref="RestoreEnds"/> no server starts on this folder.</summary>
    public void RestoreBegins(string backup)
    {
        using (var note = new FileStream(_restore, FileMode.Create, FileAccess.Write, FileShare.Read))
        {
            note.Write(Encoding.UTF8.GetBytes(backup));
            note.Flush(flushToDisk: true);
        }

        DurableFiles.SyncFolder(_root);
    }

    /// <summary>It is whole.</summary>
    public void RestoreEnds()
    {
        File.Delete(_restore);
        DurableFiles.SyncFolder(_root);
    }

    /// <summary>What to say of a restore that did not come to its end; null when there is none.</summary>
    public string? UnfinishedRestore => File.Exists(_restore)
        ? $"The restore of {File.ReadAllText(_restore)} was not finished. Run it again, or delete {_restore} to go on with what was here before."
        : null;

    private string RemovalNotePath(string sha256) => Path.Combine(_removing, sha256);

    private string NotePath(FileId id) => PartialPath(id) + AdoptionEnding;

    private static string? ReadAdoption(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllText(path) is { Length: Sha256Digits } sha256 && sha256.All(char.IsAsciiHexDigitLower) ? sha256 : null;
        }
        catch (FileNotFoundException)
        {
            // Settled between the two looks.
            return null;
        }
    }

    private string EndNotePath(FileId id) => PartialPath(id) + ".ended";
}
