using Bunit;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class QuotaLeftTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task What_is_left_is_shown_when_a_database_that_was_away_is_back()
    {
        var token = TestContext.Current.CancellationToken;
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var line = new CutLine(new NpgsqlConnectionStringBuilder(database).Port);
        await using var core = await CoreHost.StartAsync(
            token, [.. PostgreSqlServer.CoreSettingsFor(line.Through(database)), ("Limits:PersonBytes", "1000")]);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        line.Down();
        var before = line.Connections;

        var left = circuit.Render<QuotaLeft>();
        await Eventually.TrueAsync(() => Task.FromResult(line.Connections > before));
        Assert.Empty(left.Markup);
        line.Up();

        await left.WaitForAssertionAsync(() => Assert.Contains("1.0 KB left", left.Markup, StringComparison.Ordinal));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_is_left_is_not_shown_while_it_cannot_be_read_and_is_again_later()
    {
        var token = TestContext.Current.CancellationToken;
        var clock = new StillClock();
        await using var core = await CoreHost.StartAsync(token, ("Limits:PersonBytes", "1000"));
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token), clock);
        await using var db = await core.OpenDatabaseAsync(token);
        await db.Database.ExecuteSqlRawAsync("""ALTER TABLE "Files" RENAME TO "FilesElsewhere";""", token);

        var left = circuit.Render<QuotaLeft>();
        await Eventually.TrueAsync(() => Task.FromResult(clock.Awaited.Count > 0));
        Assert.Empty(left.Markup);
        await db.Database.ExecuteSqlRawAsync("""ALTER TABLE "FilesElsewhere" RENAME TO "Files";""", token);
        clock.Advance(TimeSpan.FromMinutes(1));

        await left.WaitForAssertionAsync(() => Assert.Contains("1.0 KB left", left.Markup, StringComparison.Ordinal));
    }
}
