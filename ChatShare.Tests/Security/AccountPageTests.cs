using System.Net;
using ChatShare.Core.People;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

/// <summary>Setting up and signing in through the forms, as a script would try them.</summary>
public sealed class AccountPageTests
{
    private const string Password = "correct horse battery";

    private static readonly string[] Root = ["ChatShare:Admin:UserName=Root", $"ChatShare:Admin:Password={Password}"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Setup_without_the_links_token_is_forbidden_and_shows_no_form()
    {
        await using var app = await RunningApp.StartAsync();
        foreach (var page in new[] { "/setup", "/setup?token=", "/setup?token=" + new string('0', 40) })
        {
            using var response = await app.NewClient().GetAsync(page, Cancel);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
            Assert.DoesNotContain("<form", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Setup_form_that_was_opened_twice_makes_one_administrator()
    {
        await using var app = await RunningApp.StartAsync();
        var link = app.SetupUrl!;
        using var first = app.NewClient();
        using var second = app.NewClient();
        var secondToken = RunningApp.TokenIn(await second.GetStringAsync(link, Cancel));
        using var won = await RunningApp.PostFormAsync(first, link, "setup", ("UserName", "Root"), ("Password", Password));
        using var late = await RunningApp.PostAsync(second, link, "setup", secondToken, ("UserName", "Other"), ("Password", Password));

        Assert.Equal(HttpStatusCode.Found, won.StatusCode);
        Assert.Equal(HttpStatusCode.Gone, late.StatusCode);
        Assert.Contains("There is an administrator already.", await late.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Found, await StatusAsync(second, "/admin"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(first, "/admin"));
    }

    [Theory]
    [InlineData("elevenchars", false)]
    [InlineData("password1234", false)]
    [InlineData("rootROOTroot", false)]
    [InlineData("Password1234!", true)]
    [InlineData("testpassword123", true)]
    public async Task Setup_takes_twelve_characters_of_any_kind_but_what_is_tried_first(string password, bool accepted)
    {
        await using var app = await RunningApp.StartAsync();
        using var response = await RunningApp.PostFormAsync(app.NewClient(), app.SetupUrl!, "setup", ("UserName", "Root"), ("Password", password));

        Assert.Equal(accepted ? HttpStatusCode.Found : HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(accepted, await app.Get<AccountService>().HasAdministratorAsync(Cancel));
    }

    [Fact]
    public async Task Right_password_of_a_resting_account_signs_nobody_in()
    {
        await using var app = await RunningApp.StartAsync([.. Root, "ChatShare:Limits:SignInsPerMinutePerAddress=0"]);
        for (var tries = 0; tries < AccountService.TriesBeforeRest; tries++)
            using (await SignInAsync(app.NewClient(), "a wrong password")) { }
        using var client = app.NewClient();
        using var response = await SignInAsync(client, Password);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain("chatshare=", RunningApp.CookiesOf(client), StringComparison.Ordinal);
        // The same sentence as for a wrong password: nobody learns that this was the right one.
        Assert.Contains(AccountService.NoMatch, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookie_given_through_a_trusted_proxy_with_https_is_for_https_alone()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:TrustedProxies:0=127.0.0.1");
        using var client = app.NewClient(sendsOrigin: false);
        client.DefaultRequestHeaders.Add("Origin", "https://chat.example");
        client.DefaultRequestHeaders.Add("X-Forwarded-Host", "chat.example");
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.1");
        using var page = await client.GetAsync("/", Cancel);
        var formCookie = page.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("chatshare.form=", StringComparison.Ordinal));
        Assert.Contains("secure", formCookie, StringComparison.OrdinalIgnoreCase);

        // The client speaks plain http to the proxy's side and would keep a secure cookie for itself.
        client.DefaultRequestHeaders.Add("Cookie", formCookie.Split(';')[0]);
        using var response = await RunningApp.PostAsync(
            client, "/", "join", RunningApp.TokenIn(await page.Content.ReadAsStringAsync(Cancel)), ("Nickname", "Ann"));

        var cookie = response.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("chatshare=", StringComparison.Ordinal));
        Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("https://chat.example/", response.Headers.Location?.ToString(), StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> SignInAsync(HttpClient client, string password) =>
        RunningApp.PostFormAsync(client, "/signin", "signin", ("UserName", "Root"), ("Password", password));

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, Cancel);
        return response.StatusCode;
    }
}
