using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary><c>POST /uploads/batch</c>: many uploads by one request, each as if it had been created alone.</summary>
public sealed class BatchEndpointTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Batch = "holiday";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_of_a_batch_are_one_message_and_take_their_bytes_by_tus()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(2_000_000);
        var shared = await tus.CreateAsync("before", content.Length);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(shared, 0, content));

        using var response = await CreateAsync(tus, (2_000_000, "a.bin", "0"), (3, "größe.txt", "1"), (0, "empty", "2"));

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        using var made = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(Cancel), cancellationToken: Cancel);
        var uploads = made.RootElement.GetProperty("uploads").EnumerateArray()
            .Select(one => (Location: one.GetProperty("location").GetString()!, SameSize: one.GetProperty("sameSize").GetBoolean())).ToList();
        Assert.Equal([true, false, false], uploads.Select(one => one.SameSize));
        using (var head = await tus.SendAsync("HEAD", uploads[1].Location, content: null))
            Assert.Equal(MetadataOf("größe.txt", "1"), Assert.Single(head.Headers.GetValues("Upload-Metadata")));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(uploads[1].Location, 0, [1, 2, 3]));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(uploads[2].Location, 0, []));
        Assert.Equal([1, 2, 3], await tus.DownloadAsync(uploads[1].Location));
        var message = Assert.Single(await MessagesAsync(app), message => message.GetProperty("files").GetArrayLength() == 3);
        Assert.Equal(
            ["a.bin uploading", "größe.txt ready", "empty ready"],
            message.GetProperty("files").EnumerateArray().Select(file => $"{file.GetProperty("name").GetString()} {file.GetProperty("state").GetString()}"));

        // An answer that was lost: one by one they are found.
        using var again = await CreateAsync(tus, (2_000_000, "a.bin", "0"), (5, "new", "3"));
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal(uploads[0].Location, await tus.CreateAsync("a.bin", 2_000_000, ("batch", Batch), ("clientId", "client-0"), ("index", "0")));
    }

    [Theory]
    [InlineData("{}", HttpStatusCode.BadRequest, "uploads")]
    [InlineData("{\"uploads\":[]}", HttpStatusCode.BadRequest, "uploads")]
    [InlineData("{\"uploads\":[null]}", HttpStatusCode.BadRequest, "room")]
    [InlineData("{\"uploads\":[{\"length\":-5,\"metadata\":\"room TG9iYnk=,filename YQ==,batch YQ==\"}]}", HttpStatusCode.BadRequest, "length")]
    [InlineData("{\"uploads\":[{\"length\":1.5}]}", HttpStatusCode.BadRequest, "length")]
    [InlineData("{\"uploads\":[{\"length\":99999999999999999999}]}", HttpStatusCode.BadRequest, "length")]
    [InlineData("{\"uploads\":[{\"length\":\"5\"}]}", HttpStatusCode.BadRequest, "length")]
    [InlineData("{\"uploads\":[{\"metadata\":\"room TG9iYnk=,filename YQ==,batch YQ==\"}]}", HttpStatusCode.BadRequest, "length")]
    [InlineData("{\"uploads\":7}", HttpStatusCode.BadRequest, "uploads")]
    [InlineData("[", HttpStatusCode.BadRequest, "body")]
    public async Task What_is_no_list_of_files_is_refused_by_name(string body, HttpStatusCode status, string field)
    {
        var tus = new TusClient(fixture.App, await fixture.JoinAsync());
        using var response = await tus.SendAsync("POST", "/uploads/batch", Json(body));

        Assert.Equal(status, response.StatusCode);
        using var problem = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(Cancel), cancellationToken: Cancel);
        Assert.Equal(field, Assert.Single(problem.RootElement.GetProperty("errors").EnumerateObject()).Name);
    }

    [Fact]
    public async Task What_cannot_be_announced_announces_nothing()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:FileBytes=1000");
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        foreach (var (status, other) in new[]
        {
            (HttpStatusCode.BadRequest, One(1, TusClient.Metadata("alone"))),
            (HttpStatusCode.BadRequest, One(1, TusClient.Metadata("other batch", ("batch", "work")))),
            (HttpStatusCode.BadRequest, One(1, MetadataOf("a", "1").Replace(TusClient.Base64("Lobby"), TusClient.Base64("Cellar"), StringComparison.Ordinal))),
            (HttpStatusCode.BadRequest, One(-1, MetadataOf("negative", "1"))),
            (HttpStatusCode.BadRequest, One(1, "filename ###")),
            (HttpStatusCode.RequestEntityTooLarge, One(1001, MetadataOf("large", "1"))),
        })
        {
            using var response = await tus.SendAsync("POST", "/uploads/batch", Json($"{{\"uploads\":[{One(1, MetadataOf("good", "0"))},{other}]}}"));
            Assert.Equal(status, response.StatusCode);
        }

        using (var form = await tus.SendAsync("POST", "/uploads/batch", new StringContent("{}", Encoding.UTF8, "text/plain")))
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        // It is refused by its length, before it is sent.
        using (var endless = await tus.SendAsync("POST", "/uploads/batch", Json(new string(' ', 5_000_000)), ("Expect", "100-continue")))
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, endless.StatusCode);
        using (var crossSite = await tus.SendAsync("POST", "/uploads/batch", Json("{}"), ("Origin", "http://evil.example")))
            Assert.Equal(HttpStatusCode.Forbidden, crossSite.StatusCode);
        Assert.Empty(await MessagesAsync(app));
    }

    private static Task<HttpResponseMessage> CreateAsync(TusClient tus, params (long Length, string Name, string Index)[] files) =>
        tus.SendAsync("POST", "/uploads/batch", Json($"{{\"uploads\":[{string.Join(',', files.Select(file => One(file.Length, MetadataOf(file.Name, file.Index))))}]}}"));

    private static string One(long length, string metadata) => JsonSerializer.Serialize(new { length, metadata });

    private static string MetadataOf(string name, string index) =>
        TusClient.Metadata(name, ("batch", Batch), ("index", index), ("clientId", $"client-{index}"));

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static async Task<IReadOnlyList<JsonElement>> MessagesAsync(RunningApp app)
    {
        using var reader = await app.JoinAsync($"Reader {Guid.NewGuid():N}"[..20]);
        return (await reader.GetFromJsonAsync<List<JsonElement>>("/api/rooms/Lobby/messages", Cancel))!;
    }
}
