using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using ChatShare.Web.Gateway;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Gateway;

/// <summary>What clients and networks do wrong: the others notice nothing of it.</summary>
public sealed class GatewayFaultTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    // Everything that a client can say, one after the other.
    private static readonly byte[] Conversation = [.. Encoding.UTF8.GetBytes("Grüße, 世界"), .. Encoding.UTF8.GetBytes("FILE_TRANSFER:cut ü.bin:12"), .. "0123456789AB"u8, .. "READY"u8];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Conversation_that_is_cut_anywhere_disturbs_nobody()
    {
        await using var browser = await fixture.EnterAsync("Calm");
        await using var witness = await OldClient.JoinAsync(fixture.Address, "witness");
        // Several at a time, so that it does not take a minute.
        await Parallel.ForAsync(0, Conversation.Length + 1, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (cut, _) =>
        {
            await using var client = await OldClient.JoinAsync(fixture.Address, string.Create(CultureInfo.InvariantCulture, $"cut{cut}"));
            await client.SendAsync(Conversation.AsMemory(0, cut));
            client.Socket.Shutdown(SocketShutdown.Send);
            await client.HangsUpAsync();
        });

        await NothingIsLeftAsync();
        await StillTalkAsync(browser, witness);
    }

    [Fact]
    public async Task Conversation_that_comes_in_two_pieces_says_the_same()
    {
        await using var browser = await fixture.EnterAsync("Judge");
        var header = Encoding.UTF8.GetBytes("FILE_TRANSFER:two.bin:12");
        await Parallel.ForAsync(1, header.Length, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (cut, _) =>
        {
            await using var client = await OldClient.JoinAsync(fixture.Address, string.Create(CultureInfo.InvariantCulture, $"piece{cut}"));
            await client.SendAsync(header.AsMemory(0, cut));
            await TestClock.UntilAsync(TimeSpan.FromMilliseconds(5), Cancel);
            await client.SendAsync(header.AsMemory(cut));
            await TestClock.UntilAsync(TimeSpan.FromMilliseconds(500), Cancel);
            await client.SendAsync("0123456789AB"u8.ToArray());
            await client.SeesAsync("FILE_TRANSFER_COMPLETE:two.bin");
        });

        var files = browser.Messages.Where(m => m.Files is [{ Name: "two.bin", State: FileState.Ready }]).ToList();
        Assert.Equal(header.Length - 1, files.Count);
        Assert.All(files, m => Assert.Equal(Make.Sha256("0123456789AB"u8), m.Files[0].Sha256));
    }

    [Fact]
    public async Task Single_slow_bytes_are_taken_for_what_they_are()
    {
        await using var browser = await fixture.EnterAsync("Telegraph");
        await using var client = await OldClient.JoinAsync(fixture.Address, "morse");
        foreach (var value in Encoding.UTF8.GetBytes("slow ü"))
        {
            await client.SendAsync(new[] { value });
            await TestClock.UntilAsync(TimeSpan.FromMilliseconds(20), Cancel);
        }

        await browser.UntilMessageAsync(m => m.Sender == "morse" && m.Text.EndsWith('ü'), Cancel);
    }

    [Fact]
    public async Task Random_bytes_disturb_nobody()
    {
        await using var browser = await fixture.EnterAsync("Quiet");
        await using var witness = await OldClient.JoinAsync(fixture.Address, "observer");
        var rounds = Make.IsLong ? 300 : 30;
        await Parallel.ForAsync(0, rounds, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (seed, _) =>
        {
            // Half of them do not even answer NICK.
            await using var client = seed % 2 == 0
                ? await OldClient.JoinAsync(fixture.Address, string.Create(CultureInfo.InvariantCulture, $"random{seed}"))
                : await OldClient.ConnectAsync(fixture.Address, "\u0001\u0002");
            try
            {
                await client.SendAsync(Make.Bytes(1 + (seed * 331 % 9000), seed));
                client.Socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // It was thrown out already.
                return;
            }

            await client.HangsUpAsync();
        });

        await NothingIsLeftAsync();
        await StillTalkAsync(browser, witness);
    }

    [Fact]
    public async Task Flood_of_a_client_that_reads_nothing_holds_up_only_itself()
    {
        await using var browser = await fixture.EnterAsync("Harbour");
        await using var witness = await OldClient.JoinAsync(fixture.Address, "lighthouse");
        using var flood = await RawClient.JoinAsync(fixture.Address, "flood");
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var flooding = FloodAsync(flood.Socket, enough.Token);
        for (var number = 0; number < 5; number++)
            await StillTalkAsync(browser, witness);
        await enough.CancelAsync();
        await flooding;
    }

    [Fact]
    public async Task Request_of_a_browser_becomes_no_person()
    {
        await using var browser = await fixture.EnterAsync("Surfer");
        await using var witness = await OldClient.JoinAsync(fixture.Address, "lifeguard");
        using var http = new HttpClient();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.PostAsync(new Uri($"http://{fixture.Address}/"), new StringContent("spam"), Cancel));

        await StillTalkAsync(browser, witness);
        Assert.DoesNotContain(witness.Read, text => text.Contains("POST", StringComparison.Ordinal) || text.Contains("spam", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\n\r\nspam")]
    [InlineData("OPTIONS * HTTP/1.1\r\n\r\nspam")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nspam")]
    // As much of a long address as fits into the first packet.
    [InlineData("GET /{long}")]
    public async Task Request_becomes_no_person_whatever_it_is(string request)
    {
        using var client = await RawClient.ConnectAsync(fixture.Address);
        await client.SayAsync(request.Replace("{long}", new string('x', 1200), StringComparison.Ordinal));

        Assert.Equal("NICK", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Client_that_never_answers_is_dropped_after_a_time()
    {
        await using var app = await StartAsync(new GatewayPace { Handshake = TimeSpan.FromMilliseconds(300) });
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(app.Gateway!, Cancel);
        var buffer = new byte[100];
        Assert.Equal(4, await socket.ReceiveAsync(buffer, Cancel));

        Assert.Equal(0, await socket.ReceiveAsync(buffer, Cancel));
    }

    [Fact]
    public async Task Client_that_takes_nothing_disturbs_nobody_and_is_dropped_in_time()
    {
        await using var app = await StartAsync(new GatewayPace { Patience = TimeSpan.FromSeconds(2) });
        await using var browser = await GatewayFixture.EnterAsync(app, "Sharer");
        await using var witness = await OldClient.JoinAsync(app.Gateway!, "reader");
        using var stalled = await RawClient.JoinAsync(app.Gateway!, "stalled");
        await Eventually.TrueAsync(() => Task.FromResult(IsHere(app, "stalled")));
        var content = Make.Bytes(12_000_000, seed: 20);
        var upload = (await app.Get<UploadService>().BeginAsync(browser.Session, [Make.File("flood.bin", content.Length)], Make.ClientId(), Cancel))[0];
        await upload.AppendAsync(0, new MemoryStream(content), Cancel);

        Assert.Equal(Make.Sha256(content), (await witness.SavesAsync("flood.bin")).Sha256);
        Assert.True(IsHere(app, "stalled"));
        await Eventually.TrueAsync(() => Task.FromResult(!IsHere(app, "stalled")));
        await witness.SeesAsync("stalled left the chat!");
    }

    [Fact]
    public async Task Upload_that_falls_silent_fails_and_its_client_is_dropped()
    {
        await using var app = await StartAsync(new GatewayPace { Patience = TimeSpan.FromSeconds(1) });
        await using var browser = await GatewayFixture.EnterAsync(app, "Waiting");
        await using var ann = await OldClient.JoinAsync(app.Gateway!, "silent");
        await ann.SayAsync("FILE_TRANSFER:silent.bin:100");
        await browser.UntilMessageAsync(m => m.Files is [{ State: FileState.Failed }], Cancel);

        await ann.HangsUpAsync();
    }

    [Fact]
    public async Task Client_that_was_far_behind_reads_on_from_the_log()
    {
        await using var app = await RunningApp.StartAsync([.. GatewayFixture.Settings, "ChatShare:Gateway:MessageGapMilliseconds=1"]);
        await using var browser = await GatewayFixture.EnterAsync(app, "Prolific");
        await using var ann = await OldClient.JoinAsync(app.Gateway!, "behind");
        // More than the queue and the room's ring together hold, while the client gets one in a few milliseconds.
        foreach (var part in Enumerable.Range(0, 1000).Chunk(100))
            await Task.WhenAll(part.Select(number => browser.Session.SayAsync(number.ToString(CultureInfo.InvariantCulture), Cancel)));
        var last = await browser.Session.SayAsync("the end", Cancel);
        await browser.UntilChangeAsync(last.Number, Cancel);
        await ann.SeesAsync(text => text.EndsWith("the end", StringComparison.Ordinal));

        // Joined, because with so short a gap the client finds two at a time.
        Assert.Equal(
            string.Concat(browser.Messages.Select(m => $"Prolific: {m.Text}")),
            string.Concat(ann.Read.Where(text => text.StartsWith("Prolific:", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Port_that_is_in_use_stops_the_start_and_names_the_setting()
    {
        var fault = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => RunningApp.StartAsync($"ChatShare:Gateway:Endpoint={fixture.Address}"));

        Assert.Contains("ChatShare:Gateway:Endpoint", Assert.Single(fault.Failures), StringComparison.Ordinal);
        Assert.Contains("another program listens there", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_room_is_made_when_it_is_set()
    {
        await using var app = await RunningApp.StartAsync([.. GatewayFixture.Settings, "ChatShare:Gateway:Room=Old clients"]);
        await using var ann = await OldClient.JoinAsync(app.Gateway!, "settler");

        Assert.Equal("Old clients", Assert.Single(app.Get<ConnectedUsers>().List()).Rooms.Single());
    }

    [Fact]
    public async Task Stop_of_the_program_hangs_up_at_once()
    {
        var app = await RunningApp.StartAsync(GatewayFixture.Settings);
        await using var ann = await OldClient.JoinAsync(app.Gateway!, "last");
        await app.DisposeAsync();

        await ann.HangsUpAsync(withinSeconds: 5);
    }

    private static Task<RunningApp> StartAsync(GatewayPace pace) =>
        RunningApp.StartAsync(builder => builder.Services.AddSingleton(pace), GatewayFixture.Settings);

    private static bool IsHere(RunningApp app, string nickname) => app.Get<ConnectedUsers>().List().Any(user => user.Nickname == nickname);

    private static async Task FloodAsync(Socket socket, CancellationToken enough)
    {
        try
        {
            while (!enough.IsCancellationRequested)
                await socket.SendAsync(Make.Bytes(60_000), enough);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // Enough, or thrown out for reading nothing, which may come first.
            return;
        }
    }

    /// <summary>Everybody but those who still talk has gone, and their sessions with them.</summary>
    private Task NothingIsLeftAsync() => Eventually.TrueAsync(() => Task.FromResult(
        fixture.App.Get<ConnectedUsers>().List().Count(user => user.Door == Door.Tcp) == 1 && !fixture.App.Get<UploadService>().Active.Any()));

    private static async Task StillTalkAsync(RoomReader browser, OldClient witness)
    {
        var text = Guid.NewGuid().ToString();
        await browser.Session.SayAsync(text, Cancel);
        await witness.SeesAsync(read => read.EndsWith(text, StringComparison.Ordinal));
    }
}
