using System.Net;
using System.Runtime.CompilerServices;
using ChatShare.Core.People;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatShare.Tests.Security;

/// <summary>What signing in tells, takes and gives.</summary>
public sealed class SignInTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RunningApp App => fixture.App;

    [Fact]
    public async Task Unknown_name_wrong_password_and_resting_account_are_told_the_same_after_the_same_work()
    {
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddScoped<IPasswordHasher<Account>, CountingHasher>(), ApiFixture.Settings);
        var accounts = app.Get<AccountService>();
        // The first one also makes the hash that those are compared with who are not there.
        await accounts.CheckPasswordAsync("Nobody", "x", "here", Cancel);
        foreach (var (name, password) in new[]
        {
            ("Nobody", "wrong wrong wrong"), ("\u0000", "x"), ("Root", "wrong wrong wrong"), ("Root", new string('x', 100_000)), ("Root", ""), ("Root", "wrong wrong wrong"),
            ("Root", "wrong wrong wrong"), ("Root", ApiFixture.Password),
        })
        {
            CountingHasher.Count.Value = 0;
            Assert.Null(await CheckAsync(name, password));
            Assert.Equal((name, 1), (name, CountingHasher.Count.Value));
        }

        Task<Account?> CheckAsync(string name, string password) => accounts.CheckPasswordAsync(name, password, "here", Cancel);
    }

    [Fact]
    public async Task Long_password_of_any_script_is_taken_whole_and_may_be_pasted()
    {
        await using var app = await RunningApp.StartAsync();
        var password = string.Concat(Enumerable.Range(0, 40).Select(number => $"ключ{number} "))[..200];
        using var first = app.NewClient();
        var setup = await first.GetStringAsync(app.SetupUrl, Cancel);
        using var created = await RunningApp.PostFormAsync(first, app.SetupUrl!, "setup", ("UserName", "Root"), ("Password", password));
        Assert.Equal(HttpStatusCode.Found, created.StatusCode);
        using var client = app.NewClient();
        var page = await client.GetStringAsync("/signin", Cancel);
        using var cut = await RunningApp.PostFormAsync(client, "/signin", "signin", ("UserName", "Root"), ("Password", password[..^1]));
        using var whole = await RunningApp.PostFormAsync(client, "/signin", "signin", ("UserName", "Root"), ("Password", password));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Found), (cut.StatusCode, whole.StatusCode));
        Assert.All([setup, page], html =>
        {
            Assert.Contains("type=\"password\"", html, StringComparison.Ordinal);
            Assert.DoesNotContain("maxlength", html, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("onpaste", html, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public async Task Signing_in_gives_another_session_and_ends_the_one_before()
    {
        using var browser = await App.JoinAsync("Changer");
        var before = RunningApp.CookiesOf(browser);
        using var response = await RunningApp.PostFormAsync(browser, "/signin", "signin", ("UserName", ApiFixture.Administrator), ("Password", ApiFixture.Password));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, "/admin"));

        using var thief = App.NewClient();
        thief.DefaultRequestHeaders.Add("Cookie", before);
        Assert.Equal(HttpStatusCode.Found, await StatusAsync(thief, "/rooms/Lobby"));
    }

    [Theory]
    [InlineData("/signin", "signin")]
    [InlineData("/", "join")]
    [InlineData("/leave", "")]
    public async Task Other_sites_sign_nobody_in_or_out(string page, string form)
    {
        using var victim = await App.JoinAsync($"Victim {form}");
        var cookies = RunningApp.CookiesOf(victim);
        using var attacker = App.NewClient();
        // A token of the attacker's own, which fits their own cookie alone.
        var token = RunningApp.TokenIn(await attacker.GetStringAsync("/signin", Cancel));
        (string, string)[] fields = [("UserName", ApiFixture.Administrator), ("Password", ApiFixture.Password), ("Nickname", "Attacker")];
        using var ownToken = await RunningApp.PostAsync(victim, page, form, token, fields);
        victim.DefaultRequestHeaders.Remove("Origin");
        victim.DefaultRequestHeaders.Add("Origin", "http://evil.example");
        using var foreign = await RunningApp.PostAsync(victim, page, form, token, fields);
        using var read = await victim.GetAsync($"{page}?UserName={ApiFixture.Administrator}&Password={ApiFixture.Password}&Nickname=Attacker&_handler={form}", Cancel);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.Forbidden), (ownToken.StatusCode, foreign.StatusCode));
        Assert.Equal(cookies, RunningApp.CookiesOf(victim));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(victim, "/rooms/Lobby"));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, Cancel);
        return response.StatusCode;
    }

    /// <summary>The framework's, which also counts for whoever asked.</summary>
    private sealed class CountingHasher(IOptions<PasswordHasherOptions> options) : PasswordHasher<Account>(options)
    {
        public static StrongBox<int> Count { get; } = new();

        public override PasswordVerificationResult VerifyHashedPassword(Account user, string hashedPassword, string providedPassword)
        {
            Count.Value++;
            return base.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}
