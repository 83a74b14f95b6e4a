using System.Net;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

public sealed class HeaderTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData("/")]
    [InlineData("/signin")]
    [InlineData("/no/such/page")]
    [InlineData("/_blazor")]
    [InlineData("/health/live")]
    [InlineData("/_framework/blazor.web.js")]
    public async Task Every_response_carries_the_security_headers(string path)
    {
        var app = fixture.App;
        using var response = await app.NewClient().GetAsync(path, TestContext.Current.CancellationToken);

        var policy = Header(response, "Content-Security-Policy");
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
        Assert.Equal("same-origin", Header(response, "Referrer-Policy"));
        Assert.Equal("same-origin", Header(response, "Cross-Origin-Opener-Policy"));
        Assert.Equal("same-origin", Header(response, "Cross-Origin-Resource-Policy"));
        Assert.Contains("camera=()", Header(response, "Permissions-Policy"), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Pages_have_no_script_in_themselves()
    {
        var app = fixture.App;
        var ann = await fixture.JoinAsync();
        foreach (var (client, path) in new[] { (app.NewClient(), "/"), (app.NewClient(), "/signin"), (ann, "/rooms/Lobby") })
        {
            using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);
            var html = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.All(html.Split("<script").Skip(1), script => Assert.Contains("src=", script[..script.IndexOf('>', StringComparison.Ordinal)], StringComparison.Ordinal));
            Assert.Contains("script-src 'self';", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
            Assert.DoesNotContain("http-equiv", html, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("://", html.Replace(app.Address, "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Cookie_is_for_http_alone_lax_and_lasts_400_days()
    {
        var app = fixture.App;
        using var response = await RunningApp.PostFormAsync(app.NewClient(), "/", "join", ("Nickname", fixture.NewName()));

        var cookie = response.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("chatshare=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        var expires = DateTimeOffset.Parse(
            cookie.Split("expires=")[1].Split(';')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange((expires - DateTimeOffset.UtcNow).TotalDays, 399, 401);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Health_answers_without_a_session(string path)
    {
        var app = fixture.App;
        using var response = await app.NewClient().GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Without_its_database_it_lives_but_is_not_ready()
    {
        await using var app = await RunningApp.StartAsync();
        File.Move(Path.Combine(app.DataDirectory, "chatshare.db"), Path.Combine(app.DataDirectory, "away.db"));
        using var live = await app.NewClient().GetAsync("/health/live", TestContext.Current.CancellationToken);
        using var ready = await app.NewClient().GetAsync("/health/ready", TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (live.StatusCode, ready.StatusCode));
    }

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));
}
