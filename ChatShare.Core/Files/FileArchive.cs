using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace ChatShare.Core.Files;

/// <summary>A finished file as it goes into an archive.</summary>
/// <param name="Stored">The file.</param>
/// <param name="Sender">Who shared it, by the name they had then.</param>
public sealed record ArchivedFile(StoredFile Stored, string Sender);

/// <summary>
/// Many files as one zip, written to a stream as it is made: nothing is kept on the disk or in memory. Not compressed, since what
/// people share mostly is already. The last entry is <see cref="ManifestName"/>.
/// </summary>
public static class FileArchive
{
    /// <summary>
    /// A table of what is inside: name as the entry's, who, when, size, SHA-256. No cell is a formula where a spreadsheet opens it: names that would be
    /// begin with <c>_</c> instead, in the archive as well, so that a program finds each entry by its line.
    /// </summary>
    public const string ManifestName = "manifest.csv";

    private const int BufferLength = 128 * 1024;

    // What the format can say (its years are counted from 1980 in seven bits). A server's clock may have stood anywhere.
    private static readonly DateTimeOffset Earliest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2107, 12, 31, 23, 59, 58, TimeSpan.Zero);

    /// <summary>Writes the archive.</summary>
    /// <returns>The files that are in it.</returns>
    /// <param name="files">In the order in which they go in.</param>
    /// <param name="destination">Need not be seekable; not disposed.</param>
    /// <param name="download">Counts the bytes of the files, holds them up while it is paused, and ends them.</param>
    /// <exception cref="OperationCanceledException">The download was stopped.</exception>
    public static async Task<ImmutableArray<FileId>> WriteAsync(IReadOnlyCollection<ArchivedFile> files, Stream destination, Download download)
    {
        ArgumentNullException.ThrowIfNull(download);
        var cancellationToken = download.Stopped;
        ArgumentNullException.ThrowIfNull(files);
        var written = ImmutableArray.CreateBuilder<FileId>();
        await using var output = new DeferredWriteStream(destination);
        await using (var archive = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken))
        {
            await AddAsync(archive, files, written, download);
        }

        await output.FlushAsync(cancellationToken);
        return written.ToImmutable();
    }

    private static async Task AddAsync(
        ZipArchive archive, IReadOnlyCollection<ArchivedFile> files, ImmutableArray<FileId>.Builder written, Download download)
    {
        var cancellationToken = download.Stopped;
        // A byte order mark, without which spreadsheets take UTF-8 for something else.
        var manifest = new StringBuilder("\uFEFFName,Shared by,Shared at,Bytes,SHA-256\r\n");
        var names = new UniqueNames(files);
        foreach (var file in files)
        {
            // Deleted since it was listed: what is not there is not in the table either.
            if (Open(file.Stored.Path) is not { } content)
            {
                download.LeaveOut(file.Stored.File.Length);
                continue;
            }

            await using (content)
            {
                var name = names.Take(file.Stored.File.Folder, file.Stored.File.Name);
                var entry = archive.CreateEntry(name, CompressionLevel.NoCompression);
                entry.LastWriteTime = new(Math.Clamp(file.Stored.SharedAt.UtcTicks, Earliest.UtcTicks, Latest.UtcTicks), TimeSpan.Zero);
                await using (var target = await entry.OpenAsync(cancellationToken))
                    await CopyAsync(content, target, download);
                AppendLine(manifest, name, file);
                written.Add(file.Stored.File.Id);
            }
        }

        var table = archive.CreateEntry(ManifestName, CompressionLevel.NoCompression);
        await using var writer = new StreamWriter(await table.OpenAsync(cancellationToken), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        await writer.WriteAsync(manifest, cancellationToken);
    }

    private static async Task CopyAsync(FileStream content, Stream target, Download download)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (await content.ReadAsync(buffer.AsMemory(0, BufferLength), download.Stopped) is > 0 and var read)
            {
                await target.WriteAsync(buffer.AsMemory(0, read), download.Stopped);
                await download.PassAsync(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static void AppendLine(StringBuilder manifest, string name, ArchivedFile file) => manifest
        .Append(Quoted(name)).Append(',')
        .Append(Quoted(BeginsFormula(file.Sender) ? "'" + file.Sender : file.Sender)).Append(',')
        .Append(file.Stored.SharedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)).Append(',')
        .Append(file.Stored.File.Length.ToString(CultureInfo.InvariantCulture)).Append(',')
        .Append(file.Stored.File.Sha256).Append("\r\n");

    private static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A cell that begins so would be one (OWASP, CSV Injection), quoted or not.</summary>
    private static bool BeginsFormula(string text) => text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '＝' or '＋' or '－' or '＠';

    /// <summary>Not longer than before, which may be as long as can be. Nor a command's option for whoever unpacks it and says <c>*</c>.</summary>
    private static string NoFormula(string name) => BeginsFormula(name) ? "_" + name[1..] : name;

    /// <summary>
    /// Names that differ also where case does not count, and are nobody's folder: all can be unpacked beside each other. None begins like a formula.
    /// </summary>
    private sealed class UniqueNames
    {
        private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

        // Where the count goes on for each name: thousands of files of one name must not be tried one by one.
        private readonly Dictionary<string, int> _next = new(StringComparer.OrdinalIgnoreCase);

        // What a folder is called that has the table's name.
        private readonly string _besideManifest = ManifestName;

        public UniqueNames(IEnumerable<ArchivedFile> files)
        {
            // Whatever is inside, the table is found by its name: a file or folder that is called so gives way.
            _taken.Add(ManifestName);
            var folders = files.Select(file => file.Stored.File.Folder).OfType<string>().Select(NoFormula).Distinct(StringComparer.Ordinal).ToLookup(IsInManifest);
            TakeFolders(folders[false]);
            if (!folders.Contains(true))
                return;
            _besideManifest = Take(folder: null, ManifestName);
            TakeFolders(folders[true].Select(InArchive));
        }

        public string Take(string? folder, string name)
        {
            var prefix = folder is null ? "" : InArchive(NoFormula(folder)) + "/";
            name = folder is null ? NoFormula(name) : name;
            var wanted = prefix + name;
            if (_taken.Add(wanted))
                return wanted;
            for (var number = _next.GetValueOrDefault(wanted, 2); ; number++)
            {
                var numbered = prefix + FileName.Numbered(name, number);
                if (!_taken.Add(numbered))
                    continue;
                _next[wanted] = number + 1;
                return numbered;
            }
        }

        private void TakeFolders(IEnumerable<string> folders)
        {
            foreach (var folder in folders)
            {
                for (var end = folder.Length; end > 0; end = folder.LastIndexOf('/', end - 1))
                    _taken.Add(folder[..end]);
            }
        }

        private string InArchive(string folder) => IsInManifest(folder) ? _besideManifest + folder[ManifestName.Length..] : folder;

        private static bool IsInManifest(string folder) =>
            folder.StartsWith(ManifestName, StringComparison.OrdinalIgnoreCase) && (folder.Length == ManifestName.Length || folder[ManifestName.Length] == '/');
    }
}
