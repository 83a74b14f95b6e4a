using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using ChatShare.Cli;
using ChatShare.Cli.Http;
using ChatShare.Cli.State;
using ChatShare.Cli.Transfers;
using ChatShare.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ChatShare.Tests.Cli;

/// <summary>Servers and proxies that do what they should not.</summary>
public sealed class BadServerTests
{
    private const string Hostile = "\u001b[31m\u001b]0;owned\u0007\u009b2J\u202Egpj\r\b<b>";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_that_a_server_says_reaches_the_terminal_as_an_escape()
    {
        await using var server = await StandInServer.StartAsync(MapHostile);
        using var home = new CliHome(server.Address);
        (int, string[])[] commands =
        [
            (0, ["tail", "--after", "0", "--count", "1"]), (0, ["tail", "--after", "0", "--count", "1", "--json"]), (0, ["rooms"]), (0, ["who"]), (1, ["send", "x"]),
            (0, ["get", "--all"]), (0, ["get", "--all", "--json"]), (0, ["join"]), (0, ["join", "--json"]), (0, ["admin", "connections"]), (1, ["send", "x", "--json"]),
        ];

        foreach (var (code, arguments) in commands)
        {
            var result = await home.RunAsync([.. arguments, "--nick", "Ann"]);
            var all = result.Output + result.Notes;
            Assert.True(code == result.Code, $"{arguments[0]}: {result.Code} {all}");
            Assert.NotEmpty(all);
            Assert.DoesNotContain(all, c => c is not ('\n' or '\t') && (char.IsControl(c) || c == '\u202E'));
        }

        Assert.Equal(["_[31m_]0;owned__2J_gpj___b_.txt"], Directory.GetFiles(home.File("downloads")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_server_that_is_none_of_ours_is_told_so()
    {
        await using var server = await StandInServer.StartAsync(app => app.MapGet("/api/rooms", () => Results.Content("<html>", "text/html")));
        using var home = new CliHome(server.Address);

        var result = await home.RunAsync("rooms", "--nick", "Ann");

        Assert.Equal(1, result.Code);
        Assert.Contains("does not answer as ChatShare does", result.Notes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, "application/json", "[null]", "rooms")]
    [InlineData(200, "application/json", "[null]", "who")]
    [InlineData(200, "application/json", "[null]", "get", "--all")]
    [InlineData(200, "application/json", "[null]", "join")]
    [InlineData(200, "application/json", "[{}]", "rooms")]
    [InlineData(200, "application/json", """[{"number":1,"changed":1,"room":"a","sender":"b","sentAt":"2026-01-01T00:00:00Z","files":[null]}]""", "join")]
    [InlineData(200, "application/json; charset=bogus", "{}", "rooms")]
    [InlineData(400, "application/json", """{"errors":{"a":null}}""", "rooms")]
    [InlineData(400, "application/problem+json; charset=bogus", """{"detail":"No."}""", "rooms")]
    public async Task An_answer_that_cannot_be_used_ends_with_a_sentence(int status, string type, string body, params string[] command)
    {
        await using var server = await StandInServer.StartAsync(app => app.Map("/api/rooms/{**rest}", context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, type);
            return context.Response.WriteAsync(body, context.RequestAborted);
        }));
        using var home = new CliHome(server.Address);

        var plain = await home.RunAsync([.. command, "--nick", "Ann"]);
        var json = await home.RunAsync([.. command, "--nick", "Ann", "--json"]);

        Assert.Equal((1, 1), (plain.Code, json.Code));
        Assert.StartsWith("chatshare: ", plain.Notes, StringComparison.Ordinal);
        Assert.NotEmpty(JsonDocument.Parse(json.Notes).RootElement.GetProperty("error").GetString()!);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"accessToken":null,"expiresIn":60,"nickname":"Ann"}""")]
    [InlineData("""{"accessToken":"a\nb","expiresIn":60,"nickname":"Ann"}""")]
    [InlineData("""{"accessToken":"token","expiresIn":999999999999999,"nickname":"Ann"}""")]
    public async Task A_session_that_is_none_is_not_saved(string body)
    {
        await using var server = await StandInServer.StartAsync(app => app.Use((context, next) =>
            context.Request.Path == "/api/session" ? context.Response.WriteAsync(body, context.RequestAborted) : next(context)));
        using var home = new CliHome(server.Address);

        var result = await home.RunAsync("signin", "--nick", "Ann");

        Assert.Equal(1, result.Code);
        Assert.Contains("does not answer as ChatShare does", result.Notes, StringComparison.Ordinal);
        Assert.False(File.Exists(home.SignIns));
    }

    [Fact]
    public async Task What_is_left_of_a_damaged_sign_in_is_passed_over()
    {
        await using var server = await StandInServer.StartAsync(app => app.MapGet("/api/rooms", () => Results.Json(Array.Empty<int>())));
        using var home = new CliHome(server.Address);
        Directory.CreateDirectory(Path.GetDirectoryName(home.SignIns)!);
        await File.WriteAllTextAsync(home.SignIns, $$"""{"signIns":[null,{},{"server":"{{server.Address}}","nickname":null,"token":null}]}""", Cancel);

        Assert.Equal(0, (await home.RunAsync("rooms", "--nick", "Ann")).Code);
        Assert.Equal(0, (await home.RunAsync("rooms")).Code);
    }

    [Fact]
    public async Task A_server_that_goes_away_while_a_room_is_entered_is_waited_for_once_the_room_was_shown()
    {
        var isBack = false;
        await using var server = await StandInServer.StartAsync(app =>
        {
            app.MapGet("/api/rooms/{room}/messages", (HttpContext context) =>
            {
                context.Response.Headers["Epoch"] = "e";
                return Results.Json(new[] { StandInServer.Message(1, isBack ? "and back" : "before") });
            });
            app.MapGet("/api/rooms/{room}/people", () => Results.StatusCode(503));
            app.MapGet("/api/rooms/{room}/events", () => isBack
                ? Results.Text($"event: message\nid: e-2\ndata: {JsonSerializer.Serialize(StandInServer.Message(2, "and back"))}\n\n", "text/event-stream")
                : Results.StatusCode(503));
        });
        using var home = new CliHome(server.Address);

        await using var run = home.Start("join", "--nick", "Ann");
        await run.SeesAsync("before");
        isBack = true;
        await run.SeesAsync("and back");
    }

    [Fact]
    public async Task A_file_that_is_not_what_was_shared_is_not_kept()
    {
        await using var server = await StandInServer.StartAsync(app =>
        {
            app.MapGet("/api/rooms/{room}/files", () => Results.Json(new[] { new { id = "f1", name = "a.txt", size = 5, sha256 = new string('0', 64), state = "ready" } }));
            app.MapGet("/files/{id}/{name}", () => Results.Content("wrong"));
        });
        using var home = new CliHome(server.Address);

        var result = await home.RunAsync("get", "a.txt", "--nick", "Ann");

        Assert.Equal(1, result.Code);
        Assert.Contains("SHA-256", result.Notes, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(home.File("downloads")));
    }

    [Fact]
    public async Task A_file_that_is_not_what_was_shared_and_stays_is_told_of()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Nothing can take the place of a file there that is open.");
        using var home = new CliHome(server: null);
        var folder = Directory.CreateDirectory(home.File("got")).FullName;
        await using var server = await StandInServer.StartAsync(app => app.MapGet("/files/{id}/{name}", () =>
        {
            // A folder takes the place of what comes, and is not deleted as a file is.
            var part = Assert.Single(Directory.GetFiles(folder));
            File.Delete(part);
            Directory.CreateDirectory(part);
            return Results.Content("wrong");
        }));
        using var client = new ChatShareClient(new Uri(server.Address + "/"), "token", trustedCertificate: null);
        using var meter = new Meter("a.txt", 5, TimeProvider.System, _ => { });

        var failure = await Assert.ThrowsAsync<Failure>(() => new Downloader(client, TimeProvider.System).GetAsync(
            new("f1", "a.txt", 5, new string('0', 64), FileStates.Ready), folder, meter, Cancel));

        Assert.Equal(ExitCode.LocalFile, failure.Code);
        Assert.Contains("cannot be deleted", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_takes_requests_and_answers_none_is_given_up()
    {
        var clock = new ForwardClock();
        await using var server = await StandInServer.StartAsync(app =>
        {
            app.MapPost("/uploads", SilentAsync);
            app.MapMethods("/uploads/{id}", ["HEAD", "DELETE"], SilentAsync);
            app.MapGet("/files/{id}/{name}", () => Results.Content("text"));
            app.MapMethods("/files/{id}/{name}", ["HEAD"], SilentAsync);
        });
        using var home = new CliHome(server.Address);
        using var file = SentFile.Open(home.Write("a.txt", [1]));
        var memory = new UploadMemory(new Folders(home.File("config"), home.File("state")), clock, _ => { });
        var to = new Destination("Ann", "Lobby", Batch: null, Index: 0);
        var begun = new UploadNote(new(server.Address, "Ann", "Lobby", file.Path, 1, file.ModifiedAt), "id", Batch: null, "/uploads/u1", clock.GetUtcNow());
        using var client = new ChatShareClient(new Uri(server.Address + "/"), "token", trustedCertificate: null) { Patience = TimeSpan.FromMilliseconds(200) };
        var uploader = new Uploader(client, memory, clock);
        using var meter = new Meter("a.txt", 1, clock, _ => { });

        await IsGivenUpAsync(uploader.SendAsync(file, to, meter, Cancel));
        await memory.SaveAsync([begun], Cancel);
        await IsGivenUpAsync(uploader.SendAsync(file, to, meter, Cancel));
        // Called off all the same: the server gives it up by itself after a while.
        await uploader.CancelAsync(file, to, Cancel).WaitAsync(Make.PatienceForOne, Cancel);
        await IsGivenUpAsync(new Downloader(client, clock).GetAsync(new("f1", "b.txt", 4, Sha256: null, FileStates.Ready), home.File("got"), meter, Cancel));

        async Task SilentAsync(HttpContext context)
        {
            // Too long for another try.
            clock.Advance(TimeSpan.FromMinutes(3));
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }

        static async Task IsGivenUpAsync<T>(Task<T> transfer) => Assert.Equal(
            ExitCode.NoServer, (await Assert.ThrowsAsync<Failure>(() => transfer.WaitAsync(Make.PatienceForOne, Cancel))).Code);
    }

    [Fact]
    public async Task A_certificate_that_nobody_trusts_is_refused_with_the_way_to_trust_it()
    {
        using var certificate = StandInServer.SelfSigned();
        await using var server = await StandInServer.StartAsync(app => app.MapGet("/api/rooms", () => Results.Json(Array.Empty<int>())), certificate);
        using var home = new CliHome(server.Address);
        var sha256 = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);

        var refused = await home.RunAsync("rooms", "--nick", "Ann");
        var wrong = await home.RunAsync("rooms", "--nick", "Ann", "--trust-certificate", new string('0', 64));
        var trusted = await home.RunAsync("rooms", "--nick", "Ann", "--trust-certificate", sha256);
        var remembered = await home.RunAsync("rooms");

        Assert.Equal((3, 3, 0, 0), (refused.Code, wrong.Code, trusted.Code, remembered.Code));
        Assert.Contains($"--trust-certificate {sha256}", refused.Notes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Behind_a_proxy_that_holds_events_back_the_room_is_followed_all_the_same(bool lettingTheirHeadThrough)
    {
        var asked = 0;
        await using var server = await StandInServer.StartAsync(app =>
        {
            app.MapGet("/api/rooms/{room}/events", async (HttpContext context) =>
            {
                context.Response.ContentType = "text/event-stream";
                if (lettingTheirHeadThrough)
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            });
            app.MapGet("/api/rooms/{room}/messages", (string after, HttpContext context) =>
            {
                context.Response.Headers["Epoch"] = "a";
                var last = long.Parse(after.Split('-')[^1], System.Globalization.CultureInfo.InvariantCulture);
                // Every second time there is one more.
                return Results.Json(asked++ % 2 == 0 ? [StandInServer.Message(last + 1, "x")] : Array.Empty<object>());
            });
        });

        var told = await FollowAsync(server, new FollowTimes(TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(10)), most: 4);

        Assert.Equal(["polling", "1", "2", "3"], told);
    }

    [Fact]
    public async Task A_stream_that_has_begun_is_a_connection_also_while_nothing_comes()
    {
        var asked = 0;
        await using var server = await StandInServer.StartAsync(app => app.MapGet("/api/rooms/{room}/events", async (HttpContext context) =>
        {
            if (asked++ == 0)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }));

        Assert.Equal(["lost", "back"], await FollowAsync(server, FollowTimes.Usual, most: 2, tellsBreaks: true));
    }

    [Fact]
    public async Task A_program_that_was_stopped_does_not_take_its_own_sleep_for_something_that_holds_events_back()
    {
        var asked = 0;
        await using var server = await StandInServer.StartAsync(app => app.MapGet("/api/rooms/{room}/events", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (asked++ > 0)
                await context.Response.WriteAsync(Event("message", "a-1", 1), context.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }));

        var told = await FollowAsync(
            server, FollowTimes.Usual with { Silence = TimeSpan.FromSeconds(1) }, most: 3, tellsBreaks: true, new SleptClock());

        Assert.Equal(["lost", "back", "1"], told);
    }

    [Fact]
    public async Task When_the_database_is_another_everything_comes_anew()
    {
        var asked = new List<string>();
        await using var server = await StandInServer.StartAsync(app => app.MapGet("/api/rooms/{room}/events", async (string after, HttpContext context) =>
        {
            asked.Add(after);
            context.Response.ContentType = "text/event-stream";
            var events = asked.Count switch
            {
                1 => Event("ping", "a-5", 5) + Event("message", "a-6", 6),
                // Begins with what was seen already, as after a cut.
                2 => Event("message", "a-6", 6) + Event("message", "a-7", 7) + Event("reset", "b-2", 2) + Event("message", "b-2", 2),
                _ => Event("message", "b-1", 1) + Event("message", "b-2", 2),
            };
            await context.Response.WriteAsync(events, context.RequestAborted);
        }));

        var told = await FollowAsync(server, FollowTimes.Usual, most: 5);

        Assert.Equal(["6", "7", "reset", "1", "2"], told);
        Assert.Equal(["0", "a-6", "0"], asked.Take(3));
    }

    private static async Task<string[]> FollowAsync(StandInServer server, FollowTimes times, int most, bool tellsBreaks = false, TimeProvider? time = null)
    {
        using var client = new ChatShareClient(new Uri(server.Address + "/"), "token", trustedCertificate: null);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var told = Channel.CreateUnbounded<string>();
        var follower = new RoomFollower(client, "Lobby", new Position(null, 0), TellAsync, time ?? TimeProvider.System, times).RunAsync(over.Token);
        var all = new List<string>();
        while (all.Count < most)
            all.Add(await told.Reader.ReadAsync(Cancel).AsTask().WaitAsync(Make.PatienceForOne, Cancel));
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follower);
        return [.. all];

        ValueTask TellAsync(Followed what, CancellationToken cancellationToken) => what switch
        {
            Followed.Changed { Message: var message } => told.Writer.WriteAsync(message.Number.ToString(System.Globalization.CultureInfo.InvariantCulture), cancellationToken),
            Followed.Reset => told.Writer.WriteAsync("reset", cancellationToken),
            Followed.Polling => told.Writer.WriteAsync("polling", cancellationToken),
            Followed.Lost when tellsBreaks => told.Writer.WriteAsync("lost", cancellationToken),
            Followed.Back when tellsBreaks => told.Writer.WriteAsync("back", cancellationToken),
            _ => ValueTask.CompletedTask,
        };
    }

    private static string Event(string type, string id, long number) =>
        $"event: {type}\nid: {id}\ndata: {(type == "message" ? JsonSerializer.Serialize(StandInServer.Message(number, "x")) : "null")}\n\n";

    private static void MapHostile(WebApplication app)
    {
        var file = new { id = "f1", name = Hostile + ".txt", size = 4, sha256 = Make.Sha256("text"u8), state = "ready" };
        object[] messages = [StandInServer.Message(1, Hostile + "\n" + Hostile, Hostile, file)];
        app.MapGet("/api/rooms", () => Results.Json(new[] { new { name = Hostile, topic = Hostile, people = 1, lastNumber = 1 } }));
        app.MapGet("/api/rooms/{room}/people", () => Results.Json(new[] { new { nickname = Hostile, state = Hostile, doors = new[] { Hostile } } }));
        app.MapGet("/api/connections", () => Results.Json(new[] { new { id = Hostile, nickname = Hostile, door = Hostile, rooms = new[] { Hostile }, addresses = new[] { Hostile } } }));
        app.MapGet("/api/rooms/{room}/files", () => Results.Json(new[] { file }));
        app.MapGet("/files/{id}/{name}", () => Results.Bytes(Encoding.UTF8.GetBytes("text")));
        app.MapGet("/api/rooms/{room}/messages", (HttpContext context) =>
        {
            context.Response.Headers["Epoch"] = "a";
            return Results.Json(messages);
        });
        app.MapPost("/api/rooms/{room}/messages", () => Results.Problem(Hostile, statusCode: 400));
        app.MapGet("/api/rooms/{room}/events", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync($"event: message\nid: a-1\ndata: {JsonSerializer.Serialize(messages[0])}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        });
    }

    /// <summary>An hour has gone by whenever somebody looks: to a program that was stopped meanwhile its timers are that late.</summary>
    private sealed class SleptClock : TimeProvider
    {
        private long _looks;

        public override long GetTimestamp() => base.GetTimestamp() + (Interlocked.Increment(ref _looks) * 3600 * TimestampFrequency);
    }
}
