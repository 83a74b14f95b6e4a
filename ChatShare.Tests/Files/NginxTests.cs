using System.Net;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>Files behind a real nginx with deploy/nginx.conf.</summary>
public sealed class NginxTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Downloads_come_through_nginx_with_the_bytes_ranges_and_headers_of_the_program_itself()
    {
        await using var direct = await RunningApp.StartAsync();
        await using var app = await RunningApp.StartAsync("ChatShare:Downloads:AccelRedirectPrefix=/protected", "ChatShare:TrustedProxies=127.0.0.1");
        await using var nginx = await Front.StartAsync(Front.Nginx, app);
        var content = Make.Bytes(3_000_000);
        var (one, oneSession) = await direct.EnterAsync("Ann");
        var (two, twoSession) = await app.EnterAsync("Ann");
        var plain = await direct.ShareAsync(oneSession, "грüße 100% \"x\".html", content);
        var fronted = await app.ShareAsync(twoSession, "грüße 100% \"x\".html", content);
        var through = nginx.Through(two);
        var tag = $"\"{Make.Sha256(content)}\"";

        foreach (var headers in new (string, string)[][]
                 {
                     [], [("Range", "bytes=0-999")], [("Range", "bytes=-1000")], [("Range", "bytes=2999000-")], [("Range", "bytes=3000000-")],
                     [("Range", "bytes=0-1,5-6")], [("Range", "bytes=10-19"), ("If-Range", tag)], [("Range", "bytes=10-19"), ("If-Range", "\"other\"")],
                     [("Range", "bytes=10-19"), ("If-Range", "garbage")], [("Range", "bytes=10-19"), ("If-Range", "W/" + tag)],
                     [("Range", "bytes=10-19"), ("If-Range", DateTimeOffset.UtcNow.AddDays(1).ToString("R"))],
                     [("If-None-Match", tag)], [("If-Match", tag)], [("If-Match", "\"other\"")],
                 })
        {
            var what = string.Join("; ", headers.Select(header => $"{header.Item1}: {header.Item2}"));
            using var expected = await one.BeginGetAsync(plain.Address(), headers);
            using var actual = await through.BeginGetAsync(fronted.Address(), headers);
            Assert.Equal((what, expected.StatusCode), (what, actual.StatusCode));
            Assert.Equal((what, expected.Header("Content-Range")), (what, actual.Header("Content-Range")));
            var bytes = await actual.Content.ReadAsByteArrayAsync(Cancel);
            if (!actual.IsSuccessStatusCode)
                continue;
            Assert.Equal((what, Make.Sha256(await expected.Content.ReadAsByteArrayAsync(Cancel))), (what, Make.Sha256(bytes)));
            foreach (var name in new[]
                     {
                         "Content-Type", "Content-Disposition", "Content-Length", "ETag", "Repr-Digest", "Cache-Control", "X-Content-Type-Options",
                         "Content-Security-Policy", "Cross-Origin-Resource-Policy", "Cross-Origin-Opener-Policy", "Referrer-Policy", "Permissions-Policy",
                     })
            {
                Assert.Equal((what, name, expected.Header(name)), (what, name, actual.Header(name)));
            }
        }

        // Who asks for the headers alone is told of the whole, whatever range comes along.
        using (var head = await through.SendAsync(new HttpRequestMessage(HttpMethod.Head, fronted.Address()) { Headers = { { "Range", "bytes=0-9" } } }, Cancel))
            Assert.Equal((HttpStatusCode.OK, 3_000_000L, "bytes"), (head.StatusCode, head.Content.Headers.ContentLength, head.Header("Accept-Ranges")));

        // Where the files are is nobody's business, and no way in.
        using var inside = await through.BeginGetAsync($"/protected/files/{fronted.File.Sha256![..2]}/{fronted.File.Sha256}");
        Assert.Equal(HttpStatusCode.NotFound, inside.StatusCode);
        var stranger = nginx.NewClient();
        using var refused = await stranger.BeginGetAsync(fronted.Address());
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task A_file_is_taken_through_nginx_while_it_is_sent_through_nginx()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Downloads:AccelRedirectPrefix=/protected", "ChatShare:TrustedProxies=127.0.0.1");
        await using var nginx = await Front.StartAsync(Front.Nginx, app);
        var (ann, _) = await app.EnterAsync("Ann");
        var through = nginx.Through(ann);
        var tus = new TusClient(app, through);
        var content = Make.Bytes(2_000_000);
        var location = await tus.CreateAsync("half.bin", content.Length);
        using var taken = await through.BeginGetAsync(location.Replace("/uploads/", "/files/", StringComparison.Ordinal));
        await using var body = await taken.Content.ReadAsStreamAsync(Cancel);

        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, content[..1_000_000]));
        var got = new byte[content.Length];
        // Nothing of it waits in nginx until the rest is there.
        await body.ReadExactlyAsync(got.AsMemory(0, 1_000_000), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 1_000_000, content[1_000_000..]));
        await body.ReadExactlyAsync(got.AsMemory(1_000_000), Cancel);

        Assert.Equal(Make.Sha256(content), Make.Sha256(got));
    }
}
