using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

public sealed class CrossSiteTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://evil.example", null, false, false)]
    [InlineData("null", null, false, false)]
    [InlineData("not an address", null, false, false)]
    [InlineData("{host}:1", null, false, false)]
    [InlineData("http://evil.example", "same-origin", true, false)]
    [InlineData("{own}", null, false, true)]
    [InlineData("{own}", "cross-site", false, true)]
    [InlineData(null, "same-origin", false, true)]
    [InlineData(null, "same-site", false, false)]
    [InlineData(null, "cross-site", true, false)]
    [InlineData(null, "none", false, false)]
    [InlineData(null, null, false, false)]
    [InlineData(null, null, true, true)]
    public async Task Post_passes_only_from_this_site_or_with_a_bearer_token(string? origin, string? site, bool bearer, bool passes)
    {
        var app = fixture.App;
        using var client = app.NewClient(sendsOrigin: false);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/leave");
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation(
                "Origin", origin.Replace("{own}", app.Address, StringComparison.Ordinal).Replace("{host}", "http://127.0.0.1", StringComparison.Ordinal));
        }

        if (site is not null)
            request.Headers.Add("Sec-Fetch-Site", site);
        if (bearer)
            request.Headers.Add("Authorization", "Bearer abc");
        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal(passes ? HttpStatusCode.Found : HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("POST", "/api/session", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/api/session", "application/x-www-form-urlencoded", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("POST", "/api/session", null, HttpStatusCode.UnsupportedMediaType)]
    [InlineData("PUT", "/api/session", "application/json", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/api/session", null, HttpStatusCode.Unauthorized)]
    [InlineData("POST", "/api/rooms", "application/json", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "/files/archive", "application/x-www-form-urlencoded", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "/uploads", null, HttpStatusCode.Unauthorized)]
    [InlineData("PATCH", "/uploads/x", "application/offset+octet-stream", HttpStatusCode.Unauthorized)]
    [InlineData("DELETE", "/uploads/x", null, HttpStatusCode.Unauthorized)]
    public async Task Program_that_shows_nothing_of_itself_is_told_what_is_wrong_and_a_foreign_page_nothing(
        string method, string path, string? type, HttpStatusCode status)
    {
        (string?, string?)[] headers = [(null, null), ("Origin", "http://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"), ("Cookie", "chatshare=x")];
        foreach (var (header, value) in headers)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent("{}"u8.ToArray()) };
            request.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
            if (header is not null)
                request.Headers.Add(header, value);
            using var response = await fixture.App.NewClient(sendsOrigin: false).SendAsync(request, Cancel);

            // The one call that looks at no cookie, and that no foreign form can make.
            var isOpen = header is null || (header == "Cookie" && (method, path, type) == ("POST", "/api/session", "application/json"));
            Assert.Equal((header, value, isOpen ? status : HttpStatusCode.Forbidden), (header, value, response.StatusCode));
            Assert.Equal((path, "application/problem+json"), (path, response.Content.Headers.ContentType?.MediaType));
            Assert.Equal(response.StatusCode == HttpStatusCode.Unauthorized, response.Headers.WwwAuthenticate.Count > 0);
        }
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Every_method_that_may_change_something_is_checked(string method)
    {
        var app = fixture.App;
        foreach (var (header, value) in new[] { ("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), "/uploads");
            request.Headers.Add(header, value);
            using var response = await app.NewClient(sendsOrigin: false).SendAsync(request, Cancel);

            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    [Fact]
    public async Task Socket_of_the_circuit_opens_for_this_site_alone()
    {
        var app = fixture.App;
        var ann = await fixture.JoinAsync();

        Assert.Equal(HttpStatusCode.SwitchingProtocols, await Sockets.OpenAsync(app, ann, app.Address));
        Assert.Equal(HttpStatusCode.Forbidden, await Sockets.OpenAsync(app, ann, "http://evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await Sockets.OpenAsync(app, ann, origin: null));
    }

    [Fact]
    public async Task Socket_of_the_circuit_needs_a_living_session()
    {
        var app = fixture.App;

        Assert.Equal(HttpStatusCode.Unauthorized, await Sockets.OpenAsync(app, app.NewClient(), app.Address));
    }

    [Theory]
    [InlineData("CircuitsPerPerson")]
    [InlineData("CircuitsPerAddress")]
    [InlineData("Circuits")]
    public async Task Open_pages_are_limited_and_a_closed_one_makes_room(string limit)
    {
        await using var app = await RunningApp.StartAsync($"ChatShare:Limits:{limit}=2");
        var ann = await app.JoinAsync("Ann");
        using var first = await Sockets.ConnectAsync(app, ann);
        using (await Sockets.ConnectAsync(app, ann))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, await Sockets.OpenAsync(app, ann, app.Address));
            // Routing does not see a slash at the end; the count has to.
            Assert.Equal(HttpStatusCode.TooManyRequests, await Sockets.OpenAsync(app, ann, app.Address, "/_blazor/"));
            // So that a page can tell its person why it does not open.
            using var negotiation = await ann.PostAsync("/_blazor/negotiate?negotiateVersion=1", null, Cancel);
            Assert.Equal(HttpStatusCode.TooManyRequests, negotiation.StatusCode);
        }

        await Eventually.TrueAsync(async () => await Sockets.OpenAsync(app, ann, app.Address) == HttpStatusCode.SwitchingProtocols);
        Assert.Equal(WebSocketState.Open, first.State);
    }

    [Fact]
    public async Task Socket_is_cut_soon_after_its_session_was_ended()
    {
        await using var app = await RunningApp.StartAsync();
        var ann = await app.JoinAsync("Ann");
        using var socket = await Sockets.ConnectAsync(app, ann);
        await app.EndSessionAsync("Ann", "An administrator disconnected you.");

        await Assert.ThrowsAnyAsync<WebSocketException>(async () =>
        {
            // Pings may come first; a cut connection throws.
            var buffer = new byte[1024];
            while (true)
                await socket.ReceiveAsync(buffer, Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        });
    }
}
