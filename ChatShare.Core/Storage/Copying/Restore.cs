using System.Data.Common;
using ChatShare.Core.Files;
using ChatShare.Core.Storage.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Storage.Copying;

/// <summary>What was restored.</summary>
/// <param name="MadeAt">When the backup was begun.</param>
/// <param name="Rows">Of all tables.</param>
/// <param name="Contents">Contents of files.</param>
/// <param name="Bytes">The bytes of these.</param>
/// <param name="EndedUploads">Uploads that were under way, and are over.</param>
/// <param name="Lost">Contents that are missing or damaged in the backup.</param>
/// <param name="SetAside">The new name of a database that could not be read any more; null when there was none.</param>
public sealed record RestoreReport(DateTimeOffset MadeAt, long Rows, int Contents, long Bytes, int EndedUploads, int Lost, string? SetAside);

/// <summary>
/// Makes an installation of a backup, on whichever engine the settings name, while no server runs. First the files, which replace nothing, then the database,
/// in one transaction: until that is through, what was there is as it was.
/// </summary>
public static class Restore
{
    /// <summary>What stands on the card of an upload that was under way.</summary>
    internal const string Ended = "The server was restored from a backup that has only a part of it.";

    /// <param name="options">Name the installation that is to be made.</param>
    /// <param name="folder">The backup.</param>
    /// <param name="replace">Whether what is there may go.</param>
    /// <param name="addKeys">Takes the keys of the cookies out of a folder.</param>
    /// <param name="progress">Told how far it is; null for nobody.</param>
    /// <param name="cancellationToken">Gives up; the next start says so.</param>
    /// <exception cref="StorageException">It cannot be done, with what can be done about it.</exception>
    public static async Task<RestoreReport> RunAsync(
        ChatShareOptions options, string folder, bool replace, Func<string, CancellationToken, Task> addKeys, IProgress<string>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(addKeys);
        var backup = new BackupFolder(folder);
        var manifest = await backup.ReadAsync(cancellationToken);
        var store = new DownloadStore(Options.Create(options));
        using var to = IDatabaseEngine.For(options);
        try
        {
            PrivateFolder.Create(options.DataDirectory);
            await using var target = to.NewContext();
            await using var turn = await to.PrepareAsync(target, cancellationToken);
            await to.DemandAloneAsync(cancellationToken);
            var unreadable = await UnreadableAsync(to, replace, cancellationToken);
            if (unreadable is null)
            {
                await Schema.BringUpToDateAsync(to, target, cancellationToken);
                if (!replace && !await DatabaseCopy.IsEmptyAsync(target, cancellationToken))
                    throw new StorageException($"{to.Description} is not empty. With --replace all that it holds gives way to the backup.");
            }

            var staged = Path.Combine(options.DataDirectory, "restoring");
            using var from = Stage(backup, staged);
            await using var source = from.NewContext();
            await DemandWholeAsync(backup, manifest, from, source, cancellationToken);
            var aside = unreadable?.SetAside();
            if (aside is not null)
                await Schema.BringUpToDateAsync(to, target, cancellationToken);
            store.Open();
            store.RestoreBegins(backup.Path);
            var copied = await ContentCopy.RunAsync(
                await Backup.ContentsAsync(source, cancellationToken), backup.ContentPath, store.ContentPath, progress, cancellationToken);
            await addKeys(backup.Keys, cancellationToken);
            var ended = 0;
            var tables = await DatabaseCopy.RunAsync(from, source, to, target, ChangeAsync, progress, cancellationToken);
            store.RestoreEnds();
            await source.Database.CloseConnectionAsync();
            from.Dispose();
            Directory.Delete(staged, recursive: true);
            return new RestoreReport(manifest.MadeAt, tables.Sum(table => table.Rows), copied.Contents, copied.Bytes, ended, copied.Lost.Length, aside);

            async Task ChangeAsync()
            {
                ended = await EndUploadsAsync(target, cancellationToken);
                await KnowDownloadsAsync(target, store.Identity(), cancellationToken);
                await NewEpochAsync(target, cancellationToken);
            }
        }
        catch (Exception e) when (e is DbException or DbUpdateException or RefusedException)
        {
            throw new StorageException($"{to.Description} cannot be restored: {e.GetBaseException().Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>What backups are made for: a file that cannot be read any more, and so cannot be emptied either.</summary>
    /// <returns>It, where it may be set aside; null when it can be read.</returns>
    private static async Task<SqliteEngine?> UnreadableAsync(IDatabaseEngine to, bool replace, CancellationToken cancellationToken)
    {
        if (to is not SqliteEngine file || await file.IsReadableAsync(cancellationToken))
            return null;
        return replace ? file : throw new StorageException(
            $"{to.Description} is damaged and cannot be read. With --replace it is kept under another name, and the backup takes its place.");
    }

    /// <summary>A copy, because it may have to be brought up to date, and a backup stays as it is.</summary>
    private static SqliteEngine Stage(BackupFolder backup, string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        PrivateFolder.Create(folder);
        File.Copy(backup.DatabaseFile, Path.Combine(folder, "chatshare.db"));
        return new SqliteEngine(folder, $"a copy of {backup.DatabaseFile}");
    }

    /// <summary>
    /// Brings the copy up to date, and sees that it is what was backed up: a fault that is met later would be taken for one of the database that is there now.
    /// </summary>
    private static async Task DemandWholeAsync(
        BackupFolder backup, BackupManifest manifest, SqliteEngine from, ChatShareDbContext source, CancellationToken cancellationToken)
    {
        if (!await from.IsReadableAsync(cancellationToken))
            throw Damaged("It cannot be read.");
        try
        {
            if ((await source.Database.GetAppliedMigrationsAsync(cancellationToken)).LastOrDefault() != manifest.Migration)
                throw Damaged("It is not what its manifest says.");
            var missing = await Schema.BringUpToDateAsync(from, source, cancellationToken);
            await source.Database.OpenConnectionAsync(cancellationToken);
            var sums = new List<TableSum>();
            foreach (var table in CopiedTable.Of(source))
                sums.Add(await table.SumAsync(source.Database.GetDbConnection(), cancellationToken));
            // Of an older backup tables may have become others by what was missing.
            if (missing.Count == 0 && !sums.SequenceEqual(manifest.Tables))
                throw Damaged("It is not what its manifest says.");
            await source.Database.CloseConnectionAsync();
        }
        catch (Exception e) when (e is DbException or InvalidDataException)
        {
            throw Damaged(e.Message.ReplaceLineEndings(" "), e);
        }

        StorageException Damaged(string reason, Exception? cause = null) =>
            new($"The backup in {backup.Path} is damaged, and nothing was restored: {backup.DatabaseFile}. {reason}", cause);
    }

    private static Task<int> EndUploadsAsync(ChatShareDbContext db, CancellationToken cancellationToken) =>
        db.Files.Where(file => file.State == FileState.Uploading).ExecuteUpdateAsync(
            set => set.SetProperty(file => file.State, FileState.Failed).SetProperty(file => file.Failure, Ended), cancellationToken);

    /// <summary>The backup may come from another folder; this one holds its files now. What cannot be written into it is noted by the next start.</summary>
    private static async Task KnowDownloadsAsync(ChatShareDbContext db, string? identity, CancellationToken cancellationToken)
    {
        await db.Facts.Where(fact => fact.Key == Database.DownloadsKey).ExecuteDeleteAsync(cancellationToken);
        if (identity is null)
            return;
        db.Facts.Add(new FactRow { Key = Database.DownloadsKey, Value = identity });
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Numbers may be given out again that somebody has seen: whoever knows the old epoch starts afresh.</summary>
    private static Task<int> NewEpochAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        var epoch = Database.NewEpoch();
        return db.Facts.Where(fact => fact.Key == Database.EpochKey).ExecuteUpdateAsync(set => set.SetProperty(fact => fact.Value, epoch), cancellationToken);
    }
}
