using System.Diagnostics;
using System.Globalization;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using ChatShare.Web;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ChatShare.Tests.Storage;

/// <summary>From SQLite to PostgreSQL: all of it or nothing, and what comes next goes on behind it.</summary>
public sealed class MoveTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_column_of_every_entity_is_the_same_there()
    {
        PostgreSqlServer.Require();
        await using var source = await SqliteAsync();
        await using var db = await source.ContextAsync();
        Assert.Empty(await FullDatabase.FillAsync(db, Cancel));
        // A second row with what may be missing, and the order of keys that differ in case and in script.
        foreach (var key in "aBäZ")
            db.Facts.Add(new FactRow { Key = key.ToString(), Value = "" });
        db.Sessions.Add(new SessionRow { Id = Guid.NewGuid(), Nickname = "", NicknameKey = "" });
        await db.SaveChangesAsync(Cancel);
        await source.CloseAsync();
        var database = await PostgreSqlServer.NewEmptyDatabaseAsync();

        var (code, said) = await MoveAsync(source, database);
        Assert.True(code == 0, said);
        Assert.Contains("Rooms: 1\n", said, StringComparison.Ordinal);
        Assert.Contains("rows were copied and read back", said, StringComparison.Ordinal);
        await source.RestartAsync();
        await using var target = await BareCore.StartAsync(
            [.. PostgreSqlServer.CoreSettingsFor(database), ("Downloads:Directory", source.DownloadsDirectory)]);
        await using var before = await source.ContextAsync();
        await using var after = await target.ContextAsync();
        Assert.Equal(await FullDatabase.ReadAsync(before, Cancel), await FullDatabase.ReadAsync(after, Cancel));
        Assert.Equal(source.Get<Database>().Epoch, target.Get<Database>().Epoch);

        // What the engine numbers goes on behind what came.
        var (audit, room) = (await after.Audit.MaxAsync(a => a.Id, Cancel), await after.Rooms.MaxAsync(r => r.Id, Cancel));
        var act = new AuditRow { Actor = "", Action = "", Subject = "" };
        var more = new RoomRow { Name = "", NameKey = "" };
        after.AddRange(act, more);
        await after.SaveChangesAsync(Cancel);
        Assert.Equal((audit + 1, room + 1), (act.Id, more.Id));
    }

    [Fact]
    public async Task What_would_lose_or_mix_something_is_refused_with_what_to_do()
    {
        PostgreSqlServer.Require();
        await using var source = await SqliteAsync();
        var database = await PostgreSqlServer.NewDatabaseAsync();

        Assert.Contains("in use by another ChatShare", await RefusedAsync(source, database), StringComparison.Ordinal);
        await source.CloseAsync();
        Assert.Contains("has to name a host and a database", await RefusedAsync(source, "Host=somewhere"), StringComparison.Ordinal);
        Assert.Contains("Say where to", await RefusedAsync(source, "--ChatShare:DataDirectory=data"), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", await RefusedAsync(source, "Host=127.0.0.1;Port=1;Database=chat;Password=hidden"), StringComparison.Ordinal);

        await PostgreSqlServer.AskAsync(database, """INSERT INTO "Facts" VALUES ('epoch', 'another')""");
        Assert.Contains("is not empty", await RefusedAsync(source, database), StringComparison.Ordinal);
        await PostgreSqlServer.AskAsync(database, """DELETE FROM "Facts" """);
        Assert.Equal(0, (await MoveAsync(source, database)).Code);
        Assert.Contains("was moved before", await RefusedAsync(source, database), StringComparison.Ordinal);

        File.Delete(Path.Combine(source.DataDirectory, "chatshare.db"));
        Assert.Contains("is not there", await RefusedAsync(source, database), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(source.DataDirectory, "chatshare.db")));
    }

    [Fact]
    public async Task Kill_in_the_middle_leaves_nothing_and_the_same_command_does_it_then()
    {
        PostgreSqlServer.Require();
        await using var source = await SqliteAsync();
        await using (var db = await source.ContextAsync())
            await FullDatabase.FillAsync(db, Cancel);
        await source.CloseAsync();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using (var other = new NpgsqlConnection(database + ";Pooling=false"))
        {
            await other.OpenAsync(Cancel);
            await using var transaction = await other.BeginTransactionAsync(Cancel);
            // Readers pass and writers wait: it comes as far as this table, with others behind it.
            await using var hold = new NpgsqlCommand("""LOCK TABLE "Files" IN SHARE MODE""", other, transaction);
            await hold.ExecuteNonQueryAsync(Cancel);
            using var moving = Process.Start(
                "dotnet", [Path.Combine(AppContext.BaseDirectory, "ChatShare.Web.dll"), MoveCommand.Name, database, .. Settings(source)]);
            try
            {
                await Eventually.TrueAsync(async () => await PostgreSqlServer.AskAsync(
                    database, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'INSERT INTO \"Files\"%' AND wait_event_type = 'Lock'") is 1L || moving.HasExited);
            }
            finally
            {
                moving.Kill();
                await moving.WaitForExitAsync(Cancel);
            }

            // Only a kill ends it with this.
            Assert.Equal(128 + 9, moving.ExitCode);
        }

        var (code, said) = await MoveAsync(source, database);
        Assert.True(code == 0, said);
        Assert.Equal(1L, await PostgreSqlServer.AskAsync(database, """SELECT count(*) FROM "Messages" """));
    }

    private static Task<BareCore> SqliteAsync() => BareCore.StartAsync(("Storage:Provider", "Sqlite"));

    private static async Task<string> RefusedAsync(BareCore source, string database)
    {
        var (code, said) = await MoveAsync(source, database);
        Assert.Equal(1, code);
        return Assert.Single(said.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => !line.StartsWith("Copying", StringComparison.Ordinal));
    }

    private static async Task<(int Code, string Said)> MoveAsync(BareCore source, string database)
    {
        await using var said = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var code = await MoveCommand.RunAsync([database, .. Settings(source)], said, said, Cancel);
        return (code, said.ToString());
    }

    private static string[] Settings(BareCore source) => [$"--ChatShare:DataDirectory={source.DataDirectory}"];
}
