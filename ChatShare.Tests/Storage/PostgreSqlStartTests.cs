using System.Globalization;
using ChatShare.Core;
using ChatShare.Core.Storage;
using ChatShare.Core.Storage.PostgreSql;
using ChatShare.Tests.Support;
using ChatShare.Web;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ChatShare.Tests.Storage;

/// <summary>From a server's address to a database that can be used, or to one line that says why not.</summary>
public sealed class PostgreSqlStartTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Those_that_start_at_once_make_tables_epoch_and_first_room_once()
    {
        PostgreSqlServer.Require();
        using var folder = new TemporaryFolder();
        (string, string)[] settings =
            [.. PostgreSqlServer.CoreSettingsFor(await PostgreSqlServer.NewEmptyDatabaseAsync()), ("Downloads:Directory", folder.File("downloads"))];
        var hosts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => CoreHost.StartAsync(Cancel, settings), Cancel)));
        try
        {
            Assert.Single(hosts.Select(host => (host.Get<Database>().Epoch, host.Lobby.Id)).Distinct());
            await using var db = await hosts[0].OpenDatabaseAsync(Cancel);
            Assert.Single(await db.Rooms.ToListAsync(Cancel));
            Assert.False(db.Database.HasPendingModelChanges());
            await hosts[0].StopAsync(Cancel);
            Assert.True(await hosts[1].Get<Database>().AnswersAsync(Cancel));
        }
        finally
        {
            foreach (var host in hosts)
                await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Server_whose_name_is_not_known_is_away_like_any_other()
    {
        using var engine = new PostgreSqlEngine("Host=no such host;Database=a;Username=b");
        await using var db = engine.NewContext();

        foreach (var attempt in new Func<Task>[] { () => engine.ConnectAsync(Cancel), () => db.Facts.ToListAsync(Cancel), () => Task.Run(db.Facts.ToList, Cancel) })
        {
            var fault = await Assert.ThrowsAnyAsync<Exception>(attempt);
            Assert.IsAssignableFrom<System.Data.Common.DbException>(fault is InvalidOperationException ? fault.InnerException : fault);
            Assert.True(engine.MayPass(fault is InvalidOperationException ? fault.InnerException! : fault));
        }
    }

    [Fact]
    public async Task Text_is_in_the_order_of_its_bytes_whatever_the_language_of_the_server()
    {
        PostgreSqlServer.Require();
        await using var core = await BareCore.StartAsync(PostgreSqlServer.CoreSettingsFor(await PostgreSqlServer.NewDatabaseAsync()));
        await using var db = await core.ContextAsync();
        string[] names = ["_", "a", "B", "z", "ä", "ÿ"];
        db.Facts.AddRange(names.Select(name => new FactRow { Key = name, Value = name }));
        await db.SaveChangesAsync(Cancel);

        Assert.Equal(
            ["B", "_", "a", "z", "ä", "ÿ"],
            await db.Facts.Where(fact => fact.Value == fact.Key).OrderBy(fact => fact.Value).Select(fact => fact.Value).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Name_is_taken_by_one_of_many_who_come_at_once()
    {
        PostgreSqlServer.Require();
        await using var core = await BareCore.StartAsync(PostgreSqlServer.CoreSettingsFor(await PostgreSqlServer.NewDatabaseAsync()));
        var guests = Enumerable.Range(0, 8).Select(_ => Outcome(() => core.Sessions.JoinAsync(BareCore.Name("Ann"), Cancel)));
        var account = Outcome(() => core.Accounts.CreateAdministratorAsync(BareCore.Name("ann"), "a long enough password", Cancel));
        var outcomes = await Task.WhenAll([.. guests, account]);

        Assert.Single(outcomes, outcome => outcome is null);
        Assert.All(outcomes.Where(outcome => outcome is not null), outcome => Assert.Equal(RefusalKind.Taken, outcome));

        static async Task<RefusalKind?> Outcome(Func<Task> act)
        {
            try
            {
                await Task.Run(act, Cancel);
                return null;
            }
            catch (RefusedException refused)
            {
                return refused.Kind;
            }
        }
    }

    [Fact]
    public async Task Server_that_has_ended_all_connections_fails_one_person_and_nobody_after()
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var core = await BareCore.StartAsync(PostgreSqlServer.CoreSettingsFor(database));
        const int many = 8;
        // All at once, so that the pool keeps as many.
        var open = await Task.WhenAll(Enumerable.Range(0, many).Select(_ => core.ContextAsync()));
        foreach (var db in open)
            await db.Database.OpenConnectionAsync(Cancel);
        foreach (var db in open)
            await db.DisposeAsync();
        await PostgreSqlServer.EndConnectionsAsync(database);

        var failures = 0;
        for (var i = 0; i < many; i++)
        {
            try
            {
                await core.Sessions.JoinAsync(BareCore.Name($"Late {i}"), Cancel);
            }
            catch (Exception e) when (e is RefusedException or NpgsqlException)
            {
                failures++;
            }
        }

        Assert.InRange(failures, 0, 1);
    }

    [Fact]
    public async Task Database_of_a_newer_program_is_told_in_one_line()
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await PostgreSqlServer.AskAsync(database, "INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_FromTheFuture', '99.0.0')");

        Assert.Contains("newer ChatShare", await FailureAsync(PostgreSqlServer.SettingsFor(database)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_would_lose_what_was_acknowledged_is_refused()
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await PostgreSqlServer.AskAsync(database, $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(database).Database} SET synchronous_commit = off");

        Assert.Contains("\"synchronous_commit\" off", await FailureAsync(PostgreSqlServer.SettingsFor(database)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_that_cannot_hold_every_text_is_refused()
    {
        PostgreSqlServer.Require();
        var other = await PostgreSqlServer.NewDatabaseAsync();
        var latin = new NpgsqlConnectionStringBuilder(other) { Database = "latin" + Guid.NewGuid().ToString("N") };
        await PostgreSqlServer.AskAsync(other, $"CREATE DATABASE {latin.Database} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'");

        Assert.Contains("encoding LATIN1", await FailureAsync(PostgreSqlServer.SettingsFor(latin.ToString())), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PostgreSql", "")]
    [InlineData("PostgreSql", "Host=db.example")]
    [InlineData("PostgreSql", "hidden")]
    [InlineData("Sqlite", "Host=db.example;Database=hidden")]
    public async Task Settings_that_do_not_fit_together_are_told_in_one_line_that_names_the_setting(string provider, string connection)
    {
        var failure = await FailureAsync([$"ChatShare:Storage:Provider={provider}", $"ChatShare:Storage:ConnectionString={connection}"]);

        Assert.StartsWith("ChatShare:Storage:ConnectionString ", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", failure, StringComparison.Ordinal);
    }

    private static async Task<string> FailureAsync(string[] settings)
    {
        using var folder = new TemporaryFolder();
        await using var error = new StringWriter(CultureInfo.InvariantCulture);
        string[] all =
        [
            "--Kestrel:Endpoints:Web:Url=http://127.0.0.1:0", "--ChatShare:Gateway:Endpoint=", $"--ChatShare:DataDirectory={folder.File("data")}",
            $"--ChatShare:Downloads:Directory={folder.File("downloads")}", .. settings.Select(setting => "--" + setting),
        ];
        // One that starts after all must not outlive the test.
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        Assert.Equal(1, await ChatShareApp.RunAsync(all, TextWriter.Null, error, timeout.Token));
        return Assert.Single(error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }
}
