using System.Net;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

public sealed class SessionCookieTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cookie_of_an_ended_session_is_worthless()
    {
        await using var app = await RunningApp.StartAsync();
        var ann = await app.JoinAsync("Ann");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(ann, "/rooms/Lobby"));
        await app.EndSessionAsync("Ann", "An administrator disconnected you.");

        Assert.Equal(HttpStatusCode.Found, await StatusAsync(ann, "/rooms/Lobby"));
        Assert.Equal(HttpStatusCode.Unauthorized, await Sockets.OpenAsync(app, ann, app.Address));
        Assert.Contains("An administrator disconnected you.", await ann.GetStringAsync("/", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookie_outlives_a_restart_of_the_server()
    {
        await using var app = await RunningApp.StartAsync();
        var ann = await app.JoinAsync("Ann");
        await app.StopAsync();
        await app.StartAgainAsync();

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(ann, "/rooms/Lobby"));
    }

    [Fact]
    public async Task Leaving_needs_the_form_of_a_page()
    {
        var app = fixture.App;
        var ann = await fixture.JoinAsync();
        using var response = await RunningApp.PostAsync(ann, "/leave", form: "", token: "made up");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(ann, "/rooms/Lobby"));
    }

    [Fact]
    public async Task Form_without_its_token_is_answered_by_a_page_that_says_what_to_do()
    {
        var app = fixture.App;
        using var response = await RunningApp.PostAsync(app.NewClient(), "/", "join", token: "made up", ("Nickname", "Ann"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("This form is out of date", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guest_at_the_administrators_page_is_sent_to_sign_in()
    {
        var app = fixture.App;
        var ann = await fixture.JoinAsync();
        using var response = await ann.GetAsync("/admin", Cancel);

        Assert.Equal("/signin?returnUrl=%2Fadmin", response.Headers.Location?.ToString().Replace(app.Address, "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/rooms/Ideas", "/rooms/Ideas")]
    [InlineData("//evil.example", "/rooms/Lobby")]
    [InlineData("/\\evil.example", "/rooms/Lobby")]
    [InlineData("/\t/evil.example", "/rooms/Lobby")]
    [InlineData("https://evil.example", "/rooms/Lobby")]
    [InlineData("javascript:alert(1)", "/rooms/Lobby")]
    public async Task Return_address_is_honoured_when_it_is_local(string returnUrl, string lands)
    {
        var app = fixture.App;
        using var response = await RunningApp.PostFormAsync(
            app.NewClient(), "/?returnUrl=" + Uri.EscapeDataString(returnUrl), "join", ("Nickname", fixture.NewName()));

        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal(lands, new Uri(new Uri(app.Address), response.Headers.Location!).AbsolutePath);
        Assert.Equal("127.0.0.1", new Uri(new Uri(app.Address), response.Headers.Location!).Host);
    }

    [Theory]
    [InlineData("New%20ideas", "/rooms/New%20ideas")]
    [InlineData("%2F%2Fevil.example", "/rooms/Lobby")]
    public async Task Whoever_has_joined_already_goes_to_the_last_room(string cookie, string lands)
    {
        var app = fixture.App;
        var ann = await fixture.JoinAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Cookie", "room=" + cookie);
        using var response = await ann.SendAsync(request, Cancel);

        Assert.Equal(lands, new Uri(new Uri(app.Address), response.Headers.Location!).AbsolutePath);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, Cancel);
        return response.StatusCode;
    }
}
