using System.Net;
using System.Text;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Npgsql;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.Storage;

/// <summary>
/// The whole program on PostgreSQL: everything that asks the database at least once. With <c>CHATSHARE_TESTS_DATABASE=PostgreSql</c> in the
/// environment all tests use it, but for those that need what only SQLite has.
/// </summary>
public sealed class PostgreSqlAppTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_the_database_is_away_everybody_is_told_to_come_again()
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var app = await RunningApp.StartAsync([.. ApiFixture.Settings, .. PostgreSqlServer.SettingsFor(database)]);
        using var ann = await ApiClient.SignInAsync(app, "Ann");
        await ann.SayAsync("before");
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        var maintenance = new NpgsqlConnectionStringBuilder(database) { Database = "postgres" }.ToString();
        await PostgreSqlServer.AskAsync(maintenance, $"ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS false");
        await PostgreSqlServer.EndConnectionsAsync(database);

        foreach (var path in new[] { "/api/rooms/Lobby/messages?after=0", "/api/rooms/Lobby/files", "/files/archive?room=Lobby" })
        {
            using var away = await ann.Http.GetAsync(path, Cancel);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (away.StatusCode, away.Content.Headers.ContentType?.MediaType));
            Assert.NotNull(away.Headers.RetryAfter);
        }

        await PostgreSqlServer.AskAsync(maintenance, $"ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true");
        Assert.Equal("before", (await ann.GetAsync("/api/rooms/Lobby/messages?after=0"))[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Page_goes_to_a_room_that_nobody_has_read_while_the_database_is_away_and_is_there_when_it_is_back()
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var line = new CutLine(new NpgsqlConnectionStringBuilder(database).Port);
        await using var app = await RunningApp.StartAsync([.. ApiFixture.Settings, .. PostgreSqlServer.SettingsFor(line.Through(database))]);
        using var bo = await ApiClient.SignInAsync(app, "Bo");
        await bo.CreateRoomAsync("Plans");
        var ann = await Person.JoinAsync(chromium, app.Address, "Ann");
        await ann.Page.EvaluateAsync("() => { window.stillTheSamePage = true; }");

        line.Down();
        await ann.Rooms.GetByRole(AriaRole.Link, new() { Name = "Plans" }).ClickAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "Plans" })).ToBeVisibleAsync();
        var before = line.Connections;
        await Eventually.TrueAsync(() => Task.FromResult(line.Connections > before + 1));
        line.Up();

        await ann.InRoomAsync();
        await ann.SayAsync("here at last");
        await ann.SeesAsync("here at last");
        Assert.True(await ann.Page.EvaluateAsync<bool>("() => window.stillTheSamePage === true"));
    }

    [Fact]
    public async Task Outage_is_one_line_with_the_reason_and_one_when_it_is_over_however_often_it_is_met()
    {
        PostgreSqlServer.Require();
        // So that all who look every few seconds are among them.
        const int manyTries = 8;
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var line = new CutLine(new NpgsqlConnectionStringBuilder(database).Port);
        var log = new Collector();
        await using var app = await RunningApp.StartAsync(
            builder => builder.Services.AddSingleton<ILoggerProvider>(log), [.. ApiFixture.Settings, .. PostgreSqlServer.SettingsFor(line.Through(database))]);
        using var ann = await ApiClient.SignInAsync(app, "Ann");
        await ann.SayAsync("before");

        var told = log.Lines.Count;
        line.Down();
        await Eventually.TrueAsync(async () =>
        {
            using var ready = await ann.Http.GetAsync("/health/ready", Cancel);
            using var asked = await ann.Http.GetAsync("/api/rooms/Lobby/messages?after=0", Cancel);
            return (ready.StatusCode, asked.StatusCode) == (HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable);
        });
        var before = line.Connections;
        await Eventually.TrueAsync(() => Task.FromResult(line.Connections >= before + manyTries));
        line.Up();
        await Eventually.TrueAsync(async () => (await ann.Http.GetAsync("/health/ready", Cancel)).IsSuccessStatusCode);

        Assert.Collection(
            log.Lines.Skip(told),
            // Without a stack trace.
            gone => Assert.Matches(@"\AThe database does not answer \(.+\); it is tried again, and nothing can be stored meanwhile *\z", gone),
            back => Assert.StartsWith("The database answers again", back, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Everything_works_as_with_a_file_and_is_there_after_a_restart()
    {
        PostgreSqlServer.Require();
        await using var app = await RunningApp.StartAsync([.. ApiFixture.Settings, .. await PostgreSqlServer.NewSettingsAsync()]);
        using var ann = await app.JoinAsync("Ann");
        using var bert = await ApiClient.SignInAsync(app, "Bert");
        using var root = await ApiClient.SignInAdministratorAsync(app);
        await bert.CreateRoomAsync("Zoo");
        await bert.SayAsync("hello <b> 😀", "Zoo");
        await bert.SayAsync("again", "Zoo");
        using (var taken = await bert.PostAsync("/api/rooms", """{"name":"zoo"}"""))
            Assert.Equal(HttpStatusCode.Conflict, taken.StatusCode);

        var tus = new TusClient(app, ann);
        var content = Encoding.UTF8.GetBytes("content");
        var location = await tus.CreateAsync("note.txt", content.Length, ("clientId", "note"));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, content[..3]));
        await app.StopAsync();
        await app.StartAgainAsync();
        Assert.Equal(location, await tus.CreateAsync("note.txt", content.Length, ("clientId", "note")));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 3, content[3..]));
        Assert.Equal(content, await tus.DownloadAsync(location));

        var lobby = app.Get<RoomService>().Find(RoomService.Lobby)!;
        var admin = await AdministratorAsync(app);
        Assert.Equal(2, (await bert.GetAsync("/api/rooms/Zoo/messages?after=0")).GetArrayLength());
        Assert.Equal("note.txt", (await bert.GetAsync("/api/rooms/Lobby/files"))[0].GetProperty("name").GetString());
        Assert.NotEqual(0, (await root.GetAsync("/api/connections")).GetArrayLength());
        Assert.Equal((1, content.Length), ((await app.Get<StorageReport>().ReadAsync(admin, Cancel)) is var report ? (report.Files, report.StoredBytes) : default));
        Assert.Equal("note.txt", Assert.Single(await app.Get<FileDirectory>().LargestAsync(10, admin, Cancel)).File.Name);
        Assert.True((await app.Get<Scrub>().RunAsync(admin, null, Cancel)).IsWhole);

        await app.EndSessionAsync("Ann", "Enough.");
        await app.Get<RoomService>().SetKeepRuleAsync(lobby, new KeepRule(null, 1), admin, Cancel);
        var message = Assert.Single(await app.Get<Administration>().NewestMessagesAsync(lobby, 10, admin, Cancel));
        await app.Get<Administration>().DeleteMessageAsync(lobby, message, admin, Cancel);
        Assert.Equal("Deleted message", Assert.Single(await app.Get<Administration>().AuditAsync(1, admin, Cancel)).Action);
        Assert.Equal(new KeepRule(null, 1), lobby.Keeps);
        using var ready = await app.NewClient().GetAsync("/health/ready", Cancel);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    private static async Task<PersonSession> AdministratorAsync(RunningApp app)
    {
        var account = await app.Get<AccountService>().CheckPasswordAsync(ApiFixture.Administrator, ApiFixture.Password, "test", Cancel);
        return await app.Get<SessionService>().SignInAsync(account!, replaces: null, Cancel);
    }
}
