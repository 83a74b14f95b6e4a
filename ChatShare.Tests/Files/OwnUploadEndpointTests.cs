using System.Net;
using System.Text.Json;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>What <c>/uploads</c> tells a sender beside tus: what waits, by what the right file is known, that it is here already.</summary>
public sealed class OwnUploadEndpointTests
{
    private const string SameSize = "ChatShare-Same-Size";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sender_is_told_what_waits_and_by_what_its_file_is_known()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(3_000_000);
        var location = await tus.CreateAsync("build.iso", content.Length, ("modified", "1795000000123"));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, content[..1_500_000]));

        using var list = await JsonAsync(tus, "/uploads");
        var own = Assert.Single(list.RootElement.EnumerateArray());
        Assert.Equal(location, "/uploads/" + own.GetProperty("id").GetString());
        Assert.Equal(("build.iso", "Lobby"), (own.GetProperty("name").GetString(), own.GetProperty("room").GetString()));
        Assert.Equal((3_000_000, 1_500_000), (own.GetProperty("size").GetInt64(), own.GetProperty("received").GetInt64()));
        Assert.False(own.GetProperty("isReceiving").GetBoolean());

        using var known = await JsonAsync(tus, location + "/samples");
        Assert.Equal("build.iso", known.RootElement.GetProperty("name").GetString());
        Assert.Equal(1_795_000_000_123, known.RootElement.GetProperty("modified").GetInt64());
        Assert.Equal((3_000_000, 1_500_000), (known.RootElement.GetProperty("size").GetInt64(), known.RootElement.GetProperty("received").GetInt64()));
        var samples = known.RootElement.GetProperty("samples").EnumerateArray()
            .Select(sample => (sample.GetProperty("offset").GetInt32(), sample.GetProperty("length").GetInt32(), sample.GetProperty("sha256").GetString()));
        Assert.Equal(
            [(0, 1_048_576, Make.Sha256(content.AsSpan(0, 1_048_576))), (1_048_576, 451_424, Make.Sha256(content.AsSpan(1_048_576, 451_424)))],
            samples);

        using var other = await JsonAsync(new TusClient(app, await app.JoinAsync("Bob")), "/uploads");
        Assert.Empty(other.RootElement.EnumerateArray());
    }

    [Fact]
    public async Task Others_strangers_and_wrong_ids_are_told_as_by_head()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var bob = new TusClient(app, await app.JoinAsync("Bob"));
        var stranger = new TusClient(app, app.NewClient());
        var location = await tus.CreateAsync("a", 10);
        var cancelled = await tus.CreateAsync("b", 10);
        Assert.Equal(HttpStatusCode.NoContent, await tus.StatusAsync("DELETE", cancelled));
        Assert.Equal(HttpStatusCode.Unauthorized, await stranger.StatusAsync("GET", "/uploads"));
        foreach (var (client, upload, status) in new[]
        {
            (stranger, location, HttpStatusCode.Unauthorized), (bob, location, HttpStatusCode.Forbidden),
            (tus, "/uploads/" + FileId.New(), HttpStatusCode.NotFound), (tus, "/uploads/x", HttpStatusCode.NotFound), (tus, cancelled, HttpStatusCode.Gone),
        })
        {
            Assert.Equal(status, await client.StatusAsync("HEAD", upload));
            Assert.Equal(status, await client.StatusAsync("GET", upload + "/samples"));
            Assert.Equal(status, await DigestAsync(client, upload, DigestOf([1])));
        }

        Assert.Equal(0, await tus.OffsetAsync(location));
    }

    [Fact]
    public async Task Too_many_looks_are_429_with_a_time_to_wait()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        HttpStatusCode status;
        var looks = 0;
        while ((status = await tus.StatusAsync("GET", location + "/samples")) == HttpStatusCode.OK)
            Assert.True(++looks < 1000, "Nobody counts.");

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        using var refused = await tus.SendAsync("POST", location + "/digest", content: null, ("Repr-Digest", DigestOf([1])));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task File_that_is_here_already_need_not_be_sent()
    {
        await using var app = await RunningApp.StartAsync();
        var ann = new TusClient(app, await app.JoinAsync("Ann"));
        var bob = new TusClient(app, await app.JoinAsync("Bob"));
        var content = Make.Bytes(1024 * 1024);
        Assert.False(await TellsSameSizeAsync(ann, content.Length));
        var first = await ann.CreateAsync("first.iso", content.Length);
        Assert.False(await TellsSameSizeAsync(bob, content.Length));
        Assert.Equal(HttpStatusCode.NoContent, await ann.AppendAsync(first, 0, content));
        Assert.False(await TellsSameSizeAsync(bob, content.Length - 1));
        Assert.True(await TellsSameSizeAsync(bob, content.Length));

        var second = await bob.CreateAsync("second.iso", content.Length);
        using var running = await bob.BeginPartAsync(second, 0, content.Length, content[..1_000_000]);
        await Eventually.TrueAsync(async () => await bob.OffsetAsync(second) == 1_000_000);
        Assert.Equal(HttpStatusCode.NoContent, await DigestAsync(bob, second, DigestOf([1])));
        Assert.Equal(1_000_000, await bob.OffsetAsync(second));
        using var told = await bob.SendAsync("POST", second + "/digest", content: null, ("Repr-Digest", DigestOf(content)));

        Assert.Equal(HttpStatusCode.OK, told.StatusCode);
        Assert.Equal(content.Length, TusClient.OffsetIn(told));
        Assert.Equal(content.Length, await bob.OffsetAsync(second));
        Assert.Equal(HttpStatusCode.OK, await DigestAsync(bob, second, DigestOf(content)));
        Assert.Equal(HttpStatusCode.Conflict, await DigestAsync(bob, second, DigestOf([1])));
        Assert.Equal(content, await ann.DownloadAsync(second));
        // The part that was on its way is answered, one way or the other.
        using var reader = new StreamReader(running.GetStream());
        Assert.Matches("^HTTP/1.1 (204|408) ", await reader.ReadLineAsync(Cancel));
        Assert.Single(Directory.GetFiles(Path.Combine(app.DownloadsDirectory, "files"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Digest_that_is_none_is_400_and_the_upload_goes_on()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 1);
        var base64 = Convert.ToBase64String(new byte[32]);
        foreach (var digest in new[]
        {
            null, "", ":", "sha-256=", "sha-256=:", "sha-256=::", $"sha-256=:{base64}", $"sha-256={base64}", $"sha-512=:{base64}:", $"SHA-256=:{base64}:",
            $"sha-256=:{Convert.ToBase64String(new byte[31])}:", $"sha-256=:{Convert.ToBase64String(new byte[33])}:",
            $"sha-256=:{Convert.ToBase64String(new byte[6000])}:", "sha-256=:####:", $"sha-256=:{base64}:, sha-256=:{base64}:",
        })
        {
            using var response = await tus.SendAsync("POST", location + "/digest", content: null, ("Repr-Digest", digest));
            Assert.True(response.StatusCode == HttpStatusCode.BadRequest, digest);
        }

        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, [1]));
    }

    private static async Task<bool> TellsSameSizeAsync(TusClient tus, long length)
    {
        using var created = await tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", length.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("Upload-Metadata", TusClient.Metadata("a")));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, await tus.StatusAsync("DELETE", created.Headers.Location!.OriginalString));
        return created.Headers.Contains(SameSize);
    }

    private static async Task<HttpStatusCode> DigestAsync(TusClient tus, string location, string digest)
    {
        using var response = await tus.SendAsync("POST", location + "/digest", content: null, ("Repr-Digest", digest));
        return response.StatusCode;
    }

    private static string DigestOf(byte[] content) => $"sha-256=:{Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(content))}:";

    private static async Task<JsonDocument> JsonAsync(TusClient tus, string address)
    {
        using var response = await tus.SendAsync("GET", address, content: null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Headers.CacheControl?.NoStore);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));
    }
}
