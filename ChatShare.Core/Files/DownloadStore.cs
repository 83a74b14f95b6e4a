using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>
/// The downloads folder: finished contents under <c>files/ab/{sha256}</c>, partial files apart from them under
/// <c>partial/{id}</c>, on one file system, so that finishing is a rename. Nothing here knows names or people.
/// </summary>
internal sealed class DownloadStore
{
    private const int DiskFullOnLinux = 28;
    private const int DiskFullOnWindows = unchecked((int)0x80070070);
    private const int QuotaOnLinux = 122;

    private readonly string _partial;
    private readonly string _files;

    public DownloadStore(IOptions<ChatShareOptions> options)
    {
        var root = options.Value.Downloads.Directory;
        _partial = Path.Combine(root, "partial");
        _files = Path.Combine(root, "files");
        Directory.CreateDirectory(_partial);
        Directory.CreateDirectory(_files);
    }

    /// <summary>Bytes that may still be written.</summary>
    public long FreeBytes => new DriveInfo(Path.GetFullPath(_files)).AvailableFreeSpace;

    public static bool IsDiskFull(IOException exception) =>
        exception.HResult is DiskFullOnWindows or DiskFullOnLinux or QuotaOnLinux;

    public string PartialPath(FileId id) => Path.Combine(_partial, id.ToString());

    /// <summary>Only for hashes out of the database or made here.</summary>
    public string ContentPath(string sha256) => Path.Combine(_files, sha256[..2], sha256);

    public bool Has(string sha256) => File.Exists(ContentPath(sha256));

    /// <summary>
    /// The synced partial file becomes the content, durably. When the same content is here already, the partial file
    /// is dropped. Not to be run beside <see cref="Delete"/> of the same content.
    /// </summary>
    public void Adopt(FileId id, string sha256)
    {
        var path = ContentPath(sha256);
        if (File.Exists(path))
        {
            File.Delete(PartialPath(id));
            return;
        }

        var folder = Path.GetDirectoryName(path)!;
        var isNewFolder = !Directory.Exists(folder);
        Directory.CreateDirectory(folder);
        File.Move(PartialPath(id), path);
        DurableFiles.SyncFolder(folder);
        if (isNewFolder)
            DurableFiles.SyncFolder(_files);
    }

    public void Delete(string sha256) => File.Delete(ContentPath(sha256));

    public void DeletePartial(FileId id) => File.Delete(PartialPath(id));

    /// <summary>Partial files that nobody has written to since a moment; names that are no file ids count as well.</summary>
    public IEnumerable<string> PartialFilesOlderThan(DateTimeOffset moment) =>
        Directory.EnumerateFiles(_partial).Where(path => File.GetLastWriteTimeUtc(path) < moment.UtcDateTime);

    /// <summary>The hashes of all contents on disk.</summary>
    public IEnumerable<string> Contents() =>
        Directory.EnumerateFiles(_files, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path)!);
}
