using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Files;

/// <summary>What <c>/uploads</c> does not take: a status, a sentence, and nothing lost.</summary>
public sealed class TusRefusalTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly string Good = TusClient.Metadata("a");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Creation_that_cannot_be_read_is_400_with_the_field_and_no_card()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        (string Field, string? Length, string? Metadata)[] cases =
        [
            ("Upload-Length", null, Good),
            ("Upload-Length", "", Good),
            ("Upload-Length", "-1", Good),
            ("Upload-Length", "+1", Good),
            ("Upload-Length", "1.0", Good),
            ("Upload-Length", "0x10", Good),
            ("Upload-Length", "9223372036854775808", Good),
            ("Upload-Metadata", "1", "room ###," + Good),
            ("Upload-Metadata", "1", Good + ",a b c"),
            ("Upload-Metadata", "1", Good + "," + Good),
            ("Upload-Metadata", "1", $"room {TusClient.Base64("Lobby")},filename {Convert.ToBase64String([0xC3, 0x28])}"),
            ("room", "1", null),
            ("room", "1", $"filename {TusClient.Base64("a")}"),
            ("room", "1", $"room {TusClient.Base64("Nowhere")},filename {TusClient.Base64("a")}"),
            ("room", "1", $"room {TusClient.Base64("../Lobby\u202E")},filename {TusClient.Base64("a")}"),
            ("filename", "1", $"room {TusClient.Base64("Lobby")}"),
            ("filename", "1", $"room {TusClient.Base64("Lobby")},filename"),
            ("modified", "1", TusClient.Metadata("a", ("modified", "yesterday"))),
            ("modified", "1", TusClient.Metadata("a", ("modified", "9223372036854775807"))),
            ("clientId", "1", TusClient.Metadata("a", ("clientId", "a b"))),
            ("batch", "1", TusClient.Metadata("a", ("batch", ""))),
            ("index", "1", TusClient.Metadata("a", ("index", "-1"))),
        ];
        foreach (var (field, length, metadata) in cases)
        {
            using var response = await tus.SendAsync("POST", "/uploads", content: null, ("Upload-Length", length), ("Upload-Metadata", metadata));
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            using var problem = await ProblemAsync(response);
            Assert.True(problem.RootElement.GetProperty("errors").TryGetProperty(field, out _), $"{field}: {length} {metadata}");
        }

        using var later = await tus.SendAsync("POST", "/uploads", content: null, ("Upload-Defer-Length", "1"), ("Upload-Metadata", Good));
        Assert.Equal(HttpStatusCode.BadRequest, later.StatusCode);
        await AssertNothingAsync(app);
    }

    [Theory]
    [InlineData("1001", 413, "ChatShare:Limits:FileBytes=1000")]
    [InlineData("9223372036854775807", 507, "ChatShare:Limits:FileBytes=0")]
    public async Task Creation_over_a_limit_is_refused_before_the_first_byte(string length, int status, string setting)
    {
        await using var app = await RunningApp.StartAsync(setting);
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        using var response = await tus.SendAsync("POST", "/uploads", content: null, ("Upload-Length", length), ("Upload-Metadata", Good));

        Assert.Equal(status, (int)response.StatusCode);
        await ProblemAsync(response);
        await AssertNothingAsync(app);
    }

    [Fact]
    public async Task Too_many_creations_are_429_with_a_time_to_wait()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:UploadsPerMinute=1");
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        await tus.CreateAsync("a", 1);
        using var response = await tus.SendAsync("POST", "/uploads", content: null, ("Upload-Length", "1"), ("Upload-Metadata", Good));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    [Fact]
    public async Task Another_version_is_412_with_the_one_that_is_spoken()
    {
        var app = fixture.App;
        var tus = new TusClient(app, await fixture.JoinAsync());
        var location = await tus.CreateAsync("a", 1);
        foreach (var version in new[] { null, "0.2.2", "2.0.0" })
        {
            using var response = await tus.AppendAsync(location, 0, TusClient.Part([1]), ("Tus-Resumable", version));
            Assert.Equal(HttpStatusCode.PreconditionFailed, response.StatusCode);
            Assert.Equal("1.0.0", Assert.Single(response.Headers.GetValues("Tus-Version")));
        }

        Assert.Equal(0, await tus.OffsetAsync(location));
    }

    [Fact]
    public async Task Upload_is_its_senders_alone()
    {
        await using var app = await RunningApp.StartAsync();
        var location = await new TusClient(app, await app.JoinAsync("Ann")).CreateAsync("a", 1);
        foreach (var (who, status) in new[] { (await app.JoinAsync("Bob"), HttpStatusCode.Forbidden), (app.NewClient(), HttpStatusCode.Unauthorized) })
        {
            var other = new TusClient(app, who);
            Assert.Equal(status, await other.StatusAsync("HEAD", location));
            Assert.Equal(status, await other.AppendAsync(location, 0, [1]));
            Assert.Equal(status, await other.StatusAsync("DELETE", location));
        }

        Assert.True(Assert.Single(app.Get<UploadService>().Active).IsUnderWay);
    }

    [Fact]
    public async Task Other_sites_can_do_nothing()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 1);
        foreach (var (method, address) in new[] { ("POST", "/uploads"), ("PATCH", location), ("DELETE", location) })
        {
            using var response = await tus.SendAsync(
                method, address, TusClient.Part([1]), ("Origin", "http://evil.example"), ("Upload-Offset", "0"), ("Upload-Length", "1"), ("Upload-Metadata", Good));
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }

        Assert.Equal(0, await tus.OffsetAsync(location));
    }

    [Fact]
    public async Task Session_that_is_ended_ends_its_parts()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        using var running = await tus.BeginPartAsync(location, 0, 10, [0, 1, 2]);
        await Eventually.TrueAsync(async () => await tus.OffsetAsync(location) == 3);
        await app.EndSessionAsync("Ann", "An administrator disconnected you.");

        using var reader = new StreamReader(running.GetStream());
        Assert.Equal("HTTP/1.1 401 Unauthorized", await reader.ReadLineAsync(Cancel));
        Assert.Equal(HttpStatusCode.Unauthorized, await tus.StatusAsync("HEAD", location));
        Assert.Equal(FileState.Failed, Assert.Single(Assert.Single(await MessagesAsync(app)).Files).State);
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    public async Task Unknown_upload_is_404(string method)
    {
        var app = fixture.App;
        var tus = new TusClient(app, await fixture.JoinAsync());
        foreach (var id in new[] { FileId.New().ToString(), FileId.New().ToString().ToUpperInvariant(), "x", "..%2F..%2Fdata", new string('0', 2000) })
        {
            using var response = await tus.SendAsync(method, $"/uploads/{id}", method == "PATCH" ? TusClient.Part([1]) : null, ("Upload-Offset", "0"));
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    [Fact]
    public async Task Part_that_does_not_fit_is_refused_and_the_upload_lives_on()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, [0, 1, 2]));
        async Task<int> StatusAsync(HttpContent part, params (string Name, string? Value)[] headers)
        {
            using var response = await tus.SendAsync("PATCH", location, part, headers);
            Assert.Equal(3, await tus.OffsetAsync(location));
            await ProblemAsync(response);
            return (int)response.StatusCode;
        }

        Assert.Equal(409, await StatusAsync(TusClient.Part([9]), ("Upload-Offset", "0")));
        Assert.Equal(409, await StatusAsync(TusClient.Part([9]), ("Upload-Offset", "4")));
        Assert.Equal(409, await StatusAsync(TusClient.Part([9]), ("Upload-Offset", "9223372036854775807")));
        Assert.Equal(400, await StatusAsync(TusClient.Part([9])));
        Assert.Equal(400, await StatusAsync(TusClient.Part([9]), ("Upload-Offset", "-3")));
        Assert.Equal(400, await StatusAsync(TusClient.Part([9]), ("Upload-Offset", "9223372036854775808")));
        Assert.Equal(413, await StatusAsync(TusClient.Part(new byte[8]), ("Upload-Offset", "3")));
        Assert.Equal(413, await StatusAsync(TusClient.Part(new byte[8]), ("Upload-Offset", "3"), ("Expect", "100-continue")));
        Assert.Equal(415, await StatusAsync(new ByteArrayContent([9]), ("Upload-Offset", "3")));
        Assert.Equal(415, await StatusAsync(new StringContent("9"), ("Upload-Offset", "3")));
        Assert.Equal(400, await StatusAsync(TusClient.Part([9]), ("Upload-Offset", "3"), ("Upload-Checksum", "crc32 AAAA")));
        Assert.Equal(400, await StatusAsync(TusClient.Part([9]), ("Upload-Offset", "3"), ("Upload-Checksum", "sha1 ###")));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 3, [3, 4, 5, 6, 7, 8, 9]));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Body_in_chunks_that_is_longer_than_the_file_is_refused_and_nothing_is_lost()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, [0, 1, 2]));
        using var response = await tus.AppendAsync(location, 3, TusClient.Part(new ScriptedStream(Make.Bytes(1000), [], ScriptedStream.Ending.Ends)));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(3, await tus.OffsetAsync(location));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 3, [3, 4, 5, 6, 7, 8, 9]));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], await tus.DownloadAsync(location));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Part_with_a_checksum_has_a_largest_size(bool declared)
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = new byte[PartChecksum.MaxPartBytes + 1];
        var location = await tus.CreateAsync("a", content.Length);
        using var response = await tus.AppendAsync(
            location, 0,
            declared ? TusClient.Part(content) : TusClient.Part(new ScriptedStream(content, [], ScriptedStream.Ending.Ends)),
            ("Upload-Checksum", "sha1 AAAA"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(0, await tus.OffsetAsync(location));
    }

    [Fact]
    public async Task Creation_whose_bytes_are_refused_still_says_where_the_upload_is()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        using var tooLong = await tus.SendAsync("POST", "/uploads", TusClient.Part(new byte[3]), ("Upload-Length", "2"), ("Upload-Metadata", Good));
        using var untyped = await tus.SendAsync("POST", "/uploads", new StringContent("12"), ("Upload-Length", "2"), ("Upload-Metadata", Good));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLong.StatusCode);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, untyped.StatusCode);
        await AssertNothingAsync(app);

        using var wrong = await tus.SendAsync(
            "POST", "/uploads", TusClient.Part([1, 2]), ("Upload-Length", "2"), ("Upload-Metadata", Good), ("Upload-Checksum", "sha1 AAAA"));
        Assert.Equal(460, (int)wrong.StatusCode);
        Assert.Equal(0, TusClient.OffsetIn(wrong));
        await ProblemAsync(wrong);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(wrong.Headers.Location!.OriginalString, 0, [1, 2]));
    }

    [Fact]
    public async Task Body_in_chunks_without_a_type_is_no_part_when_it_is_empty_and_refused_when_it_is_not()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        using var bytes = await tus.SendAsync("POST", "/uploads", Chunks([1, 2]), ("Upload-Length", "2"), ("Upload-Metadata", Good));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, bytes.StatusCode);
        await AssertNothingAsync(app);

        using var empty = await tus.SendAsync("POST", "/uploads", Chunks([]), ("Upload-Length", "2"), ("Upload-Metadata", Good));
        Assert.Equal((HttpStatusCode.Created, 0), (empty.StatusCode, TusClient.OffsetIn(empty)));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(empty.Headers.Location!.OriginalString, 0, [1, 2]));

        static StreamContent Chunks(byte[] content) => new(new ScriptedStream(content, [], ScriptedStream.Ending.Ends));
    }

    [Fact]
    public async Task Creation_whose_bytes_find_no_place_is_429_and_goes_on_later()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:UploadsPerPerson=1");
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var first = await tus.CreateAsync("a", 10);
        using var running = await tus.BeginPartAsync(first, 0, 10, [0, 1, 2]);
        await Eventually.TrueAsync(async () => await tus.OffsetAsync(first) == 3);
        using var second = await tus.SendAsync("POST", "/uploads", TusClient.Part([1, 2]), ("Upload-Length", "2"), ("Upload-Metadata", TusClient.Metadata("b")));
        var location = second.Headers.Location!.OriginalString;

        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.NotNull(second.Headers.RetryAfter);
        Assert.Equal(0, TusClient.OffsetIn(second));
        await running.GetStream().WriteAsync(new byte[7], Cancel);
        Assert.Equal(HttpStatusCode.NoContent, await EndOfPartAsync(running));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, [1, 2]));
        Assert.Equal([1, 2], await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Upload_that_nobody_finished_in_time_is_gone()
    {
        var clock = new ForwardClock();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        await app.StopAsync();
        clock.Advance(TimeSpan.FromHours(25));
        await app.StartAgainAsync();
        clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(HttpStatusCode.Gone, await tus.StatusAsync("HEAD", location));
        Assert.Equal(HttpStatusCode.Gone, await tus.AppendAsync(location, 0, [1]));
    }

    [Fact]
    public async Task Upload_that_is_called_off_while_it_is_brought_to_its_end_is_gone()
    {
        using var scanner = new StandInScanner();
        scanner.Hold();
        await using var app = await RunningApp.StartAsync($"ChatShare:Scan:Command={scanner.Command}");
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        // Of no bytes: it is complete as soon as somebody asks how far it is.
        var created = tus.SendAsync("POST", "/uploads", content: null, ("Upload-Length", "0"), ("Upload-Metadata", Good));
        await scanner.CalledAsync(1);
        var upload = Assert.Single(app.Get<UploadService>().Active);
        await upload.CancelAsync(upload.Sender, Cancel);

        using var response = await created;
        Assert.Equal(HttpStatusCode.Gone, response.StatusCode);
        Assert.Contains("called off", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_metadata_is_cleaned_or_refused_and_never_a_fault()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:UploadsPerMinute=0");
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        await Gen.Select(HostileText.Any, HostileText.Any, HostileText.Short).SampleAsync(
            async (name, path, id) =>
            {
                using var response = await tus.SendAsync(
                    "POST", "/uploads", content: null, ("Upload-Length", "0"), ("Upload-Metadata", TusClient.Metadata(name, ("path", path), ("batch", id))));
                Assert.Contains(response.StatusCode, new[] { HttpStatusCode.Created, HttpStatusCode.BadRequest });
            },
            iter: 100,
            threads: 1);

        foreach (var file in (await MessagesAsync(app)).SelectMany(message => message.Files))
        {
            Assert.Equal(FileName.Clean(file.Name).Value, file.Name);
            Assert.DoesNotContain("..", (file.Folder ?? "").Split('/'));
        }
    }

    [Fact]
    public async Task Raw_header_bytes_are_refused_or_read_and_never_a_fault()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:UploadsPerMinute=0");
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        await Gen.Select(Gen.Char[' ', '~'].Array[0, 40], Gen.Char["0123456789-+ .,eE"].Array[0, 22]).SampleAsync(
            async (metadata, length) =>
            {
                using var response = await tus.SendAsync(
                    "POST", "/uploads", content: null, ("Upload-Length", new string(length)), ("Upload-Metadata", Good + new string(metadata)));
                Assert.InRange((int)response.StatusCode, 201, 507);
                Assert.NotEqual(HttpStatusCode.InternalServerError, response.StatusCode);
            },
            iter: 100,
            threads: 1);
    }

    /// <summary>The status of the answer to <see cref="TusClient.BeginPartAsync"/>.</summary>
    private static async Task<HttpStatusCode> EndOfPartAsync(TcpClient part)
    {
        using var reader = new StreamReader(part.GetStream());
        return (HttpStatusCode)int.Parse((await reader.ReadLineAsync(Cancel))!.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static async Task<JsonDocument> ProblemAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(Cancel), default, Cancel);
        Assert.False(string.IsNullOrEmpty(problem.RootElement.GetProperty("detail").GetString()));
        Assert.Equal((int)response.StatusCode, problem.RootElement.GetProperty("status").GetInt32());
        return problem;
    }

    private static async Task AssertNothingAsync(RunningApp app)
    {
        Assert.Empty(app.Get<UploadService>().Active);
        Assert.Empty(await MessagesAsync(app));
    }

    private static async Task<IReadOnlyList<ChatMessage>> MessagesAsync(RunningApp app)
    {
        var lobby = app.Get<RoomService>().Find(RoomService.Lobby)!;
        return await app.Get<MessageLog>().AfterAsync(lobby, 0, int.MaxValue, Cancel);
    }
}
