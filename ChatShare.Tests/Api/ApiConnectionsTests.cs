using System.IO.Pipelines;
using System.Net;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Api;

public sealed class ApiConnectionsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_asks_twice_is_one_connection_and_the_command_line_has_a_door_of_its_own()
    {
        using var root = await ApiClient.SignInAdministratorAsync(fixture.App);
        using var ann = await ApiClient.SignInAsync(fixture.App, "Ann");
        using var tool = await ApiClient.SignInAsync(fixture.App, "Tool", "chatshare-cli/1.0");
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ann.SayAsync("hello")));
        await tool.GetAsync("/api/rooms");
        var users = (await root.GetAsync("/api/connections")).EnumerateArray().ToList();

        var row = users.Single(user => user.GetProperty("nickname").GetString() == "Ann");
        Assert.Equal(
            ("API", "[\"Lobby\"]", "[\"127.0.0.1\"]", "online", 1),
            (row.GetProperty("door").GetString(), row.GetProperty("rooms").GetRawText(), row.GetProperty("addresses").GetRawText(),
                row.GetProperty("state").GetString(), row.GetProperty("connections").GetInt32()));
        Assert.Equal("CLI", users.Single(user => user.GetProperty("nickname").GetString() == "Tool").GetProperty("door").GetString());
        Assert.Contains(fixture.App.Get<ConnectedUsers>().List(), user => user is { Nickname: "Tool", Door: Door.Cli });
    }

    [Fact]
    public async Task Only_administrators_see_and_end_connections()
    {
        using var root = await ApiClient.SignInAdministratorAsync(fixture.App);
        using var ben = await ApiClient.SignInAsync(fixture.App, "Ben");
        await ben.GetAsync("/api/rooms");
        var id = (await root.GetAsync("/api/connections")).EnumerateArray()
            .Single(user => user.GetProperty("nickname").GetString() == "Ben").GetProperty("id").GetString();
        using var seen = await ben.Http.GetAsync("/api/connections", Cancel);
        using var ended = await ben.Http.DeleteAsync($"/api/connections/{id}", Cancel);
        using var unknown = await root.Http.DeleteAsync($"/api/connections/{Guid.NewGuid()}", Cancel);
        using var rubbish = await root.Http.DeleteAsync("/api/connections/7", Cancel);
        using var wordy = await root.Http.DeleteAsync($"/api/connections/{id}?reason={new string('x', Administration.MaxReasonLength + 1)}", Cancel);

        using var hostile = await root.Http.DeleteAsync($"/api/connections/{id}?reason=be%0Anice%1b", Cancel);

        Assert.Equal(
            [403, 403, 404, 404, 400, 400],
            new[] { seen, ended, unknown, rubbish, wordy, hostile }.Select(response => (int)response.StatusCode));
        await ben.GetAsync("/api/rooms");
    }

    [Fact]
    public async Task Program_that_pauses_longer_than_it_is_shown_can_be_disconnected_all_the_same()
    {
        using var root = await ApiClient.SignInAdministratorAsync(fixture.App);
        // Has signed in and asked for nothing: the same to the list as one whose last request is long over.
        using var idle = await ApiClient.SignInAsync(fixture.App, "Idler");
        await using (var db = await fixture.App.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel))
        {
            var person = (await db.Sessions.SingleAsync(session => session.Nickname == "Idler", Cancel)).PersonId;
            using var ended = await root.Http.DeleteAsync($"/api/connections/{person}?reason=Enough", Cancel);
            using var again = await root.Http.DeleteAsync($"/api/connections/{person}", Cancel);
            Assert.Equal([204, 404], new[] { ended, again }.Select(response => (int)response.StatusCode));
        }

        using var refused = await idle.Http.GetAsync("/api/rooms", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Program_that_only_sends_a_file_is_seen_and_can_be_disconnected()
    {
        using var root = await ApiClient.SignInAdministratorAsync(fixture.App);
        using var ben = await ApiClient.SignInAsync(fixture.App, "Mover");
        var tus = new TusClient(fixture.App, ben.Http);
        var line = new Pipe();
        using var part = TusClient.Part(line.Reader.AsStream());
        part.Headers.ContentLength = 100_000;
        var location = await tus.CreateAsync("moving.bin", 100_000);
        var sending = tus.AppendAsync(location, 0, part);
        await line.Writer.WriteAsync(new byte[50_000], Cancel);
        var row = (await root.GetAsync("/api/connections")).EnumerateArray().Single(user => user.GetProperty("nickname").GetString() == "Mover");

        Assert.Equal("API", row.GetProperty("door").GetString());
        using var ended = await root.Http.DeleteAsync($"/api/connections/{row.GetProperty("id").GetString()}", Cancel);
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        await line.Writer.CompleteAsync(new IOException("The sender is gone, too."));
        // Refused or broken off, but not taken; and nobody is there any more.
        if (await Record.ExceptionAsync(async () => Assert.False((await sending).IsSuccessStatusCode)) is { } broken)
            Assert.IsType<HttpRequestException>(broken);
        Assert.Equal(HttpStatusCode.Unauthorized, await tus.StatusAsync("HEAD", location));
        Assert.DoesNotContain((await root.GetAsync("/api/connections")).EnumerateArray(), user => user.GetProperty("nickname").GetString() == "Mover");
    }

    [Fact]
    public async Task Program_that_only_takes_a_file_is_seen()
    {
        using var root = await ApiClient.SignInAdministratorAsync(fixture.App);
        using var taker = await ApiClient.SignInAsync(fixture.App, "Taker");

        using var response = await taker.Http.GetAsync("/files/none/none", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains((await root.GetAsync("/api/connections")).EnumerateArray(), user => user.GetProperty("nickname").GetString() == "Taker");
    }

    [Fact]
    public async Task Cookie_opens_the_api_from_the_own_site_alone()
    {
        using var cleo = await fixture.App.JoinAsync("Cleo");
        using var body = new StringContent("""{"text":"from a page"}""", null, "application/json");
        using var own = await cleo.PostAsync("/api/rooms/Lobby/messages", body, Cancel);
        cleo.DefaultRequestHeaders.Remove("Origin");
        using var nowhere = await cleo.PostAsync("/api/rooms/Lobby/messages", body, Cancel);
        cleo.DefaultRequestHeaders.Add("Origin", "http://evil.example");
        using var foreign = await cleo.PostAsync("/api/rooms/Lobby/messages", body, Cancel);

        Assert.Equal(
            [HttpStatusCode.Created, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden],
            new[] { own, nowhere, foreign }.Select(response => response.StatusCode));
        Assert.Equal("application/problem+json", foreign.Content.Headers.ContentType?.MediaType);
    }
}
