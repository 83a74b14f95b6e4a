using System.Net;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>What <c>/uploads</c> answers to whoever is nobody.</summary>
public sealed class TusNobodyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly string Good = TusClient.Metadata("a");

    [Theory]
    [InlineData("POST", "/uploads")]
    [InlineData("PATCH", "/uploads/x")]
    [InlineData("DELETE", "/uploads/x")]
    [InlineData("HEAD", "/uploads/x")]
    [InlineData("GET", "/uploads")]
    public async Task Whoever_forgot_the_token_is_told_so_in_tus(string method, string address)
    {
        foreach (var token in new[] { null, "Bearer rubbish" })
        {
            var nobody = new TusClient(fixture.App, fixture.App.NewClient(sendsOrigin: false));
            using var response = await nobody.SendAsync(
                method, address, method is "POST" or "PATCH" ? TusClient.Part([1]) : null,
                ("Authorization", token), ("Upload-Offset", "0"), ("Upload-Length", "1"), ("Upload-Metadata", Good));

            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("1.0.0", Assert.Single(response.Headers.GetValues("Tus-Resumable")));
            Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
            if (method != "HEAD")
                Assert.NotEmpty((await ApiClient.ReadAsync(response)).GetProperty("detail").GetString()!);
        }
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Cookie", "chatshare=x")]
    public async Task What_a_page_of_another_site_may_have_sent_is_403_also_without_a_session(string header, string value)
    {
        var nobody = new TusClient(fixture.App, fixture.App.NewClient(sendsOrigin: false));
        using var response = await nobody.SendAsync("POST", "/uploads", content: null, (header, value), ("Upload-Length", "1"), ("Upload-Metadata", Good));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        // The pages know by it that a proxy hides their address.
        Assert.False(response.Headers.Contains("Tus-Resumable"));
    }
}
