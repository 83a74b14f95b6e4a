using System.Net;
using ChatShare.Tests.Support;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Deployment;

/// <summary>Two nodes behind one web server, by the files that operators take.</summary>
public sealed class NodesBehindTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Front.Nginx)]
    [InlineData(Front.Caddy)]
    public async Task A_browser_stays_at_its_node_and_goes_on_at_the_other_when_that_is_gone(string kind)
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        await using var redis = await RedisServer.StartAsync();
        using var downloads = new TemporaryFolder();
        string[] settings =
        [
            .. await PostgreSqlServer.NewSettingsAsync(), $"ChatShare:Cluster:Redis={redis.Address}", $"ChatShare:Downloads:Directory={downloads.Path}",
            "ChatShare:TrustedProxies=127.0.0.1", "ChatShare:Downloads:AccelRedirectPrefix=/protected",
        ];
        var counts = new[] { new Requests(), new Requests() };
        await using var one = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<IStartupFilter>(counts[0]), settings);
        await using var other = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<IStartupFilter>(counts[1]), settings);
        await using var front = await Front.StartAsync(kind, one, other);

        // Enough that all at one node would be no accident.
        var people = new List<HttpClient>();
        for (var i = 0; i < 12; i++)
        {
            var cookies = new CookieContainer();
            var person = front.NewClient(cookies);
            using var joined = await RunningApp.PostFormAsync(person, "/", "join", ("Nickname", $"Person {i}"));
            Assert.Equal(HttpStatusCode.Found, joined.StatusCode);
            var node = Assert.Single(cookies.GetAllCookies(), cookie => cookie.Name == NodeCookie.Name);
            Assert.Equal((true, true), (node.Secure, node.HttpOnly));
            var before = counts.Select(count => count.Number).ToArray();
            for (var again = 0; again < 3; again++)
                await OpenAsync(person);
            Assert.Contains(0, counts.Zip(before, (count, number) => count.Number - number));
            people.Add(person);
        }

        Assert.All(counts, count => Assert.NotEqual(0, count.Number));
        await one.StopAsync();
        foreach (var person in people)
            await OpenAsync(person);
    }

    private static async Task OpenAsync(HttpClient person)
    {
        using var response = await person.GetAsync("/rooms/Lobby", Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <summary>Counts what comes to a node.</summary>
    private sealed class Requests : IStartupFilter
    {
        private int _number;

        public int Number => Volatile.Read(ref _number);

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, following) =>
            {
                Interlocked.Increment(ref _number);
                return following(context);
            });
            next(app);
        };
    }
}
