using System.Net;
using System.Net.Http.Json;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

public sealed class LimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Joining_too_often_is_refused_with_a_sentence_and_keeps_the_name()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:JoinsPerMinutePerAddress=2");
        await app.JoinAsync("Ann");
        await app.JoinAsync("Bob");
        using var response = await RunningApp.PostFormAsync(app.NewClient(), "/", "join", ("Nickname", "Cleo"));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        var html = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("That was too often", html, StringComparison.Ordinal);
        Assert.Contains("value=\"Cleo\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slip_of_the_hand_is_no_join()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:JoinsPerMinutePerAddress=1");
        using var client = app.NewClient();
        foreach (var name in new[] { "", "Ann!", new string('a', 33) })
        {
            using var refused = await RunningApp.PostFormAsync(client, "/", "join", ("Nickname", name));
            Assert.Equal(HttpStatusCode.OK, refused.StatusCode);
            Assert.DoesNotContain("That was too often", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
            using var program = await client.PostAsJsonAsync("/api/session", new { nickname = name }, Cancel);
            Assert.Equal(HttpStatusCode.BadRequest, program.StatusCode);
        }

        using var joined = await RunningApp.PostFormAsync(client, "/", "join", ("Nickname", "Ann"));
        Assert.Equal(HttpStatusCode.Found, joined.StatusCode);
        using var another = await RunningApp.PostFormAsync(app.NewClient(), "/", "join", ("Nickname", "Bob"));
        Assert.Equal(HttpStatusCode.TooManyRequests, another.StatusCode);
    }

    [Theory]
    [InlineData("/signin", "signin")]
    [InlineData("{setup}", "setup")]
    public async Task Trying_passwords_too_often_is_refused(string page, string form)
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:SignInsPerMinutePerAddress=1");
        page = page.Replace("{setup}", app.SetupUrl, StringComparison.Ordinal);
        using var client = app.NewClient();
        using var first = await RunningApp.PostFormAsync(client, page, form, ("UserName", "Ann"), ("Password", "wrong"));
        using var second = await RunningApp.PostFormAsync(client, page, form, ("UserName", "Ann"), ("Password", "a long password"));

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Contains("value=\"Ann\"", await second.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limit_of_zero_is_no_limit()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:JoinsPerMinutePerAddress=0");
        foreach (var number in Enumerable.Range(1, 100))
            await app.JoinAsync($"Guest {number}");
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("10.0.0.0/8", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.0/8", true)]
    public async Task Forwarded_address_counts_only_from_a_trusted_proxy(string? trusted, bool believed)
    {
        string[] settings = ["ChatShare:Limits:JoinsPerMinutePerAddress=1", .. trusted is null ? [] : new[] { $"ChatShare:TrustedProxies:0={trusted}" }];
        await using var app = await RunningApp.StartAsync(settings);
        using var first = await JoinFromAsync(app, "203.0.113.1", "Ann");
        using var second = await JoinFromAsync(app, "203.0.113.2", "Bob");

        Assert.Equal(HttpStatusCode.Found, first.StatusCode);
        Assert.Equal(believed ? HttpStatusCode.Found : HttpStatusCode.TooManyRequests, second.StatusCode);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", HttpStatusCode.Found)]
    public async Task Forwarded_host_counts_for_the_origin_only_from_a_trusted_proxy(string? trusted, HttpStatusCode expected)
    {
        await using var app = await RunningApp.StartAsync(trusted is null ? [] : [$"ChatShare:TrustedProxies:0={trusted}"]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/leave");
        request.Headers.Add("Origin", "https://chat.example");
        request.Headers.Add("X-Forwarded-Host", "chat.example");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-For", "203.0.113.1");
        using var response = await app.NewClient(sendsOrigin: false).SendAsync(request, Cancel);

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "127.0.0.1")]
    [InlineData("127.0.0.1", "203.0.113.1")]
    public async Task Administrator_sees_an_address_and_a_cookie_is_secure_by_the_words_of_a_trusted_proxy_alone(string trusted, string address)
    {
        await using var app = await RunningApp.StartAsync([.. ApiFixture.Settings, $"ChatShare:TrustedProxies:0={trusted}"]);
        using var root = await ApiClient.SignInAdministratorAsync(app);
        using var ann = new ApiClient(app, app.NewClient(sendsOrigin: false));
        using var bo = app.NewClient(sendsOrigin: false);
        ann.Http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.1");
        await ann.OpenAsync("""{"nickname":"Ann"}""");
        await ann.GetAsync("/api/rooms");
        var token = RunningApp.TokenIn(await bo.GetStringAsync("/", Cancel));
        bo.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        bo.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.1");
        bo.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        using var joined = await RunningApp.PostAsync(bo, "/", "join", token, ("Nickname", "Bo"));

        var row = Assert.Single((await root.GetAsync("/api/connections")).EnumerateArray(), user => user.GetProperty("nickname").GetString() == "Ann");
        Assert.Equal($"[\"{address}\"]", row.GetProperty("addresses").GetRawText());
        Assert.Equal(HttpStatusCode.Found, joined.StatusCode);
        var cookie = Assert.Single(joined.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith("chatshare=", StringComparison.Ordinal));
        Assert.Equal(trusted == "127.0.0.1", cookie.Contains("; secure", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Addresses_of_one_ipv6_network_count_as_one()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:JoinsPerMinutePerAddress=1", "ChatShare:TrustedProxies:0=127.0.0.1");
        using var first = await JoinFromAsync(app, "2001:db8:1:2::1", "Ann");
        using var neighbour = await JoinFromAsync(app, "2001:db8:1:2:ffff::9", "Bob");
        using var other = await JoinFromAsync(app, "2001:db8:1:3::1", "Cleo");

        Assert.Equal(HttpStatusCode.Found, first.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, neighbour.StatusCode);
        Assert.Equal(HttpStatusCode.Found, other.StatusCode);
    }

    private static async Task<HttpResponseMessage> JoinFromAsync(RunningApp app, string address, string nickname)
    {
        using var client = app.NewClient();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        return await RunningApp.PostFormAsync(client, "/", "join", ("Nickname", nickname));
    }
}
