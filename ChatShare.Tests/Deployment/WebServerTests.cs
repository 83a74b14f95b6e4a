using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Deployment;

/// <summary>With deploy/nginx.conf and deploy/Caddyfile everything that people and programs do passes over TLS.</summary>
public sealed class WebServerTests
{
    private const string Secure = "max-age=31536000";

    private static readonly string[] Settings = ["ChatShare:TrustedProxies=127.0.0.1", "ChatShare:Downloads:AccelRedirectPrefix=/protected"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Front.Nginx)]
    [InlineData(Front.Caddy)]
    public async Task People_join_over_tls_with_a_secure_cookie_and_open_the_page_socket(string kind)
    {
        await using var app = await RunningApp.StartAsync(Settings);
        await using var front = await Front.StartAsync(kind, app);
        var cookies = new CookieContainer();
        var ann = front.NewClient(cookies);

        using var plain = await ann.GetAsync($"{front.PlainAddress}/rooms/Lobby", Cancel);
        using var metrics = await ann.GetAsync("/metrics", Cancel);
        using var joined = await RunningApp.PostFormAsync(ann, "/", "join", ("Nickname", "Ann"));
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", front.Address);
        socket.Options.SetRequestHeader("Cookie", cookies.GetCookieHeader(ann.BaseAddress!));
        using var invoker = new HttpMessageInvoker(front.NewHandler());
        await socket.ConnectAsync(new Uri(front.Address.Replace("https:", "wss:", StringComparison.Ordinal) + "/_blazor"), invoker, Cancel);

        Assert.Equal(HttpStatusCode.PermanentRedirect, plain.StatusCode);
        Assert.Equal(("https", "/rooms/Lobby"), (plain.Headers.Location!.Scheme, plain.Headers.Location.AbsolutePath));
        // They come from this machine, as the web server does, and are let in by it: neither makes them somebody who may read these.
        Assert.Equal(HttpStatusCode.NotFound, metrics.StatusCode);
        Assert.Equal(HttpStatusCode.Found, joined.StatusCode);
        // Of pages, and of what is not there; browsers would not believe it without TLS.
        Assert.Equal([Secure, Secure, ""], new[] { joined, metrics, plain }.Select(response => response.Header("Strict-Transport-Security")));
        // That of the session and that of the form.
        Assert.Equal([true, true], cookies.GetAllCookies().Select(cookie => cookie.Secure));
        Assert.Equal(WebSocketState.Open, socket.State);
    }

    [Theory]
    [InlineData(Front.Nginx)]
    [InlineData(Front.Caddy)]
    public async Task Programs_follow_share_and_take_without_anything_that_is_collected_on_the_way(string kind)
    {
        await using var app = await RunningApp.StartAsync(Settings);
        await using var front = await Front.StartAsync(kind, app);
        var client = front.NewClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(client));
        using var events = await client.BeginGetAsync("/api/rooms/Lobby/events");
        using var lines = new StreamReader(await events.Content.ReadAsStreamAsync(Cancel));

        // The stream stays open: what is read of it has passed by itself.
        using var said = await client.PostAsJsonAsync("/api/rooms/Lobby/messages", new { text = "Over TLS", clientId = Make.ClientId() }, Cancel);
        Assert.Contains("Over TLS", await DataAsync(lines), StringComparison.Ordinal);

        var tus = new TusClient(app, client);
        var content = Make.Bytes(2_000_000);
        var location = await tus.CreateAsync("half.bin", content.Length);
        Assert.Contains("half.bin", await DataAsync(lines), StringComparison.Ordinal);
        var address = location.Replace("/uploads/", "/files/", StringComparison.Ordinal) + "/half.bin";
        using var early = await client.BeginGetAsync(address);
        await using var body = await early.Content.ReadAsStreamAsync(Cancel);
        var got = new byte[content.Length];
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, content[..1_000_000]));
        await body.ReadExactlyAsync(got.AsMemory(0, 1_000_000), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 1_000_000, content[1_000_000..]));
        await body.ReadExactlyAsync(got.AsMemory(1_000_000), Cancel);
        using var finished = await client.BeginGetAsync(address);
        var sha256 = Make.Sha256(content);

        Assert.Equal(sha256, Make.Sha256(got));
        Assert.Equal(sha256, Make.Sha256(await finished.Content.ReadAsByteArrayAsync(Cancel)));
        var tag = $"\"{sha256}\"";
        Assert.Equal((tag, "", Secure), (finished.Header("ETag"), finished.Header("X-Accel-Redirect"), finished.Header("Strict-Transport-Security")));
        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(("If-None-Match", tag)));
        Assert.Equal(HttpStatusCode.PartialContent, await StatusAsync(("Range", "bytes=10-19"), ("If-Range", tag)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(("Range", "bytes=10-19"), ("If-Range", "\"other\"")));

        async Task<HttpStatusCode> StatusAsync(params (string, string)[] headers)
        {
            using var response = await client.BeginGetAsync(address, headers);
            return response.StatusCode;
        }
    }

    [Theory]
    [InlineData(Front.Nginx)]
    [InlineData(Front.Caddy)]
    public async Task Site_that_pretends_to_be_this_one_is_refused(string kind)
    {
        await using var app = await RunningApp.StartAsync(Settings);
        await using var front = await Front.StartAsync(kind, app);
        var client = front.NewClient();
        client.DefaultRequestHeaders.Remove("Origin");
        client.DefaultRequestHeaders.Add("Origin", "https://evil.example");
        client.DefaultRequestHeaders.Add("X-Forwarded-Host", "evil.example");
        using var response = await client.PostAsJsonAsync("/api/session", new { nickname = "Eve" }, Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    private static async Task<string> TokenAsync(HttpClient client)
    {
        using var response = await client.PostAsJsonAsync("/api/session", new { nickname = "Robot" }, Cancel);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("accessToken").GetString()!;
    }

    private static async Task<string> DataAsync(StreamReader lines)
    {
        while (await lines.ReadLineAsync(Cancel) is { } line)
        {
            if (line.StartsWith("data: {", StringComparison.Ordinal))
                return line;
        }

        throw new InvalidOperationException("The stream of events has ended.");
    }
}
