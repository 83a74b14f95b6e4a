using System.Net;
using ChatShare.Core;
using ChatShare.Core.Cluster;
using ChatShare.Core.Storage;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using ChatShare.Web.Security;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ChatShare.Tests.Cluster;

/// <summary>Two whole servers that are one chat, as a browser and a script find them.</summary>
public sealed class NodesWithDoorsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_has_joined_at_one_node_is_known_at_the_other_and_whoever_was_disconnected_at_neither()
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        await using var redis = await RedisServer.StartAsync();
        using var downloads = new TemporaryFolder();
        string[] settings =
        [
            .. await PostgreSqlServer.NewSettingsAsync(), $"ChatShare:Cluster:Redis={redis.Address}", $"ChatShare:Downloads:Directory={downloads.Path}", $"ChatShare:Admin:UserName={ApiFixture.Administrator}",
            $"ChatShare:Admin:Password={ApiFixture.Password}",
        ];
        // At once: neither finds a key for its cookies.
        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => RunningApp.StartAsync(settings), Cancel)));
        await using var one = both[0];
        await using var other = both[1];
        Assert.Equal(1, await redis.CountAsync(KeyFolder.RedisKey));
        var browser = await one.JoinAsync("Ann");
        using var script = await ApiClient.SignInAsync(one, "Bo");
        using var elsewhere = new ApiClient(other, other.NewClient(sendsOrigin: false));
        elsewhere.Http.DefaultRequestHeaders.Authorization = script.Http.DefaultRequestHeaders.Authorization;

        await elsewhere.SayAsync("by the other door");
        Assert.Equal(HttpStatusCode.OK, await RoomAsync());
        await using var events = await script.FollowAsync("Lobby");
        using var administrator = await ApiClient.SignInAdministratorAsync(other);
        var connection = "";
        await Eventually.TrueAsync(async () =>
        {
            var bo = (await administrator.GetAsync("/api/connections")).EnumerateArray().Where(line => line.GetProperty("nickname").GetString() == "Bo").ToList();
            connection = bo is [var only] ? only.GetProperty("id").GetString()! : "";
            return bo.Count == 1;
        });
        using (var ended = await administrator.Http.DeleteAsync($"/api/connections/{connection}", Cancel))
            Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);

        await Eventually.TrueAsync(async () => (await script.Http.GetAsync("/api/rooms", Cancel)).StatusCode == HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.Unauthorized, (await elsewhere.Http.GetAsync("/api/rooms", Cancel)).StatusCode);
        await one.EndSessionAsync("Ann", "Enough.");
        await Eventually.TrueAsync(async () => await RoomAsync() == HttpStatusCode.Found);

        async Task<HttpStatusCode> RoomAsync()
        {
            using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(other.Address) };
            client.DefaultRequestHeaders.Add("Cookie", RunningApp.CookiesOf(browser));
            using var response = await client.GetAsync("/rooms/Lobby", Cancel);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task A_node_says_that_it_is_not_ready_while_redis_is_away_and_goes_on_storing()
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        await using var redis = await RedisServer.StartAsync();
        await using var app = await RunningApp.StartAsync([.. await PostgreSqlServer.NewSettingsAsync(), $"ChatShare:Cluster:Redis={redis.Address}"]);
        using var ann = await ApiClient.SignInAsync(app, "Ann");
        Assert.True(await IsReadyAsync());

        await redis.KillAsync();
        await Eventually.TrueAsync(async () => !await IsReadyAsync());
        await ann.SayAsync("still here");
        await redis.StartAgainAsync();

        await Eventually.TrueAsync(IsReadyAsync);

        async Task<bool> IsReadyAsync()
        {
            using var response = await ann.Http.GetAsync("/health/ready", Cancel);
            return response.StatusCode == HttpStatusCode.OK;
        }
    }

    [Fact]
    public async Task Cookie_stays_good_when_redis_is_turned_on_comes_back_empty_and_is_turned_off()
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        await using var redis = await RedisServer.StartAsync();
        await using var app = await RunningApp.StartAsync(await PostgreSqlServer.NewSettingsAsync());
        using var before = await app.JoinAsync("Ann");
        var withRedis = $"ChatShare:Cluster:Redis={redis.Address}";

        await AgainAsync(withRedis);
        Assert.Equal(HttpStatusCode.OK, await RoomAsync(before));
        Assert.Equal(1, await redis.CountAsync(KeyFolder.RedisKey));

        await redis.KillAsync();
        await redis.StartAgainAsync();
        await AgainAsync(withRedis);
        Assert.Equal(HttpStatusCode.OK, await RoomAsync(before));
        Assert.Equal(1, await redis.CountAsync(KeyFolder.RedisKey));

        // And a key that was made while it was on is known without it.
        Directory.Delete(Path.Combine(app.DataDirectory, "keys"), recursive: true);
        await redis.KillAsync();
        await redis.StartAgainAsync();
        await AgainAsync(withRedis);
        using var meanwhile = await app.JoinAsync("Bo");
        await AgainAsync();
        Assert.Equal(HttpStatusCode.OK, await RoomAsync(meanwhile));

        async Task AgainAsync(params string[] settings)
        {
            await app.StopAsync();
            await app.StartAgainAsync(settings);
        }

        static async Task<HttpStatusCode> RoomAsync(HttpClient client)
        {
            using var response = await client.GetAsync("/rooms/Lobby", Cancel);
            return response.StatusCode;
        }
    }

    [Theory]
    [InlineData("", "NOAUTH")]
    [InlineData(",password=hunter22", "WRONGPASS")]
    public async Task Password_that_redis_refuses_is_told_in_its_words_and_in_one_line_without_the_password(string password, string told)
    {
        RedisServer.Require();
        await using var redis = await RedisServer.StartAsync();
        await redis.DemandAsync("another");
        var options = new ChatShareOptions();
        options.Cluster.Redis = redis.Address + password;
        await using var connection = new RedisConnection(Options.Create(options), NullLogger<RedisConnection>.Instance);

        var refused = await Assert.ThrowsAsync<StorageException>(() => connection.OpenAsync(Cancel));

        Assert.StartsWith($"Redis at {redis.Address} (ChatShare:Cluster:Redis) ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.DoesNotContain("hunter22", refused.Message, StringComparison.Ordinal);
        // It may be mended there.
        Assert.True(refused.MayPass);
    }

    [Theory]
    [InlineData("redis.example:6379", "SQLite")]
    [InlineData("redis.example:6379,password=hunter22,ssl=perhaps", "cannot be read")]
    public async Task Setting_that_makes_no_sense_is_told_in_a_sentence(string redis, string told)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningApp.StartAsync([$"ChatShare:Cluster:Redis={redis}"]));

        Assert.StartsWith("ChatShare:Cluster:Redis ", Assert.Single(failure.Failures, failure => failure.Contains(told, StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter22", failure.Message, StringComparison.Ordinal);
    }
}
