using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ChatShare.Core.People;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using ChatShare.Web.Endpoints;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;

namespace ChatShare.Tests.Security;

/// <summary>
/// Every endpoint that the program has, each by everybody who may not and once by somebody who may. An endpoint that is new fails here until
/// somebody says whose it is.
/// </summary>
public sealed class EndpointAccessTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private enum Whose
    {
        Everybody,
        WhoeverHasJoined,
        TheSender,
        Administrators,
    }

    private static readonly Dictionary<string, Whose> Endpoints = new(StringComparer.Ordinal)
    {
        ["GET /{**path:file}"] = Whose.Everybody,
        ["HEAD /{**path:file}"] = Whose.Everybody,
        ["GET /"] = Whose.Everybody,
        ["POST /"] = Whose.Everybody,
        ["GET /signin"] = Whose.Everybody,
        ["POST /signin"] = Whose.Everybody,
        ["GET /setup"] = Whose.Everybody,
        ["POST /setup"] = Whose.Everybody,
        ["GET /status/{status:int}"] = Whose.Everybody,
        ["POST /status/{status:int}"] = Whose.Everybody,
        ["POST /leave"] = Whose.Everybody,
        ["POST /api/session"] = Whose.Everybody,
        ["OPTIONS /uploads/{id?}"] = Whose.Everybody,
        ["GET /health/live"] = Whose.Everybody,
        ["HEAD /health/live"] = Whose.Everybody,
        ["GET /health/ready"] = Whose.Everybody,
        ["HEAD /health/ready"] = Whose.Everybody,
        // Of this machine, which all are here; MetricsPageTests has the others.
        ["GET /metrics"] = Whose.Everybody,
        ["POST /metrics"] = Whose.Everybody,
        ["GET /openapi/{documentName}.json"] = Whose.Everybody,
        ["GET /scalar/{documentName?}"] = Whose.Everybody,
        ["GET /scalar/scalar.js"] = Whose.Everybody,
        ["GET /scalar/scalar.aspnetcore.js"] = Whose.Everybody,
        ["GET /scalar/favicon.svg"] = Whose.Everybody,
        [$"GET {PagePartEndpoints.Theme}"] = Whose.Everybody,
        [$"HEAD {PagePartEndpoints.Theme}"] = Whose.Everybody,
        [$"GET {PagePartEndpoints.Script}"] = Whose.Everybody,
        [$"HEAD {PagePartEndpoints.Script}"] = Whose.Everybody,
        ["GET /_framework/opaque-redirect"] = Whose.Everybody,
        ["GET /rooms/{Address?}"] = Whose.WhoeverHasJoined,
        ["POST /rooms/{Address?}"] = Whose.WhoeverHasJoined,
        ["GET /rooms/{Address}/files"] = Whose.WhoeverHasJoined,
        ["POST /rooms/{Address}/files"] = Whose.WhoeverHasJoined,
        ["GET /rooms/{Address}/search"] = Whose.WhoeverHasJoined,
        ["POST /rooms/{Address}/search"] = Whose.WhoeverHasJoined,
        ["GET /_blazor"] = Whose.WhoeverHasJoined,
        ["POST /_blazor"] = Whose.WhoeverHasJoined,
        ["GET /_blazor/negotiate"] = Whose.WhoeverHasJoined,
        ["POST /_blazor/negotiate"] = Whose.WhoeverHasJoined,
        ["GET /_blazor/disconnect/"] = Whose.WhoeverHasJoined,
        ["POST /_blazor/disconnect/"] = Whose.WhoeverHasJoined,
        ["GET /_blazor/initializers/"] = Whose.WhoeverHasJoined,
        ["POST /_blazor/initializers/"] = Whose.WhoeverHasJoined,
        ["GET /files/{id}/{name?}"] = Whose.WhoeverHasJoined,
        ["HEAD /files/{id}/{name?}"] = Whose.WhoeverHasJoined,
        ["GET /files/archive"] = Whose.WhoeverHasJoined,
        ["HEAD /files/archive"] = Whose.WhoeverHasJoined,
        ["POST /files/archive"] = Whose.WhoeverHasJoined,
        ["GET /thumbnails/{id}"] = Whose.WhoeverHasJoined,
        ["GET /uploads/"] = Whose.WhoeverHasJoined,
        ["HEAD /uploads/"] = Whose.WhoeverHasJoined,
        ["POST /uploads/"] = Whose.WhoeverHasJoined,
        ["POST /uploads/batch"] = Whose.WhoeverHasJoined,
        ["DELETE /api/session"] = Whose.WhoeverHasJoined,
        ["GET /api/rooms"] = Whose.WhoeverHasJoined,
        ["POST /api/rooms"] = Whose.WhoeverHasJoined,
        ["GET /api/rooms/{room}/people"] = Whose.WhoeverHasJoined,
        ["GET /api/rooms/{room}/files"] = Whose.WhoeverHasJoined,
        ["GET /api/rooms/{room}/messages"] = Whose.WhoeverHasJoined,
        ["POST /api/rooms/{room}/messages"] = Whose.WhoeverHasJoined,
        ["GET /api/rooms/{room}/events"] = Whose.WhoeverHasJoined,
        ["HEAD /uploads/{id}"] = Whose.TheSender,
        ["PATCH /uploads/{id}"] = Whose.TheSender,
        ["DELETE /uploads/{id}"] = Whose.TheSender,
        ["GET /uploads/{id}/samples"] = Whose.TheSender,
        ["HEAD /uploads/{id}/samples"] = Whose.TheSender,
        ["POST /uploads/{id}/digest"] = Whose.TheSender,
        ["GET /admin"] = Whose.Administrators,
        ["POST /admin"] = Whose.Administrators,
        ["GET /api/connections"] = Whose.Administrators,
        ["DELETE /api/connections/{id}"] = Whose.Administrators,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RunningApp App => fixture.App;

    [Fact]
    public void Every_endpoint_is_somebodys()
    {
        string[] all = [.. Walk().Select(KeyOf)];

        Assert.Equal("", string.Join(", ", all.Except(Endpoints.Keys)));
        Assert.Equal("", string.Join(", ", Endpoints.Keys.Except(all)));
    }

    [Fact]
    public void Files_that_belong_to_the_program_are_only_read() => Assert.All(
        App.Get<EndpointDataSource>().Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<StaticAssetDescriptor>() is not null),
        endpoint => Assert.All(endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods, method => Assert.True(method is "GET" or "HEAD", method)));

    [Fact]
    public async Task Nobody_gets_through_whose_it_is_not_and_every_answer_carries_the_headers()
    {
        using var sender = await App.JoinAsync("Olga");
        using var root = App.NewClient();
        using (var signedIn = await RunningApp.PostFormAsync(root, "/signin", "signin", ("UserName", ApiFixture.Administrator), ("Password", ApiFixture.Password)))
            Assert.Equal(HttpStatusCode.Found, signedIn.StatusCode);
        var wrong = new List<string>();
        foreach (var (method, pattern) in Walk())
        {
            var whose = Endpoints[KeyOf((method, pattern))];
            var (anonymous, stranger, owner) = (
                await SendAsync(App.NewClient(), method, await AddressAsync(pattern, sender)),
                await SendAsync(await GuestAsync(), method, await AddressAsync(pattern, sender)),
                await SendAsync(whose is Whose.Administrators ? root : whose is Whose.TheSender ? sender : await GuestAsync(), method, await AddressAsync(pattern, sender)));
            bool[] expected = [whose is Whose.Everybody, whose is Whose.Everybody or Whose.WhoeverHasJoined, true];
            bool[] was = [anonymous.GotThrough, stranger.GotThrough, owner.GotThrough];
            if (!expected.SequenceEqual(was))
                wrong.Add($"{method} {pattern}: nobody {anonymous}, a stranger {stranger}, whose it is {owner}");
        }

        Assert.Equal("", string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("X-Forwarded-For", "10.9.9.9")]
    [InlineData("Forwarded", "for=10.9.9.9")]
    [InlineData("Via", "1.1 proxy")]
    public async Task Metrics_are_not_for_whom_a_proxy_on_this_machine_brings_though_nobody_trusts_it(string header, string value)
    {
        using var client = App.NewClient(sendsOrigin: false);
        using var direct = await client.GetAsync("/metrics", Cancel);
        client.DefaultRequestHeaders.Add(header, value);
        using var brought = await client.GetAsync("/metrics", Cancel);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (direct.StatusCode, brought.StatusCode));
    }

    /// <summary>Each time another one: some of these end the session of the one who asks.</summary>
    private Task<HttpClient> GuestAsync() => App.JoinAsync($"Guest {Guid.NewGuid():N}"[..20]);

    private static string KeyOf((string Method, string Pattern) endpoint) => $"{endpoint.Method} {endpoint.Pattern}";

    /// <summary>Those that are not files of the program itself.</summary>
    private IEnumerable<(string Method, string Pattern)> Walk() =>
        from endpoint in App.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.GetMetadata<StaticAssetDescriptor>() is null
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods ? methods : ["GET", "POST"]
        group endpoint by (method, Pattern: "/" + endpoint.RoutePattern.RawText!.TrimStart('/')) into same
        select same.Key;

    private async Task<string> AddressAsync(string pattern, HttpClient sender)
    {
        var address = pattern.Replace("{room}", "Lobby", StringComparison.Ordinal).Replace("{Address?}", "Lobby", StringComparison.Ordinal)
            .Replace("{Address}", "Lobby", StringComparison.Ordinal).Replace("{documentName}", "v1", StringComparison.Ordinal)
            .Replace("{documentName?}", "v1", StringComparison.Ordinal).Replace("{status:int}", "404", StringComparison.Ordinal).Replace("{name?}", "x", StringComparison.Ordinal);
        if (!address.Contains("{id", StringComparison.Ordinal))
            return address;
        var id = address.StartsWith("/api/connections", StringComparison.Ordinal) ? await SomebodyAsync()
            : (await new TusClient(App, sender).CreateAsync("a.txt", address.StartsWith("/files", StringComparison.Ordinal) ? 0 : 5)).Split('/')[^1];
        return address.Replace("{id}", id, StringComparison.Ordinal).Replace("{id?}", id, StringComparison.Ordinal);
    }

    private async Task<string> SomebodyAsync()
    {
        var session = await App.Get<SessionService>().JoinAsync(Make.Nickname(Guid.NewGuid().ToString("N")[..20]), Cancel);
        App.Get<ConnectedUsers>().Connect(session, Door.Browser, "10.0.0.9");
        return session.PersonId.ToString();
    }

    /// <summary>With everything that any of them wants to see before it asks who it is.</summary>
    private static async Task<Answer> SendAsync(HttpClient client, string method, string address)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        request.Headers.Add("Tus-Resumable", "1.0.0");
        request.Headers.Add("Upload-Length", "5");
        request.Headers.Add("Upload-Offset", "0");
        request.Headers.Add("Upload-Metadata", TusClient.Metadata("b.txt"));
        request.Headers.Add("Repr-Digest", $"sha-256=:{Convert.ToBase64String(new byte[32])}:");
        request.Headers.Add("X-HTTP-Method-Override", "PATCH");
        if (method is not ("GET" or "HEAD" or "OPTIONS"))
        {
            request.Content = new ByteArrayContent(address.StartsWith("/api", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes("{}") : []);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(
                address.StartsWith("/api", StringComparison.Ordinal) ? "application/json" : "application/offset+octet-stream");
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        // What has fallen over has let nobody through.
        Assert.True((int)response.StatusCode < 500, $"{method} {address}: {(int)response.StatusCode}");
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("same-origin", Assert.Single(response.Headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.NotEmpty(Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
        var to = response.Headers.Location?.OriginalString ?? "";
        return new Answer(
            (int)response.StatusCode,
            response.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                && !(response.StatusCode == HttpStatusCode.NotFound && address.StartsWith("/uploads", StringComparison.Ordinal))
                && !to.Contains("returnUrl=", StringComparison.Ordinal));
    }

    private sealed record Answer(int Status, bool GotThrough)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(GotThrough ? "gets through" : "is refused")} ({Status})");
    }
}
