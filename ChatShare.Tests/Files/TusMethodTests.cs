using System.Net;
using ChatShare.Core.Files;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Files;

/// <summary>What can be asked at which address under <c>/uploads</c>, and what whoever asks otherwise is told.</summary>
public sealed class TusMethodTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string OfAnUpload = "DELETE, HEAD, OPTIONS, PATCH";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("POST", "/uploads/{id}", OfAnUpload)]
    [InlineData("PUT", "/uploads/{id}", OfAnUpload)]
    [InlineData("GET", "/uploads/{id}", OfAnUpload)]
    [InlineData("PUT", "/uploads", "GET, HEAD, OPTIONS, POST")]
    [InlineData("PUT", "/uploads/{id}/samples", "GET, HEAD")]
    [InlineData("PUT", "/uploads/{id}/digest", "POST")]
    public async Task Wrong_method_is_told_with_those_that_are_right(string method, string address, string allowed)
    {
        var tus = new TusClient(fixture.App, await fixture.JoinAsync());
        var location = await tus.CreateAsync("a", 3);

        using var response = await tus.SendAsync(method, address.Replace("/uploads/{id}", location, StringComparison.Ordinal), content: null);

        Assert.Equal((HttpStatusCode.MethodNotAllowed, allowed), (response.StatusCode, response.Header("Allow")));
        Assert.Equal("1.0.0", response.Header("Tus-Resumable"));
        Assert.Contains("“Allow”", (await ApiClient.ReadAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/uploads")]
    [InlineData("/uploads/{id}/samples")]
    public async Task Head_is_get_without_the_content(string address)
    {
        var tus = new TusClient(fixture.App, await fixture.JoinAsync());
        var location = await tus.CreateAsync("a", 3);
        address = address.Replace("/uploads/{id}", location, StringComparison.Ordinal);

        using var got = await tus.SendAsync("GET", address, content: null);
        using var head = await tus.SendAsync("HEAD", address, content: null);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (got.StatusCode, head.StatusCode));
        Assert.Equal(got.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task Client_that_can_only_post_says_what_it_means()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 3);
        using var patched = await PostAsync("PATCH", TusClient.Part([1]));
        using var asked = await PostAsync("head");
        using var got = await tus.SendAsync("GET", location, content: null, ("X-HTTP-Method-Override", "DELETE"));
        using var created = await tus.SendAsync(
            "POST", "/uploads", content: null, ("X-HTTP-Method-Override", "PATCH"), ("Upload-Length", "1"), ("Upload-Metadata", TusClient.Metadata("b")));
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.OK, 1L), (patched.StatusCode, asked.StatusCode, TusClient.OffsetIn(asked)));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, got.StatusCode);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(1, await tus.OffsetAsync(location));

        using var ended = await PostAsync("DELETE");
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.Equal(HttpStatusCode.Gone, await tus.StatusAsync("HEAD", location));

        Task<HttpResponseMessage> PostAsync(string meant, HttpContent? content = null) =>
            tus.SendAsync("POST", location, content, ("X-HTTP-Method-Override", meant), ("Upload-Offset", "0"));
    }

    [Theory]
    [InlineData("partial")]
    [InlineData("final;/uploads/a /uploads/b")]
    public async Task Parts_are_not_put_together_and_whoever_asks_for_it_is_told_before_there_is_a_card(string concat)
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));

        using var response = await tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Concat", concat), ("Upload-Length", concat == "partial" ? "5" : null), ("Upload-Metadata", TusClient.Metadata("a")));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("concatenation", (await ApiClient.ReadAsync(response)).GetProperty("errors").GetProperty("Upload-Concat")[0].GetString(), StringComparison.Ordinal);
        Assert.Empty(app.Get<UploadService>().Active);
    }

    [Theory]
    [InlineData("index")]
    [InlineData("modified")]
    public async Task Zero_byte_behind_a_number_makes_it_none(string key)
    {
        var tus = new TusClient(fixture.App, await fixture.JoinAsync());

        using var response = await tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "1"), ("Upload-Metadata", TusClient.Metadata("a", (key, "1\0"))));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True((await ApiClient.ReadAsync(response)).GetProperty("errors").TryGetProperty(key, out _));
    }

    [Fact]
    public async Task Part_that_gave_way_leaves_its_connection_to_the_next_request()
    {
        var clock = new ForwardClock();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        using var silent = await tus.BeginPartAsync(location, 0, 10, [0, 1, 2, 3]);
        await Eventually.TrueAsync(async () => await tus.OffsetAsync(location) == 4);
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(4, await tus.OffsetAsync(location));

        // The rest of the part, too late, and behind it something else.
        await silent.GetStream().WriteAsync((byte[])[4, 5, 6, 7, 8, 9, .. "GET /health/live HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"u8], Cancel);
        using var reader = new StreamReader(silent.GetStream());
        var answers = await reader.ReadToEndAsync(Cancel);

        Assert.StartsWith("HTTP/1.1 408", answers, StringComparison.Ordinal);
        Assert.True(answers.Contains("HTTP/1.1 200", StringComparison.Ordinal), answers);
        Assert.Equal(4, await tus.OffsetAsync(location));
    }
}
