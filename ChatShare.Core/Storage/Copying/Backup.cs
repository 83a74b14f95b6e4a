using System.Data.Common;
using System.Reflection;
using ChatShare.Core.Files;
using ChatShare.Core.Storage.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Storage.Copying;

/// <summary>What was backed up.</summary>
/// <param name="Rows">Of all tables.</param>
/// <param name="Contents">Contents of files.</param>
/// <param name="Bytes">The bytes of these.</param>
/// <param name="Lost">Contents that are missing or damaged in the downloads folder; a scrub tells whose they are.</param>
public sealed record BackupReport(long Rows, int Contents, long Bytes, int Lost);

/// <summary>
/// Copies an installation while people chat: first the database as it is at one moment, then every file that it names. Servers delete no content meanwhile
/// (<see cref="DeletionHold.HoldAsync"/>).
/// </summary>
public static class Backup
{
    /// <param name="options">Name the installation.</param>
    /// <param name="folder">A folder that is not there yet.</param>
    /// <param name="addKeys">Puts the keys of the cookies into a folder.</param>
    /// <param name="progress">Told how far it is; null for nobody.</param>
    /// <param name="cancellationToken">Gives up; what is left is not taken for a backup.</param>
    /// <exception cref="StorageException">It cannot be done, with what can be done about it.</exception>
    public static async Task<BackupReport> RunAsync(
        ChatShareOptions options, string folder, Func<string, CancellationToken, Task> addKeys, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(addKeys);
        var store = new DownloadStore(Options.Create(options));
        var final = new BackupFolder(folder);
        if (store.Holds(final.Path))
            throw new StorageException($"{final.Path} is in the downloads folder {store.Root} (ChatShare:Downloads:Directory). A backup needs a place of its own, on another disk if there is one.");
        using var from = IDatabaseEngine.For(options);
        try
        {
            await using var source = from.NewReadingContext();
            await Schema.DemandCurrentAsync(from, source, cancellationToken);
            using var held = await store.Deletions.HoldAsync(cancellationToken);
            var backup = final.Begin();
            var begun = DateTimeOffset.UtcNow;
            using var to = new SqliteEngine(backup.Path, "the backup");
            await using var target = to.NewContext();
            await Schema.BringUpToDateAsync(to, target, cancellationToken);
            var tables = await DatabaseCopy.RunAsync(from, source, to, target, last: null, progress, cancellationToken);
            var contents = await ContentsAsync(target, cancellationToken);
            var copied = await ContentCopy.RunAsync(contents, store.ContentPath, backup.ContentPath, progress, cancellationToken);
            await addKeys(backup.Keys, cancellationToken);
            var epoch = await target.Facts.Where(fact => fact.Key == Database.EpochKey).Select(fact => fact.Value).SingleAsync(cancellationToken);
            // Into one file.
            await target.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = DELETE;", cancellationToken);
            await target.Database.CloseConnectionAsync();
            await backup.FinishAsync(
                final,
                new BackupManifest(begun, Version, target.Database.GetMigrations().Last(), epoch, tables, copied.Contents, copied.Bytes, copied.Lost),
                cancellationToken);
            return new BackupReport(tables.Sum(table => table.Rows), copied.Contents, copied.Bytes, copied.Lost.Length);
        }
        catch (Exception e) when (e is DbException or DbUpdateException or RefusedException)
        {
            throw new StorageException($"{from.Description} cannot be copied: {e.GetBaseException().Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>What the files of a database need, each once.</summary>
    internal static Task<List<string>> ContentsAsync(ChatShareDbContext db, CancellationToken cancellationToken) =>
        db.Files.Where(file => file.Sha256 != null).Select(file => file.Sha256!).Distinct().Order().ToListAsync(cancellationToken);

    private static string Version => typeof(Backup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
}
