using ChatShare.Core.Storage;
using ChatShare.Core.Storage.Sqlite;
using ChatShare.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ChatShare.Tests.Storage;

public sealed class DatabaseTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Downloads_folder_that_belongs_to_it_is_known_from_the_first_start_on_and_another_takes_its_place_by_one_line()
    {
        await using var core = await BareCore.StartAsync();
        var identity = Path.Combine(core.DownloadsDirectory, "identity");
        var word = await File.ReadAllTextAsync(identity, Cancel);
        // As an older version has left it: the next start notes what is there.
        await using (var db = await core.ContextAsync())
            await db.Facts.Where(fact => fact.Key == Database.DownloadsKey).ExecuteDeleteAsync(Cancel);
        await core.RestartAsync();
        await core.RestartAsync();

        File.Delete(identity);
        var refused = await Assert.ThrowsAsync<StorageException>(core.RestartAsync);
        Assert.EndsWith($"write {word} into {identity}.", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(identity));

        // As a shell writes it.
        await File.WriteAllTextAsync(identity, word + "\n", Cancel);
        await core.RestartAsync();
    }

    [Fact]
    public async Task Every_connection_is_durable_and_keeps_references_whole()
    {
        await using var core = await BareCore.StartAsync();
        await using var db = await core.ContextAsync();
        await db.Database.OpenConnectionAsync(Cancel);
        await using var raw = new SqliteConnection(core.SqliteConnectionString);
        await raw.OpenAsync(Cancel);
        SqliteEngine.Prepare(raw);

        foreach (var connection in new[] { (SqliteConnection)db.Database.GetDbConnection(), raw })
        {
            Assert.Equal("wal", await PragmaAsync(connection, "journal_mode"));
            // 2 is FULL: NORMAL loses acknowledged messages at a power failure.
            Assert.Equal(2L, await PragmaAsync(connection, "synchronous"));
            Assert.Equal(1L, await PragmaAsync(connection, "foreign_keys"));
            Assert.True(await PragmaAsync(connection, "busy_timeout") is > 0L);
        }
    }

    [Fact]
    public async Task Epoch_is_made_once()
    {
        await using var one = await BareCore.StartAsync();
        await using var other = await BareCore.StartAsync();
        var epoch = one.Get<Database>().Epoch;
        await one.RestartAsync();

        Assert.Equal(epoch, one.Get<Database>().Epoch);
        Assert.NotEqual(epoch, other.Get<Database>().Epoch);
    }

    [Fact]
    public async Task Folder_in_use_is_refused_and_the_first_goes_on()
    {
        await using var core = await BareCore.StartAsync();
        using var second = new Database(
            Options.Create(new Core.ChatShareOptions { DataDirectory = core.DataDirectory }),
            new SqliteEngine(core.DataDirectory),
            core.Get<IDbContextFactory<ChatShareDbContext>>(),
            core.Get<Outage>(),
            NullLogger<Database>.Instance);
        var refusal = await Assert.ThrowsAsync<StorageException>(() => second.OpenAsync(Cancel));

        Assert.Contains("in use by another ChatShare", refusal.Message, StringComparison.Ordinal);
        Assert.True(await core.Get<Database>().AnswersAsync(Cancel));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Database_that_was_overwritten_or_is_gone_does_not_answer(bool gone)
    {
        await using var core = await BareCore.StartAsync();
        var file = Path.Combine(core.DataDirectory, "chatshare.db");
        Assert.True(await core.Get<Database>().AnswersAsync(Cancel));

        if (gone)
            File.Move(file, file + ".away");
        else
            await File.WriteAllTextAsync(file, new string('x', 100_000), Cancel);

        Assert.False(await core.Get<Database>().AnswersAsync(Cancel));
    }

    [Fact]
    public async Task Lock_left_behind_by_a_killed_migration_does_not_stop_the_next()
    {
        await using var core = await BareCore.StartAsync();
        await using (var db = await core.ContextAsync())
        {
            await db.Database.ExecuteSqlRawAsync(
                """
                DELETE FROM "__EFMigrationsHistory";
                CREATE TABLE IF NOT EXISTS "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT OR REPLACE INTO "__EFMigrationsLock" VALUES (1, '2026-01-01');
                """,
                Cancel);
        }

        // The tables are there, so the migration itself fails; what matters is that it is tried and not waited for.
        await Assert.ThrowsAsync<StorageException>(() => core.RestartAsync().WaitAsync(TimeSpan.FromSeconds(30), Cancel));
    }

    private static async Task<object?> PragmaAsync(SqliteConnection connection, string name)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {name};";
        return await command.ExecuteScalarAsync(Cancel);
    }
}
