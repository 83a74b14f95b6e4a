using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary><c>Repr-Digest</c> (RFC 9530): the hash of the whole file, whatever part of it is sent.</summary>
public sealed class DigestTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", null, HttpStatusCode.OK)]
    [InlineData("HEAD", null, HttpStatusCode.OK)]
    [InlineData("GET", "bytes=2-5", HttpStatusCode.PartialContent)]
    [InlineData("GET", "bytes=-1", HttpStatusCode.PartialContent)]
    public async Task Digest_is_of_the_whole_file_whatever_part_is_sent(string method, string? range, HttpStatusCode status)
    {
        await using var app = await RunningApp.StartAsync();
        var ann = await app.JoinAsync("Ann");
        var tus = new TusClient(app, ann);
        var content = "0123456789"u8.ToArray();
        var location = await tus.CreateAsync("digits.txt", content.Length);
        await tus.AppendAsync(location, 0, content);

        using var request = new HttpRequestMessage(new HttpMethod(method), location.Replace("/uploads/", "/files/", StringComparison.Ordinal));
        if (range is not null)
            request.Headers.Add("Range", range);
        using var response = await ann.SendAsync(request, Cancel);

        Assert.Equal(status, response.StatusCode);
        // A dictionary of structured fields (RFC 8941): the key, and bytes in base64 between colons.
        Assert.Equal(
            string.Create(CultureInfo.InvariantCulture, $"sha-256=:{Convert.ToBase64String(SHA256.HashData(content))}:"),
            Assert.Single(response.Headers.GetValues("Repr-Digest")));
    }
}
