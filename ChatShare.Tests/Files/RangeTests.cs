using System.Net;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>Which part of a file is sent, finished or still coming in, and what is said when none is (RFC 9110, 13 and 14).</summary>
public sealed class RangeTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly byte[] Digits = "0123456789"u8.ToArray();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bytes=0-3")]
    [InlineData("bytes=-1")]
    [InlineData("bytes=10-")]
    public async Task Head_tells_of_the_whole_file_whatever_range_it_carries(string range)
    {
        var (ann, session) = await fixture.App.EnterAsync(fixture.NewName());
        var (stored, arriving) = (await fixture.App.ShareAsync(session, "digits.txt", Digits), await fixture.App.OfferAsync(session, "half.txt", 10));
        foreach (var address in new[] { stored.Address(), arriving.Address() })
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, address);
            request.Headers.Add("Range", range);
            using var response = await ann.SendAsync(request, Cancel);

            Assert.Equal((HttpStatusCode.OK, 10L, ""), (response.StatusCode, response.Content.Headers.ContentLength, response.Header("Content-Range")));
            Assert.Equal("bytes", response.Header("Accept-Ranges"));
        }
    }

    [Theory]
    [InlineData("\"TAG\"", true)]
    [InlineData("SAME", true)]
    [InlineData("garbage", false)]
    [InlineData("TAG", false)]
    [InlineData("W/\"TAG\"", false)]
    [InlineData("\"other\"", false)]
    [InlineData("\"TAG\", \"other\"", false)]
    [InlineData("*", false)]
    [InlineData("", false)]
    [InlineData("EARLIER", false)]
    [InlineData("LATER", false)]
    public async Task Range_counts_only_for_the_very_content_that_If_Range_names(string condition, bool counts)
    {
        var (ann, session) = await fixture.App.EnterAsync(fixture.NewName());
        var upload = await fixture.App.ShareAsync(session, "digits.txt", Digits);
        using var whole = await ann.GetAsync(upload.Address(), Cancel);
        var at = whole.Content.Headers.LastModified!.Value;
        var ifRange = condition switch
        {
            "SAME" => at.ToString("R"),
            "EARLIER" => at.AddSeconds(-1).ToString("R"),
            "LATER" => at.AddSeconds(1).ToString("R"),
            _ => condition.Replace("TAG", upload.File.Sha256, StringComparison.Ordinal),
        };

        using var response = await ann.BeginGetAsync(upload.Address(), ("Range", "bytes=2-4"), ("If-Range", ifRange));

        Assert.Equal(
            counts ? (HttpStatusCode.PartialContent, "234") : (HttpStatusCode.OK, "0123456789"),
            (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel)));
    }

    [Fact]
    public async Task File_that_still_comes_in_is_sent_whole_to_whoever_has_the_beginning_of_something()
    {
        var (ann, session) = await fixture.App.EnterAsync(fixture.NewName());
        var upload = await fixture.App.OfferAsync(session, "half.txt", 10);

        using var response = await ann.BeginGetAsync(upload.Address(), ("Range", "bytes=2-4"), ("If-Range", "\"any\""));

        Assert.Equal((HttpStatusCode.OK, 10L), (response.StatusCode, response.Content.Headers.ContentLength));
    }

    [Theory]
    [InlineData("Range", "bytes=10-", 416, "bytes */10")]
    [InlineData("If-Match", "\"other\"", 412, "")]
    [InlineData("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", 412, "")]
    public async Task What_has_nothing_of_the_file_says_nothing_of_its_content(string header, string value, int status, string contentRange)
    {
        var (ann, session) = await fixture.App.EnterAsync(fixture.NewName());
        var upload = await fixture.App.ShareAsync(session, "digits.txt", Digits);

        using var response = await ann.BeginGetAsync(upload.Address(), (header, value));

        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.EndsWith(".", (await ApiClient.ReadAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            (contentRange, $"\"{upload.File.Sha256}\"", "", ""),
            (response.Header("Content-Range"), response.Header("ETag"), response.Header("Content-Disposition"), response.Header("Repr-Digest")));
    }
}
