using System.Globalization;
using System.Net;
using ChatShare.Tests.Support;
using ChatShare.Web;
using ChatShare.Web.Security;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ChatShare.Tests;

/// <summary>Servers that are not there yet when the program starts.</summary>
public sealed class WaitingStartTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Program_says_that_it_is_not_ready_until_database_and_redis_have_come_and_goes_on_by_itself()
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var line = new CutLine(new NpgsqlConnectionStringBuilder(database).Port);
        line.Down();
        await using var redis = await RedisServer.StartAsync();
        await redis.KillAsync();
        using var folder = new TemporaryFolder();
        var log = new Collector();
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Sockets.FreePort()}");
        await using var app = ChatShareApp.Build(
            [
                $"--Kestrel:Endpoints:Web:Url={address}", "--ChatShare:Gateway:Endpoint=", $"--ChatShare:DataDirectory={folder.File("data")}",
                $"--ChatShare:Downloads:Directory={folder.File("downloads")}", $"--ChatShare:Cluster:Redis={redis.Address}",
                .. PostgreSqlServer.SettingsFor(line.Through(database) + ";Password=hidden").Select(setting => "--" + setting),
            ],
            builder => builder.Logging.ClearProviders().Services.AddSingleton<ILoggerProvider>(log));
        using var browser = new HttpClient { BaseAddress = new Uri(address) };
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        var starting = Start.RunAsync(app, output, Cancel);

        await SaidAsync("ChatShare:Storage:ConnectionString");
        // Tried more than once, and told once.
        var tried = line.Connections;
        await Eventually.TrueAsync(() => Task.FromResult(line.Connections > tried + 1));
        Assert.Equal(1, log.Lines.Count(told => told.Contains("ChatShare:Storage:ConnectionString", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/health/live", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await browser.GetAsync("/health/ready", Cancel)).StatusCode);
        using var page = await browser.GetAsync("/rooms/Lobby", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
        Assert.NotNull(page.Headers.RetryAfter);
        Assert.Contains("not open yet", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(["nosniff"], page.Headers.GetValues("X-Content-Type-Options"));
        foreach (var path in new[] { "/api/rooms", "/uploads", "/files/1", "/metrics" })
        {
            using var told = await browser.GetAsync(path, Cancel);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (told.StatusCode, told.Content.Headers.ContentType?.MediaType));
            Assert.True(told.Headers.RetryAfter is not null && !told.Headers.Contains("Refresh"));
            Assert.Contains("\"detail\":\"ChatShare is not open yet", await told.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        using var link = new HttpRequestMessage(HttpMethod.Get, "/files/1") { Headers = { { "Accept", "text/html" } } };
        using var shown = await browser.SendAsync(link, Cancel);
        Assert.Equal("text/html", shown.Content.Headers.ContentType?.MediaType);

        line.Up();
        await SaidAsync("ChatShare:Cluster:Redis");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await browser.GetAsync("/health/ready", Cancel)).StatusCode);
        Assert.False(starting.IsCompleted);

        await redis.StartAgainAsync();
        await starting;
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/health/ready", Cancel)).StatusCode);
        Assert.Contains("is open at", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(log.Lines, told => told.Contains("hidden", StringComparison.Ordinal));

        Task SaidAsync(string setting) =>
            Eventually.TrueAsync(() => Task.FromResult(log.Lines.Any(told => told.Contains(setting, StringComparison.Ordinal))));
    }

    /// <summary>Whatever it says comes through the framework's keys as a fault of cryptography.</summary>
    [Fact]
    public async Task Redis_that_does_not_give_the_keys_is_waited_for()
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        await using var redis = await RedisServer.StartAsync();
        await redis.TellAsync($"SET {KeyFolder.RedisKey} no-list");
        var log = new Collector();
        var starting = RunningApp.StartAsync(
            builder => builder.Services.AddSingleton<ILoggerProvider>(log),
            [.. PostgreSqlServer.SettingsFor(await PostgreSqlServer.NewDatabaseAsync()), $"ChatShare:Cluster:Redis={redis.Address}"]);

        await Eventually.TrueAsync(() => Task.FromResult(
            starting.IsCompleted || log.Lines.Any(told => told.Contains("The cookie keys in Redis (ChatShare:Cluster:Redis) cannot be used: WRONGTYPE", StringComparison.Ordinal))));
        Assert.False(starting.IsCompleted);
        await redis.TellAsync($"RENAME {KeyFolder.RedisKey} elsewhere");

        await using var app = await starting;
        Assert.Equal(1, await redis.CountAsync(KeyFolder.RedisKey));
        Assert.DoesNotContain(log.Lines, told => told.Contains("CryptographicException", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Program_whose_downloads_folder_is_not_mounted_waits_for_it_and_writes_nothing_below_the_mount()
    {
        var log = new Collector();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<ILoggerProvider>(log));
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var upload = await tus.CreateAsync("half.bin", 4);
        await tus.AppendAsync(upload, 0, [1, 2]);
        await app.StopAsync();
        using var elsewhere = new TemporaryFolder();
        var mounted = elsewhere.File("mounted");
        Directory.Move(app.DownloadsDirectory, mounted);
        Directory.CreateDirectory(app.DownloadsDirectory);

        var starting = app.StartAgainAsync();
        await Eventually.TrueAsync(() => Task.FromResult(log.Lines.Any(told =>
            told.Contains($"The downloads folder {app.DownloadsDirectory} (ChatShare:Downloads:Directory)", StringComparison.Ordinal))));
        using var browser = new HttpClient { BaseAddress = new Uri(app.Address) };
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/health/live", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await browser.GetAsync("/health/ready", Cancel)).StatusCode);
        Assert.False(starting.IsCompleted);
        Assert.Empty(Directory.GetFileSystemEntries(app.DownloadsDirectory));

        Directory.Delete(app.DownloadsDirectory);
        Directory.Move(mounted, app.DownloadsDirectory);
        await starting;
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/health/ready", Cancel)).StatusCode);
        Assert.Equal(2, await tus.OffsetAsync(upload));
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Database=chat;Username=me")]
    [InlineData("Host=nowhere.invalid;Database=chat;Username=me")]
    [InlineData("a database that is not made yet")]
    public async Task Program_that_waits_ends_when_it_is_told_to(string database)
    {
        if (!database.StartsWith("Host", StringComparison.Ordinal))
        {
            PostgreSqlServer.Require();
            database = new NpgsqlConnectionStringBuilder(await PostgreSqlServer.NewEmptyDatabaseAsync()) { Database = "missing" }.ToString();
        }

        using var folder = new TemporaryFolder();
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Sockets.FreePort()}");
        await using var error = new StringWriter(CultureInfo.InvariantCulture);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = ChatShareApp.RunAsync(
            [
                $"--Kestrel:Endpoints:Web:Url={address}", "--ChatShare:Gateway:Endpoint=", $"--ChatShare:DataDirectory={folder.File("data")}",
                $"--ChatShare:Downloads:Directory={folder.File("downloads")}", .. PostgreSqlServer.SettingsFor(database).Select(setting => "--" + setting),
            ],
            TextWriter.Null, error, stop.Token);
        using var browser = new HttpClient { BaseAddress = new Uri(address) };
        await Eventually.TrueAsync(async () =>
        {
            Assert.False(running.IsCompleted, error.ToString());
            try
            {
                return (await browser.GetAsync("/health/ready", Cancel)).StatusCode == HttpStatusCode.ServiceUnavailable;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });

        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }
}
