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
    /// <summary>A table of what is inside: name, who, when, size, SHA-256.</summary>
    public const string ManifestName = "manifest.csv";

    /// <summary>Writes the archive.</summary>
    /// <returns>The files that are in it.</returns>
    /// <param name="files">In the order in which they go in.</param>
    /// <param name="destination">Need not be seekable; not disposed.</param>
    /// <param name="cancellationToken">The reader went away.</param>
    public static async Task<ImmutableArray<FileId>> WriteAsync(IReadOnlyCollection<ArchivedFile> files, Stream destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(files);
        var written = ImmutableArray.CreateBuilder<FileId>();
        await using var output = new DeferredWriteStream(destination);
        await using (var archive = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken))
        {
            await AddAsync(archive, files, written, cancellationToken);
        }

        await output.FlushAsync(cancellationToken);
        return written.ToImmutable();
    }

    private static async Task AddAsync(
        ZipArchive archive, IReadOnlyCollection<ArchivedFile> files, ImmutableArray<FileId>.Builder written, CancellationToken cancellationToken)
    {
        // A byte order mark, without which spreadsheets take UTF-8 for something else.
        var manifest = new StringBuilder("\uFEFFName,Shared by,Shared at,Bytes,SHA-256\r\n");
        var names = new UniqueNames(ManifestName);
        foreach (var file in files)
        {
            // Deleted since it was listed: what is not there is not in the table either.
            if (Open(file.Stored.Path) is not { } content)
                continue;
            await using (content)
            {
                var name = names.Take(file.Stored.File);
                var entry = archive.CreateEntry(name, CompressionLevel.NoCompression);
                entry.LastWriteTime = file.Stored.SharedAt;
                await using (var target = await entry.OpenAsync(cancellationToken))
                    await content.CopyToAsync(target, cancellationToken);
                AppendLine(manifest, name, file);
                written.Add(file.Stored.File.Id);
            }
        }

        var table = archive.CreateEntry(ManifestName, CompressionLevel.NoCompression);
        await using var writer = new StreamWriter(await table.OpenAsync(cancellationToken), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        await writer.WriteAsync(manifest, cancellationToken);
    }

    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static void AppendLine(StringBuilder manifest, string name, ArchivedFile file) => manifest
        .Append(Quoted(name)).Append(',')
        .Append(Quoted(file.Sender)).Append(',')
        .Append(file.Stored.SharedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)).Append(',')
        .Append(file.Stored.File.Length.ToString(CultureInfo.InvariantCulture)).Append(',')
        .Append(file.Stored.File.Sha256).Append("\r\n");

    /// <summary>A cell that begins like a formula would be one (OWASP, CSV Injection).</summary>
    private static string Quoted(string text)
    {
        var safe = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' ? "'" + text : text;
        return $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Names that differ also where case does not count.</summary>
    private sealed class UniqueNames(string reserved)
    {
        private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase) { reserved };

        // Where the count goes on for each name: thousands of files of one name must not be tried one by one.
        private readonly Dictionary<string, int> _next = new(StringComparer.OrdinalIgnoreCase);

        public string Take(SharedFile file)
        {
            var folder = file.Folder is null ? "" : file.Folder + "/";
            var wanted = folder + file.Name;
            if (_taken.Add(wanted))
                return wanted;
            var dot = file.Name.LastIndexOf('.');
            var (stem, ending) = dot > 0 ? (file.Name[..dot], file.Name[dot..]) : (file.Name, "");
            for (var number = _next.GetValueOrDefault(wanted, 2); ; number++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{folder}{stem} ({number}){ending}");
                if (!_taken.Add(name))
                    continue;
                _next[wanted] = number + 1;
                return name;
            }
        }
    }
}
