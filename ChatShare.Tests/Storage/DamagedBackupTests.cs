using System.Globalization;
using ChatShare.Core;
using ChatShare.Core.Storage;
using ChatShare.Core.Storage.Copying;
using ChatShare.Core.Storage.Sqlite;
using ChatShare.Tests.Support;
using ChatShare.Web;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Options;

namespace ChatShare.Tests.Storage;

/// <summary>Backups that are not what was backed up, or not of this program: it is known before anything gives way to them.</summary>
public sealed class DamagedBackupTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The letters of an id; the header of the file; a number of rows, which only the manifest knows.</summary>
    [Theory]
    [InlineData("UPDATE \"Rooms\" SET \"CreatedBy\" = replace(\"CreatedBy\", '-', 'x')", "A row of table Rooms cannot be read. ")]
    [InlineData("", "It cannot be read.")]
    [InlineData("DELETE FROM \"Rooms\"", "It is not what its manifest says.")]
    [InlineData("DROP TABLE \"Rooms\"", "SQLite Error 1: 'no such table: Rooms'.")]
    public async Task Backup_whose_database_is_damaged_is_told_by_its_name_and_leaves_what_is_there(string damage, string reason)
    {
        using var folder = new TemporaryFolder();
        await using var core = await WithRoomAsync(folder.File("backup"));
        var file = folder.File("backup/chatshare.db");
        if (damage.Length == 0)
            await File.WriteAllTextAsync(file, new string('x', 5000), Cancel);
        else
            await ChangeAsync(file, "PRAGMA foreign_keys = OFF; " + damage);
        var own = Path.Combine(core.DataDirectory, "chatshare.db");
        // What is there is damaged as well: it is not given up for a backup that is no better.
        await File.WriteAllTextAsync(own, new string('y', 5000), Cancel);

        await using var said = new StringWriter(CultureInfo.InvariantCulture);
        var code = await BackupCommand.RestoreAsync(
            [folder.File("backup"), "--replace", $"--ChatShare:DataDirectory={core.DataDirectory}", $"--ChatShare:Downloads:Directory={core.DownloadsDirectory}"],
            said, said, Cancel);

        Assert.Equal(1, code);
        Assert.StartsWith($"The backup in {folder.File("backup")} is damaged, and nothing was restored: {file}. {reason}", said.ToString(), StringComparison.Ordinal);
        Assert.Equal(new string('y', 5000), await File.ReadAllTextAsync(own, Cancel));
    }

    [Theory]
    [InlineData("tables")]
    [InlineData("contents")]
    [InlineData("epoch")]
    [InlineData("madeAt")]
    [InlineData("migration")]
    public async Task Manifest_without_one_of_its_members_is_refused_in_one_sentence(string member)
    {
        using var folder = new TemporaryFolder();
        await using var core = await WithRoomAsync(folder.File("backup"));
        await EditManifestAsync(folder, $"\"{member}\"", $"\"{member}x\"");

        var refusal = await Assert.ThrowsAsync<StorageException>(() => RestoreAsync(core, folder));

        Assert.StartsWith($"The backup in {folder.File("backup")} cannot be read: its manifest ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"'{member}'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("29990101000000_FromTheFuture")]
    [InlineData("20261128090000_Leases")]
    public async Task Manifest_of_another_database_is_refused(string migration)
    {
        using var folder = new TemporaryFolder();
        await using var core = await WithRoomAsync(folder.File("backup"));
        await using var db = await core.ContextAsync();
        await EditManifestAsync(folder, db.Database.GetMigrations().Last(), migration);

        var refusal = await Assert.ThrowsAsync<StorageException>(() => RestoreAsync(core, folder));

        Assert.Contains("It is not what its manifest says.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_of_an_older_program_is_brought_up_to_date()
    {
        const string older = "20261128090000_Leases";
        using var folder = new TemporaryFolder();
        await using var core = await WithRoomAsync(folder.File("backup"));
        await using var db = await core.ContextAsync();
        await EditManifestAsync(folder, db.Database.GetMigrations().Last(), older);
        File.Delete(folder.File("backup/chatshare.db"));
        using (var engine = new SqliteEngine(folder.File("backup")))
        {
            await using var made = engine.NewContext();
            await made.GetService<IMigrator>().MigrateAsync(older, Cancel);
        }

        await ChangeAsync(folder.File("backup/chatshare.db"), "INSERT INTO \"Facts\" VALUES ('epoch', 'of before')");
        await RestoreAsync(core, folder);

        await core.RestartAsync();
        await using var restored = await core.ContextAsync();
        Assert.False(await restored.Rooms.AnyAsync(Cancel));
        Assert.NotEqual("of before", core.Get<Database>().Epoch);
    }

    /// <returns>An installation on SQLite with a room, of which there is a backup, and which nobody uses.</returns>
    private static async Task<BareCore> WithRoomAsync(string backup)
    {
        var core = await BareCore.StartAsync(("Storage:Provider", "Sqlite"));
        await using (var db = await core.ContextAsync())
        {
            db.Rooms.Add(new RoomRow { Name = "Of before", NameKey = "of before", CreatedBy = Guid.NewGuid() });
            await db.SaveChangesAsync(Cancel);
        }

        await Backup.RunAsync(core.Get<IOptions<ChatShareOptions>>().Value, backup, (_, _) => Task.CompletedTask, progress: null, Cancel);
        core.Get<Database>().Dispose();
        return core;
    }

    private static Task<RestoreReport> RestoreAsync(BareCore core, TemporaryFolder folder) => Restore.RunAsync(
        core.Get<IOptions<ChatShareOptions>>().Value, folder.File("backup"), replace: true, (_, _) => Task.CompletedTask, progress: null, Cancel);

    private static async Task ChangeAsync(string database, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Of the tests themselves.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task EditManifestAsync(TemporaryFolder folder, string before, string after)
    {
        var manifest = folder.File("backup/manifest.json");
        var text = await File.ReadAllTextAsync(manifest, Cancel);
        Assert.Contains(before, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(manifest, text.Replace(before, after, StringComparison.Ordinal), Cancel);
    }
}
