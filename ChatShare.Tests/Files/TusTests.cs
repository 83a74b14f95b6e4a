using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using ChatShare.Web.Endpoints.Uploads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatShare.Tests.Files;

/// <summary>tus 1.0.0 at <c>/uploads</c> as its clients use it.</summary>
public sealed class TusTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Options_say_what_is_spoken()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:FileBytes=1000");
        // A program that knows nobody here yet.
        using var response = await new TusClient(app, app.NewClient(sendsOrigin: false)).SendAsync("OPTIONS", "/uploads", content: null, ("Tus-Resumable", null));

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("1.0.0", Header(response, "Tus-Version"));
        Assert.Equal("1.0.0", Header(response, "Tus-Resumable"));
        Assert.Equal("1000", Header(response, "Tus-Max-Size"));
        Assert.Equal("creation,creation-with-upload,termination,checksum,expiration", Header(response, "Tus-Extension"));
        Assert.Contains("sha256", Header(response, "Tus-Checksum-Algorithm").Split(','));
    }

    [Fact]
    public async Task File_in_parts_arrives_whole_and_its_card_becomes_the_file()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(3_000_000);
        using var created = await tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "3000000"), ("Upload-Metadata", TusClient.Metadata("Žluťoučký 日本.bin")));
        var location = created.Headers.Location!.OriginalString;
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Matches("^/uploads/[0-9a-z]{26}$", location);
        Assert.InRange(ExpiresIn(created), DateTimeOffset.UtcNow.AddHours(23), DateTimeOffset.UtcNow.AddHours(25));

        foreach (var (from, to) in new[] { (0, 1), (1, 1_000_000), (1_000_000, 3_000_000) })
        {
            Assert.Equal(from, await tus.OffsetAsync(location));
            using var patched = await tus.AppendAsync(location, from, TusClient.Part(content[from..to]));
            Assert.Equal(HttpStatusCode.NoContent, patched.StatusCode);
            Assert.Equal(to, TusClient.OffsetIn(patched));
            Assert.True(patched.Headers.CacheControl?.NoStore);
            Assert.Equal(to < content.Length, patched.Content.Headers.Contains("Upload-Expires") || patched.Headers.Contains("Upload-Expires"));
        }

        var file = Assert.Single(Assert.Single(await MessagesAsync(app)).Files);
        Assert.Equal("Žluťoučký 日本.bin", file.Name);
        Assert.Equal(FileState.Ready, file.State);
        Assert.Equal(Make.Sha256(content), file.Sha256);
        Assert.Equal(content, await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Whoever_lost_the_last_answer_learns_that_it_is_done()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("digits", 10);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, "0123456789"u8.ToArray()));

        using var head = await tus.SendAsync("HEAD", location, content: null);
        using var again = await tus.AppendAsync(location, 0, TusClient.Part("0123456789"u8.ToArray()));
        using var other = await tus.AppendAsync(location, 3, TusClient.Part("345"u8.ToArray()));
        using var more = await tus.AppendAsync(location, 10, TusClient.Part(new ScriptedStream("x"u8.ToArray(), [1], ScriptedStream.Ending.Ends)));
        using var nothing = await tus.AppendAsync(location, 10, TusClient.Part([]));
        Assert.Equal(10, TusClient.OffsetIn(head));
        Assert.Equal("10", Header(head, "Upload-Length"));
        Assert.True(head.Headers.CacheControl?.NoStore);
        Assert.Equal(HttpStatusCode.NoContent, nothing.StatusCode);
        Assert.Equal(10, TusClient.OffsetIn(nothing));
        Assert.All(new[] { again, other, more }, response => Assert.Equal(HttpStatusCode.Conflict, response.StatusCode));
        Assert.Single(await MessagesAsync(app));
    }

    [Fact]
    public async Task What_was_said_of_a_file_is_told_as_it_was_said_before_and_after_a_restart_and_when_it_is_ready()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var said = TusClient.Metadata("../a?.txt", ("path", "x/../y"), ("own", "")) + ",empty";
        using var created = await tus.SendAsync("POST", "/uploads", content: null, ("Upload-Length", "1"), ("Upload-Metadata", said));
        var location = created.Headers.Location!.OriginalString;

        Assert.Equal(said, await ToldAsync());
        await app.StopAsync();
        await app.StartAgainAsync();
        Assert.Equal(said, await ToldAsync());
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, [1]));
        Assert.Equal(said, await ToldAsync());

        async Task<string> ToldAsync()
        {
            using var head = await tus.SendAsync("HEAD", location, content: null);
            return Header(head, "Upload-Metadata");
        }
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(4, 10)]
    [InlineData(0, 0)]
    public async Task Creation_takes_the_bytes_that_come_with_it(int sent, int length)
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(length);
        using var created = await tus.SendAsync(
            "POST", "/uploads", TusClient.Part(content[..sent]),
            ("Upload-Length", length.ToString(CultureInfo.InvariantCulture)), ("Upload-Metadata", TusClient.Metadata("a")), ("Expect", "100-continue"));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(sent, TusClient.OffsetIn(created));
        var location = created.Headers.Location!.OriginalString;
        if (sent < length)
            Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, sent, content[sent..]));

        Assert.Equal(FileState.Ready, Assert.Single(Assert.Single(await MessagesAsync(app)).Files).State);
        Assert.Equal(content, await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Empty_file_is_there_once_it_was_created()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("empty", 0);

        Assert.Empty(await tus.DownloadAsync(location));
        Assert.Equal(0, await tus.OffsetAsync(location));
    }

    [Theory]
    [InlineData("one")]
    [InlineData("\"'],<x>{}\\;--")]
    public async Task Creation_with_a_client_id_is_the_same_upload_before_and_after_it_became_the_file(string clientId)
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var first = await tus.CreateAsync("a", 4, ("clientId", clientId));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(first, 0, [1, 2]));
        using var second = await tus.SendAsync(
            "POST", "/uploads", TusClient.Part([1, 2, 3, 4]), ("Upload-Length", "4"), ("Upload-Metadata", TusClient.Metadata("a", ("clientId", clientId))));
        // Its bytes begin where none are wanted any more; the answer says where to go on.
        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(first, second.Headers.Location!.OriginalString);
        Assert.Equal(2, TusClient.OffsetIn(second));

        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(first, 2, [3, 4]));
        Assert.Equal(first, await tus.CreateAsync("a", 4, ("clientId", clientId)));
        Assert.Single(Assert.Single(await MessagesAsync(app)).Files);
    }

    [Fact]
    public async Task Files_of_one_batch_are_one_message()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => tus.CreateAsync($"{i}.txt", 1, ("batch", "\"b'>"), ("path", "photos\\..\\2026"))));
        await tus.CreateAsync("alone.txt", 1);

        var messages = await MessagesAsync(app);
        Assert.Equal([5, 1], messages.Select(message => message.Files.Length));
        Assert.All(messages[0].Files, file => Assert.Equal("photos/2026", file.Folder));
    }

    [Fact]
    public async Task What_came_before_the_socket_was_cut_is_kept_and_no_error_is_logged()
    {
        var log = new ErrorLog();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<ILoggerProvider>(log));
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(2_000_000);
        var location = await tus.CreateAsync("a", content.Length);
        foreach (var reset in new[] { false, true })
        {
            var from = (int)await tus.OffsetAsync(location);
            using (var socket = await tus.BeginPartAsync(location, from, content.Length - from, content[from..(from + 700_000)]))
            {
                await Eventually.TrueAsync(async () => await tus.OffsetAsync(location) == from + 700_000);
                if (reset)
                    socket.Client.LingerState = new LingerOption(enable: true, seconds: 0);
            }

            // Refused while the server has not noticed.
            await Eventually.TrueAsync(async () => await tus.AppendAsync(location, from + 700_000, []) == HttpStatusCode.NoContent);
        }

        Assert.Equal(1_400_000, await tus.OffsetAsync(location));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 1_400_000, content[1_400_000..]));
        Assert.Equal(content, await tus.DownloadAsync(location));
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Connection_that_vanished_without_a_word_gives_way_to_its_sender()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        using var silent = await tus.BeginPartAsync(location, 0, 10, [0, 1, 2, 3]);
        await Eventually.TrueAsync(async () => await tus.OffsetAsync(location) == 4);

        Assert.Equal(HttpStatusCode.Conflict, await tus.AppendAsync(location, 4, [4, 5, 6, 7, 8, 9]));
        await Eventually.TrueAsync(async () =>
        {
            Assert.Equal(4, await tus.OffsetAsync(location));
            return await tus.AppendAsync(location, 4, [4, 5, 6, 7, 8, 9]) == HttpStatusCode.NoContent;
        });
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Part_that_begins_as_soon_as_the_last_one_ended_gives_way_as_well()
    {
        var clock = new ForwardClock();
        var bodies = new TusBodies(clock);
        // What has ended is tidied away on another thread, which must not come first each time.
        for (var n = 0; n < 100; n++)
        {
            var id = FileId.New();
            await bodies.Begin(id, PipeReader.Create(Stream.Null), mostBytes: 1).DisposeAsync();
            await using var next = bodies.Begin(id, PipeReader.Create(Stream.Null), mostBytes: 1);
            clock.Advance(TimeSpan.FromSeconds(3));
            var giving = bodies.GiveWayAsync(id, Cancel);

            Assert.True(next.Silent.IsCancellationRequested);
            await next.DisposeAsync();
            await giving;
        }
    }

    [Fact]
    public async Task Of_two_parts_at_one_offset_one_wins()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        using var first = await tus.BeginPartAsync(location, 0, 10, [0, 1, 2, 3]);
        await Eventually.TrueAsync(async () => await tus.OffsetAsync(location) == 4);
        Assert.Equal(HttpStatusCode.Conflict, await tus.AppendAsync(location, 0, Make.Bytes(10)));
        Assert.Equal(HttpStatusCode.Conflict, await tus.AppendAsync(location, 4, Make.Bytes(6)));
        await first.GetStream().WriteAsync(new byte[] { 4, 5, 6, 7, 8, 9 }, Cancel);

        using var reader = new StreamReader(first.GetStream());
        Assert.Equal("HTTP/1.1 204 No Content", await reader.ReadLineAsync(Cancel));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Upload_goes_on_after_the_server_was_started_again()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(1_000_000);
        var location = await tus.CreateAsync("a", content.Length, ("clientId", "one"));
        using (var running = await tus.BeginPartAsync(location, 0, content.Length, content[..600_000]))
        {
            await Eventually.TrueAsync(async () => await tus.OffsetAsync(location) == 600_000);
            await app.StopAsync();
            using var reader = new StreamReader(running.GetStream());
            Assert.Equal("HTTP/1.1 503 Service Unavailable", await reader.ReadLineAsync(Cancel));
        }

        await app.StartAgainAsync();
        Assert.Equal(600_000, await tus.OffsetAsync(location));
        Assert.Equal(location, await tus.CreateAsync("a", content.Length, ("clientId", "one")));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 600_000, content[600_000..]));
        Assert.Equal(Make.Sha256(content), Assert.Single(Assert.Single(await MessagesAsync(app)).Files).Sha256);
        Assert.Equal(content, await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Upload_whose_last_byte_came_just_before_a_crash_is_finished_by_asking()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(1000);
        var location = await tus.CreateAsync("a", content.Length);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, content[..999]));
        await app.StopAsync();
        // As a crash between the last write and the rename leaves it.
        await File.WriteAllBytesAsync(Path.Combine(app.DownloadsDirectory, "partial", location.Split('/')[^1]), content, Cancel);
        await app.StartAgainAsync();

        Assert.Equal(1000, await tus.OffsetAsync(location));
        Assert.Equal(content, await tus.DownloadAsync(location));
    }

    [Theory]
    [InlineData("md5")]
    [InlineData("sha1")]
    [InlineData("sha256")]
    public async Task Part_with_its_right_checksum_counts_and_with_a_wrong_one_leaves_nothing(string algorithm)
    {
        var app = fixture.App;
        var tus = new TusClient(app, await fixture.JoinAsync());
        var content = Make.Bytes(300_000);
        var location = await tus.CreateAsync("a", content.Length);
        var right = $"{algorithm} {Convert.ToBase64String(Hash(algorithm, content))}";
        using var wrong = await tus.AppendAsync(location, 0, TusClient.Part(Make.Bytes(300_000, seed: 2)), ("Upload-Checksum", right));
        Assert.Equal(460, (int)wrong.StatusCode);
        Assert.Equal(0, await tus.OffsetAsync(location));
        using var good = await tus.AppendAsync(location, 0, TusClient.Part(content), ("Upload-Checksum", right));

        Assert.Equal(HttpStatusCode.NoContent, good.StatusCode);
        Assert.Equal(content, await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Upload_is_called_off_and_gone()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        using var running = await tus.BeginPartAsync(location, 0, 10, [0, 1, 2]);
        await Eventually.TrueAsync(async () => await tus.OffsetAsync(location) == 3);

        Assert.Equal(HttpStatusCode.NoContent, await tus.StatusAsync("DELETE", location));
        using var reader = new StreamReader(running.GetStream());
        Assert.Equal("HTTP/1.1 410 Gone", await reader.ReadLineAsync(Cancel));
        List<string> headers = [];
        while (await reader.ReadLineAsync(Cancel) is { Length: > 0 } header)
            headers.Add(header);
        // By which a page knows that its person wanted it so; and that nobody reads what it goes on sending.
        Assert.Contains("ChatShare-Called-Off: 1", headers);
        Assert.Contains("Connection: close", headers);
        foreach (var method in new[] { "HEAD", "DELETE" })
            Assert.Equal(HttpStatusCode.Gone, await tus.StatusAsync(method, location));
        Assert.Equal(HttpStatusCode.Gone, await tus.AppendAsync(location, 3, [4]));
        Assert.Equal(FileState.Cancelled, Assert.Single(Assert.Single(await MessagesAsync(app)).Files).State);
        Assert.Empty(TestFiles.PartialIn(app.DownloadsDirectory));
    }

    private static byte[] Hash(string algorithm, byte[] content)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(
            new System.Security.Cryptography.HashAlgorithmName(algorithm.ToUpperInvariant()));
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }

    private static DateTimeOffset ExpiresIn(HttpResponseMessage response) =>
        DateTimeOffset.ParseExact(Header(response, "Upload-Expires"), "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));

    private static async Task<IReadOnlyList<ChatMessage>> MessagesAsync(RunningApp app)
    {
        var lobby = app.Get<RoomService>().Find(RoomService.Lobby)!;
        return await app.Get<MessageLog>().AfterAsync(lobby, 0, int.MaxValue, Cancel);
    }

    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Lines.Enqueue($"{formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
            // Its lines are looked at when the host is gone.
        }
    }
}
