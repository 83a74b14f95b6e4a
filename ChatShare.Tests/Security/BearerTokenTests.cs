using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.DataProtection;

namespace ChatShare.Tests.Security;

/// <summary><c>/api/session</c> and what its tokens open.</summary>
public sealed class BearerTokenTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Password = ApiFixture.Password;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Guest_with_a_token_uploads_and_downloads_through_the_door_of_programs()
    {
        await using var app = await RunningApp.StartAsync();
        using var script = app.NewClient(sendsOrigin: false);
        using var response = await PostAsync(script, """{"nickname":" Ann "}""");
        using var opened = await JsonAsync(response);
        Assert.Equal("Ann", opened.RootElement.GetProperty("nickname").GetString());
        Assert.Equal(30 * 24 * 60 * 60, opened.RootElement.GetProperty("expiresIn").GetInt64());
        Assert.True(response.Headers.CacheControl?.NoStore);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Use(script, opened);

        var tus = new TusClient(app, script);
        var location = await tus.CreateAsync("a", 3);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, [1, 2, 3]));
        Assert.Equal([1, 2, 3], await tus.DownloadAsync(location));
        var lobby = app.Get<RoomService>().Find(RoomService.Lobby)!;
        var message = Assert.Single(await app.Get<MessageLog>().AfterAsync(lobby, 0, int.MaxValue, Cancel));
        Assert.Equal(("Ann", Door.Api), (message.Sender, message.Door));
    }

    [Fact]
    public async Task Account_gets_a_token_for_its_password()
    {
        var app = fixture.App;
        using var script = app.NewClient(sendsOrigin: false);
        await OpenAsync(script, $$"""{"userName":"root","password":"{{Password}}"}""");
        using var again = await PostAsync(script, """{"nickname":"Root"}""");

        // The name is an account's, but it is the account that asks.
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(script, "/files/x/y"));
    }

    [Theory]
    [InlineData("""{"nickname":"Bob"}""", 409, null)]
    [InlineData("""{"nickname":"bob"}""", 409, null)]
    [InlineData("""{"nickname":"Root"}""", 409, null)]
    [InlineData("""{"nickname":""}""", 400, "nickname")]
    [InlineData("""{"nickname":"a\u202Eb"}""", 400, "nickname")]
    [InlineData("""{"nickname":null}""", 400, "nickname")]
    [InlineData("{}", 400, "nickname")]
    [InlineData("null", 400, "nickname")]
    [InlineData("""{"userName":"Root"}""", 400, "password")]
    [InlineData("""{"userName":"Root","password":"wrong horse battery"}""", 401, null)]
    [InlineData("""{"userName":"Nobody","password":"wrong horse battery"}""", 401, null)]
    [InlineData("""{"nickname":7}""", 400, null)]
    [InlineData("""{"nickname":"\ud800"}""", 400, null)]
    [InlineData("[[[[", 400, null)]
    [InlineData("", 400, null)]
    public async Task Call_that_cannot_be_granted_says_why(string body, int status, string? field)
    {
        var app = fixture.App;
        // The first time he joins, and from then on he is here.
        (await RunningApp.PostFormAsync(app.NewClient(), "/", "join", ("Nickname", "Bob"))).Dispose();
        using var response = await PostAsync(app.NewClient(sendsOrigin: false), body);
        using var problem = await JsonAsync(response);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.False(string.IsNullOrEmpty(problem.RootElement.GetProperty("detail").GetString()));
        if (field is not null)
            Assert.NotEmpty(problem.RootElement.GetProperty("errors").GetProperty(field)[0].GetString()!);
    }

    [Fact]
    public async Task Call_from_another_site_in_another_type_or_too_long_is_refused()
    {
        await using var app = await RunningApp.StartAsync();
        using var client = app.NewClient(sendsOrigin: false);
        using var text = await client.PostAsync("/api/session", new StringContent("""{"nickname":"Ann"}""", Encoding.UTF8, "text/plain"), Cancel);
        using var own = await app.NewClient().PostAsync("/api/session", new StringContent("""{"nickname":"Ann"}""", Encoding.UTF8, "text/plain"), Cancel);
        using var charset = await client.PostAsync(
            "/api/session", new StringContent("{}") { Headers = { ContentType = MediaTypeHeaderValue.Parse("application/json; charset=none") } }, Cancel);
        using var large = await PostAsync(client, $$"""{"nickname":"{{new string('a', 20_000)}}"}""");
        client.DefaultRequestHeaders.Add("Origin", "http://evil.example");
        using var foreign = await PostAsync(client, """{"nickname":"Ann"}""");

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, text.StatusCode);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, own.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, charset.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
    }

    [Theory]
    [InlineData("JoinsPerMinutePerAddress", """{"nickname":"Ann"}""", """{"nickname":"Bob"}""")]
    [InlineData("SignInsPerMinutePerAddress", """{"userName":"Ann","password":"wrong"}""", """{"userName":"Ann","password":"a long password"}""")]
    public async Task Too_many_calls_are_429_with_a_time_to_wait(string limit, string first, string second)
    {
        await using var app = await RunningApp.StartAsync($"ChatShare:Limits:{limit}=1");
        using var client = app.NewClient(sendsOrigin: false);
        (await PostAsync(client, first)).Dispose();
        using var response = await PostAsync(client, second);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    [Fact]
    public async Task Same_call_with_a_token_renews_it_and_is_the_same_person()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:JoinsPerMinutePerAddress=1");
        using var script = app.NewClient(sendsOrigin: false);
        var first = await OpenAsync(script, """{"nickname":"Ann"}""");
        var location = await new TusClient(app, script).CreateAsync("a", 1);
        var second = await OpenAsync(script, """{"nickname":"ann"}""");

        Assert.NotEqual(first, second);
        foreach (var token in new[] { first, second })
        {
            Use(script, token);
            Assert.Equal(0, await new TusClient(app, script).OffsetAsync(location));
        }
    }

    [Fact]
    public async Task Token_outlives_a_restart_and_ends_with_leaving()
    {
        await using var app = await RunningApp.StartAsync();
        using var script = app.NewClient(sendsOrigin: false);
        await OpenAsync(script, """{"nickname":"Ann"}""");
        await app.StopAsync();
        await app.StartAgainAsync();
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(script, "/files/x/y"));

        using var left = await script.DeleteAsync("/api/session", Cancel);
        using var again = await script.DeleteAsync("/api/session", Cancel);
        Assert.Equal(HttpStatusCode.NoContent, left.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(script, "/files/x/y"));
        await OpenAsync(script, """{"nickname":"Ann"}""");
    }

    [Fact]
    public async Task Token_of_an_ended_session_is_told_why()
    {
        await using var app = await RunningApp.StartAsync();
        using var script = app.NewClient(sendsOrigin: false);
        await OpenAsync(script, """{"nickname":"Ann"}""");
        await app.EndSessionAsync("Ann", "An administrator disconnected you.");
        using var response = await script.GetAsync("/files/x/y", Cancel);
        using var problem = await JsonAsync(response);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
        Assert.Equal("An administrator disconnected you.", problem.RootElement.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task What_is_no_token_or_too_old_opens_nothing_even_beside_a_cookie()
    {
        await using var app = await RunningApp.StartAsync();
        using var ann = await app.JoinAsync("Ann");
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(ann, "/files/x/y"));
        var tokens = app.Get<BearerToken>();
        var session = app.Get<SessionService>();
        using var bob = app.NewClient(sendsOrigin: false);
        var good = await OpenAsync(bob, """{"nickname":"Bob"}""");
        var id = tokens.SessionId(good)!.Value;
        Assert.NotNull(await session.FindAsync(id, Cancel));
        var foreign = app.Get<IDataProtectionProvider>().CreateProtector("something else").Protect(id.ToString());
        string[] bad =
        [
            "abc", "%%%", id.ToString(), foreign, good[..^2], good + "AA", "A" + good[1..], new string('A', 4000),
            tokens.Make(id, TimeSpan.FromSeconds(-1)), tokens.Make(Guid.NewGuid(), TimeSpan.FromDays(1)),
            RunningApp.CookiesOf(ann).Split("chatshare=")[1].Split(';')[0],
        ];
        foreach (var token in bad)
        {
            ann.DefaultRequestHeaders.Remove("Authorization");
            Assert.True(ann.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token}"));
            Assert.Equal((token, HttpStatusCode.Unauthorized), (token, await StatusAsync(ann, "/files/x/y")));
        }
    }

    [Fact]
    public async Task Token_opens_no_page_and_no_circuit()
    {
        var app = fixture.App;
        using var script = app.NewClient(sendsOrigin: false);
        await OpenAsync(script, $$"""{"userName":"Root","password":"{{Password}}"}""");

        foreach (var page in new[] { "/rooms/Lobby", "/admin" })
            Assert.Equal(HttpStatusCode.Found, await StatusAsync(script, page));
        using var negotiated = await script.PostAsync("/_blazor/negotiate?negotiateVersion=1", null, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, negotiated.StatusCode);
    }

    [Fact]
    public async Task Session_of_a_request_counts_as_seen_once()
    {
        await using var app = await RunningApp.StartAsync();
        using var script = app.NewClient(sendsOrigin: false);
        var id = app.Get<BearerToken>().SessionId(await OpenAsync(script, """{"nickname":"Ann"}"""))!.Value;
        // A request that leaves no connection behind.
        await OpenAsync(script, "{}");

        Assert.Contains(id, app.Get<ConnectedUsers>().TakeSeen());
        Assert.DoesNotContain(id, app.Get<ConnectedUsers>().TakeSeen());
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string body) =>
        client.PostAsync("/api/session", new StringContent(body, Encoding.UTF8, "application/json"), Cancel);

    /// <summary>Signs in; the client uses the token from then on.</summary>
    private static async Task<string> OpenAsync(HttpClient client, string body)
    {
        using var response = await PostAsync(client, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var opened = await JsonAsync(response);
        return Use(client, opened);
    }

    private static string Use(HttpClient client, JsonDocument opened)
    {
        var token = opened.RootElement.GetProperty("accessToken").GetString()!;
        Use(client, token);
        return token;
    }

    private static void Use(HttpClient client, string token) => client.DefaultRequestHeaders.Authorization = new("Bearer", token);

    private static async Task<JsonDocument> JsonAsync(HttpResponseMessage response) =>
        await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(Cancel), default, Cancel);

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, Cancel);
        return response.StatusCode;
    }
}
