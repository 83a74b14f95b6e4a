using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ChatShare.Core.Messages;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Api;

/// <summary>Whatever goes wrong is answered with a problem that a program can read and a sentence for its user.</summary>
public sealed class ApiProblemTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Messages = "/api/rooms/Lobby/messages";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RunningApp App => fixture.App;

    [Theory]
    [InlineData("GET", "/api", null, 404, null)]
    [InlineData("GET", "/api/nothing/here", null, 404, null)]
    [InlineData("GET", "/API/Rooms/unknown/messages", null, 404, null)]
    [InlineData("GET", "/api/rooms/%FF/messages", null, 404, null)]
    [InlineData("GET", "/api/rooms/%E2%80%AE/people", null, 404, null)]
    [InlineData("GET", "/api/rooms/unknown/events", null, 404, null)]
    [InlineData("GET", "/api/rooms/unknown/files", null, 404, null)]
    [InlineData("POST", "/api/rooms/unknown/messages", """{"text":"a"}""", 404, null)]
    [InlineData("PUT", "/api/rooms", "{}", 405, null)]
    [InlineData("DELETE", Messages, null, 405, null)]
    [InlineData("GET", "/api/session", null, 405, null)]
    [InlineData("GET", "/api/connections/7", null, 405, null)]
    [InlineData("PUT", "/files/0123456789abcdef0123456789abcdef/a.txt", null, 405, null)]
    [InlineData("DELETE", "/files/archive", null, 405, null)]
    [InlineData("POST", "/api/nothing", "{}", 404, null)]
    [InlineData("DELETE", "/api/rooms/Lobby", null, 404, null)]
    [InlineData("POST", "/files/a/b/c", "{}", 404, null)]
    [InlineData("POST", "/api/session", """{"nickname":""", 400, "body")]
    [InlineData("GET", "/files", null, 404, null)]
    [InlineData("GET", "/files/a/b/c", null, 404, null)]
    [InlineData("POST", Messages, "[[[", 400, "body")]
    [InlineData("POST", Messages, "", 400, "body")]
    [InlineData("POST", Messages, "null", 400, "text")]
    [InlineData("POST", Messages, "{}", 400, "text")]
    [InlineData("POST", Messages, """{"text":" \n "}""", 400, "text")]
    [InlineData("POST", Messages, """{"text":7}""", 400, "text")]
    [InlineData("POST", Messages, """{"text":"\ud800"}""", 400, "text")]
    [InlineData("POST", Messages, """{"text":"\u0007"}""", 400, "text")]
    [InlineData("POST", Messages, """{"text":"a","clientId":""}""", 400, "clientId")]
    [InlineData("POST", Messages, """{"text":"a","clientId":"a b"}""", 400, "clientId")]
    [InlineData("POST", Messages, """{"text":"a","clientId":[]}""", 400, "clientId")]
    [InlineData("POST", "/api/rooms", """{"topic":"a"}""", 400, "name")]
    [InlineData("POST", "/api/rooms", """{"name":"a/b"}""", 400, "name")]
    [InlineData("POST", "/api/rooms", """{"name":"a","topic":"a\u0007"}""", 400, "topic")]
    [InlineData("POST", "/api/rooms", """{"name":"LOBBY"}""", 409, null)]
    [InlineData("GET", Messages + "?limit=0", null, 400, "limit")]
    [InlineData("GET", Messages + "?limit=201", null, 400, "limit")]
    [InlineData("GET", Messages + "?limit=", null, 400, "limit")]
    [InlineData("GET", Messages + "?limit=5&limit=6", null, 400, "limit")]
    [InlineData("GET", Messages + "?before=-1", null, 400, "before")]
    [InlineData("GET", Messages + "?before=99999999999999999999", null, 400, "before")]
    [InlineData("GET", Messages + "?after=x", null, 400, "after")]
    [InlineData("GET", Messages + "?after=-1", null, 400, "after")]
    [InlineData("GET", Messages + "?after=1&before=2", null, 400, "before")]
    [InlineData("GET", Messages + "?after=1%00", null, 400, "after")]
    [InlineData("GET", Messages + "?before=1%00", null, 400, "before")]
    [InlineData("GET", Messages + "?limit=5%00", null, 400, "limit")]
    [InlineData("GET", Messages + "?after=other-1", null, 400, "after")]
    [InlineData("GET", Messages + "?after=ABC-1", null, 400, "after")]
    [InlineData("GET", Messages + "?after=abc-1-1", null, 400, "after")]
    [InlineData("GET", Messages + "?after=abc-1", null, 409, null)]
    [InlineData("GET", "/api/rooms/Lobby/events?after=other-1", null, 400, "after")]
    [InlineData("GET", "/api/rooms/Lobby/events?after=1%00", null, 400, "after")]
    [InlineData("GET", "/api/rooms/Lobby/events?after=x", null, 400, "after")]
    [InlineData("GET", "/api/connections", null, 403, null)]
    public async Task Bad_request_is_a_problem_with_a_sentence(string method, string path, string? body, int status, string? field)
    {
        using var client = await ApiClient.SignInAsync(App, $"Guest {Make.ClientId()[..8]}");
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.Http.SendAsync(request, Cancel);

        await AssertProblemAsync(response, status, field);
    }

    [Fact]
    public async Task Wrong_method_is_told_with_those_that_are_right()
    {
        using var client = await ApiClient.SignInAsync(App, "Methodist");
        foreach (var (path, allowed) in new[] { ("/api/rooms", "GET, HEAD, POST"), ("/api/session", "DELETE, POST"), ("/api/rooms/x/events", "GET") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, path);
            using var response = await client.Http.SendAsync(request, Cancel);
            await AssertProblemAsync(response, 405);
            Assert.Equal(allowed, string.Join(", ", response.Content.Headers.Allow));
        }
    }

    [Fact]
    public async Task Token_that_is_over_cannot_be_renewed_and_hears_why()
    {
        using var client = await ApiClient.SignInAsync(App, "Overdue");
        using var left = await client.Http.DeleteAsync("/api/session", Cancel);

        using var renewed = await client.Http.PostAsync("/api/session", new StringContent("{}", Encoding.UTF8, "application/json"), Cancel);

        await AssertProblemAsync(renewed, 401);
        Assert.Contains("This session has ended.", await renewed.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/files/0123456789abcdef0123456789abcdef/a.txt", HttpStatusCode.NotFound, "Not found")]
    [InlineData("/files/archive?room=unknown", HttpStatusCode.NotFound, "Not found")]
    public async Task Who_follows_a_link_to_a_file_that_is_gone_gets_a_page(string path, HttpStatusCode status, string title)
    {
        var browser = await App.JoinAsync($"Guest {Make.ClientId()[..8]}");
        foreach (var (client, expected, words) in new[] { (browser, status, title), (App.NewClient(), HttpStatusCode.Unauthorized, "Join first") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Accept.ParseAdd("text/html,application/xhtml+xml,*/*;q=0.8");
            using var response = await client.SendAsync(request, Cancel);
            Assert.Equal((expected, "text/html"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
            Assert.Contains($"<h1>{words}</h1>", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Head_is_get_without_the_content_but_for_events_which_are_nothing_else()
    {
        using var client = await ApiClient.SignInAsync(App, "Header");
        foreach (var (path, status) in new[] { ("/api/rooms", 200), (Messages, 200), ("/api/rooms/unknown/files", 404), ("/api/session", 405), ("/api/rooms/Lobby/events", 405) })
        {
            using var response = await client.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Cancel);
            Assert.Equal((status, 0), ((int)response.StatusCode, (await response.Content.ReadAsByteArrayAsync(Cancel)).Length));
            Assert.True(status != 200 || response.Headers.Contains("Epoch"));
        }

        // Of libraries, that know GET alone.
        foreach (var path in new[] { "/openapi/v1.json", "/metrics", "/scalar/" })
        {
            using var got = await client.Http.GetAsync(path, Cancel);
            using var looked = await client.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Cancel);
            Assert.Equal((got.StatusCode, got.Content.Headers.ContentType, 0L), (looked.StatusCode, looked.Content.Headers.ContentType, (await looked.Content.ReadAsByteArrayAsync(Cancel)).LongLength));
            Assert.Equal(200, (int)looked.StatusCode);
        }
    }

    [Fact]
    public async Task Body_that_is_no_text_of_another_type_or_too_long_is_refused()
    {
        using var client = await ApiClient.SignInAsync(App, "Ann");
        using var bytes = await SendAsync([.. "{\"text\":\""u8, 0xFF, 0xFE, .. "\"}"u8], "application/json");
        using var form = await SendAsync("text=a"u8.ToArray(), "application/x-www-form-urlencoded");
        using var untyped = await SendAsync("{}"u8.ToArray(), null);
        using var large = await SendAsync(Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', 200_000)}}"}"""), "application/json");
        using var longText = await SendAsync(Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', MessageText.MaxLength + 1)}}"}"""), "application/json");
        using var escaped = await SendAsync(
            Encoding.UTF8.GetBytes($$"""{"text":"{{string.Concat(Enumerable.Repeat("\\u4e2d", MessageText.MaxLength))}}"}"""), "application/json");

        await AssertProblemAsync(bytes, 400, "text");
        await AssertProblemAsync(form, 415);
        await AssertProblemAsync(untyped, 415);
        await AssertProblemAsync(large, 413);
        await AssertProblemAsync(longText, 400, "text");
        Assert.Equal(HttpStatusCode.Created, escaped.StatusCode);

        Task<HttpResponseMessage> SendAsync(byte[] body, string? type)
        {
            var content = new ByteArrayContent(body);
            content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
            return client.Http.PostAsync(Messages, content, Cancel);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer rubbish")]
    [InlineData("Bearer")]
    [InlineData("Basic QTpC")]
    [InlineData("left")]
    public async Task Without_a_good_token_nothing_is_answered_but_how_to_get_one(string? authorization)
    {
        using var client = App.NewClient(sendsOrigin: false);
        if (authorization == "left")
        {
            using var ben = await ApiClient.SignInAsync(App, "Ben");
            authorization = ben.Http.DefaultRequestHeaders.Authorization!.ToString();
            (await ben.Http.DeleteAsync("/api/session", Cancel)).Dispose();
        }

        if (authorization is not null)
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        (HttpMethod Method, string Path)[] calls =
        [
            (HttpMethod.Get, "/api/rooms"), (HttpMethod.Post, "/api/rooms"), (HttpMethod.Get, Messages), (HttpMethod.Post, Messages),
            (HttpMethod.Get, "/api/rooms/Lobby/events"), (HttpMethod.Get, "/api/rooms/Lobby/people"), (HttpMethod.Get, "/api/rooms/Lobby/files"),
            (HttpMethod.Get, "/api/connections"), (HttpMethod.Delete, $"/api/connections/{Guid.NewGuid()}"),
        ];
        foreach (var (method, path) in calls)
        {
            using var request = new HttpRequestMessage(method, path);
            if (method == HttpMethod.Post)
                request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
            using var response = await client.SendAsync(request, Cancel);
            await AssertProblemAsync(response, 401);
            Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        }
    }

    [Fact]
    public async Task Wrong_password_is_told_how_to_sign_in_as_well()
    {
        using var response = await App.NewClient(sendsOrigin: false).PostAsync(
            "/api/session", new StringContent("""{"userName":"Root","password":"wrong"}""", Encoding.UTF8, "application/json"), Cancel);

        await AssertProblemAsync(response, 401);
        Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("text/event-stream")]
    [InlineData("image/png")]
    public async Task Problem_is_told_whatever_the_asker_wants_to_read(string accept)
    {
        using var client = App.NewClient(sendsOrigin: false);
        client.DefaultRequestHeaders.Accept.ParseAdd(accept);
        using var unknown = await client.GetAsync("/api/nothing", Cancel);
        using var nobody = await client.GetAsync("/api/rooms", Cancel);

        await AssertProblemAsync(unknown, 404);
        await AssertProblemAsync(nobody, 401);
    }

    [Fact]
    public async Task Asking_or_sending_too_fast_is_told_with_a_time_to_wait()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:ApiRequestsPerSecond=10", "ChatShare:Limits:MessagesPerSecond=1");
        using var ann = await ApiClient.SignInAsync(app, "Ann");
        using var ben = await ApiClient.SignInAsync(app, "Ben");
        var posts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ben.PostAsync(Messages, """{"text":"a"}""")));
        var calls = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => ann.Http.GetAsync("/api/rooms", Cancel)));
        using var other = await ben.Http.GetAsync("/api/rooms", Cancel);

        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Contains(calls, call => call.StatusCode == HttpStatusCode.OK);
        foreach (var answers in new[] { posts, calls })
        {
            var refused = answers.First(call => call.StatusCode == HttpStatusCode.TooManyRequests);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 10);
            await AssertProblemAsync(refused, 429);
            foreach (var answer in answers)
                answer.Dispose();
        }
    }

    [Fact]
    public async Task Fault_of_the_server_is_told_without_its_details()
    {
        await using var app = await RunningApp.StartAsync();
        using var ann = await ApiClient.SignInAsync(app, "Ann");
        await using (var db = await app.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel))
            await db.Database.ExecuteSqlRawAsync("""ALTER TABLE "Files" RENAME TO "Elsewhere" """, Cancel);
        using var response = await ann.Http.GetAsync("/api/rooms/Lobby/files", Cancel);

        await AssertProblemAsync(response, 500);
        Assert.DoesNotContain("SQLite", await response.Content.ReadAsStringAsync(Cancel), StringComparison.OrdinalIgnoreCase);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, int status, string? field = null)
    {
        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var problem = await ApiClient.ReadAsync(response);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.StartsWith("https://", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        // A sentence for people; that of names ends with the signs that may be in one.
        Assert.Matches("^[A-Z“].* .*[._]$", problem.GetProperty("detail").GetString());
        if (field is null)
            Assert.False(problem.TryGetProperty("errors", out _));
        else
            Assert.NotEmpty(problem.GetProperty("errors").GetProperty(field)[0].GetString()!);
    }
}
