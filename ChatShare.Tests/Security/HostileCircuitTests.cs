using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using ChatShare.Benchmarks.Stall;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

/// <summary>What no page says on the circuit's WebSocket: whoever says it is cut off or not listened to, and nobody else notices.</summary>
public sealed class HostileCircuitTests(CircuitFixture fixture) : IClassFixture<CircuitFixture>
{
    private const string Picker = "chatshare.picker.start";
    private const string InputFile = "Blazor._internal.InputFile.init";
    private const string Handshake = "{\"protocol\":\"blazorpack\",\"version\":1}\u001e";

    private static readonly Dictionary<string, Func<BareCircuit, Task>> CutOff = new(StringComparer.Ordinal)
    {
        ["a second start"] = circuit => circuit.SayAsync("StartCircuit", ["http://127.0.0.1/", "http://127.0.0.1/rooms/Lobby", "[]", ""], Cancel),
        ["a batch that was never drawn"] = async circuit =>
        {
            circuit.Acknowledges = false;
            await circuit.SendAsync("something to draw", Cancel);
            await circuit.UntilAsync(() => circuit.Unacknowledged > 0, Cancel);
            await circuit.SayAsync("OnRenderCompleted", [999_999L, null], Cancel);
        },
        ["a forged component"] = circuit => circuit.SayAsync("UpdateRootComponents", ["""{"batchId":1,"operations":[{"type":"add","ssrComponentId":9,"marker":{"type":"server","sequence":0,"descriptor":"AAAA"}}]}""", ""], Cancel),
        ["no component at all"] = circuit => circuit.SayAsync("UpdateRootComponents", ["[[[[", ""], Cancel),
        ["results that are no JSON"] = circuit => circuit.SayAsync("EndInvokeJSFromDotNet", [1L, true, "[[["], Cancel),
        ["a chunk out of its turn"] = circuit => SendFileAsync(circuit, chunk: 7, new byte[100]),
        ["an empty chunk"] = circuit => SendFileAsync(circuit, chunk: 0, []),
        ["more bytes than the file has"] = circuit => SendFileAsync(circuit, chunk: 0, new byte[5000]),
        ["a message of a megabyte"] = circuit => circuit.SayAsync("BeginInvokeDotNetFromJS", ["1", null, "x", 1L, new string('x', 1_000_000)], Cancel),
        ["a flood of calls"] = FloodAsync,
    };

    private static readonly Dictionary<string, Func<BareCircuit, Task>> Ignored = new(StringComparer.Ordinal)
    {
        ["a batch that was acknowledged already"] = circuit => circuit.SayAsync("OnRenderCompleted", [0L, null], Cancel),
        ["results that nobody asked for"] = circuit => circuit.SayAsync("EndInvokeJSFromDotNet", [987_654L, true, "[987654,true,\"forged\"]"], Cancel),
        ["a method that does not exist"] = circuit => circuit.SayAsync("NoSuchMethod", ["x"], Cancel),
        ["arguments of other types"] = circuit => circuit.SayAsync("OnRenderCompleted", ["one", "two"], Cancel),
        ["an object that does not exist"] = circuit => circuit.SayAsync("BeginInvokeDotNetFromJS", ["x1", null, "SendAsync", 987_654L, "[]"], Cancel),
        ["a method that is not for pages"] = async circuit => Assert.False((await circuit.CallAsync(BareCircuit.Room, "DisposeAsync", [], Cancel)).Succeeded),
        ["a method of the framework"] = circuit => circuit.SayAsync("BeginInvokeDotNetFromJS", ["x2", "System.Private.CoreLib", "Exit", 0L, "[0]"], Cancel),
        ["arguments that do not fit"] = async circuit => Assert.False((await circuit.CallAsync(BareCircuit.Room, "SeenAsync", ["no number"], Cancel)).Succeeded),
        ["chunks of a stream that is none"] = async circuit => Assert.False(await circuit.AskAsync<bool>("ReceiveJSDataChunk", [4711L, 0L, new byte[1000], null], Cancel)),
        ["the circuit of somebody else"] = async circuit => Assert.False(await circuit.AskAsync<bool>("ConnectCircuit", ["CfDJ8" + new string('A', 200)], Cancel)),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Attacks => [.. CutOff.Keys];

    public static TheoryData<string> Nonsense => [.. Ignored.Keys];

    [Theory(Timeout = Make.Patience)]
    [MemberData(nameof(Attacks))]
    public async Task Whoever_says_what_no_page_says_is_cut_off(string what)
    {
        var token = TestContext.Current.CancellationToken;
        await using var attacker = await fixture.OpenAsync("Mallory");
        // The others talk while it happens, and afterwards.
        var others = fixture.StillTalkAsync();
        try
        {
            await CutOff[what](attacker);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or WebSocketException or OperationCanceledException && !token.IsCancellationRequested)
        {
            // Cut off in the middle of a sentence.
            await attacker.Ended.WaitAsync(token);
        }

        await others;
        // The framework may leave the connection open and end the circuit, which is all that was on it.
        await attacker.UntilGoneAsync(token);
        await fixture.StillTalkAsync();
    }

    [Theory(Timeout = Make.Patience)]
    [MemberData(nameof(Nonsense))]
    public async Task What_means_nothing_is_not_listened_to(string what)
    {
        var token = TestContext.Current.CancellationToken;
        await using var person = await fixture.OpenAsync("Nora");
        await Ignored[what](person);

        // They can go on, because it may have been a mistake.
        var text = Guid.NewGuid().ToString();
        Assert.True((await person.SendAsync(text, token)).Succeeded);
        await person.SeesAsync(text, token);
        await fixture.StillTalkAsync();
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData("no handshake")]
    [InlineData("a handshake of another protocol")]
    [InlineData("a handshake without an end")]
    [InlineData("random bytes")]
    [InlineData("text")]
    [InlineData("a length that is negative")]
    [InlineData("a length of two gigabytes")]
    [InlineData("an array in an array in an array")]
    public async Task Frames_that_are_none_end_their_connection_alone(string what)
    {
        var token = TestContext.Current.CancellationToken;
        using var person = await fixture.App.JoinAsync(fixture.NewName("Garbler"));
        using var socket = await Sockets.ConnectAsync(fixture.App, person);
        if (what is not ("no handshake" or "a handshake of another protocol" or "a handshake without an end"))
            await socket.SendAsync(Encoding.UTF8.GetBytes(Handshake), WebSocketMessageType.Binary, endOfMessage: true, token);
        await SendAllAsync(socket, what);

        await UntilClosedAsync(socket);
        await fixture.StillTalkAsync();
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Page_that_goes_to_the_administration_by_itself_sees_nothing_of_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var guest = await fixture.OpenAsync("Climber");
        await guest.SayAsync("OnLocationChanged", [$"{fixture.App.Address}/admin", null, true], token);
        await guest.UntilAsync(() => guest.Texts.Contains("Not for you"), token);

        Assert.DoesNotContain("Connected users", guest.Texts);
        await fixture.StillTalkAsync();
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData("http://evil.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("")]
    public async Task Address_that_is_none_of_this_server_ends_at_most_its_own_page(string address)
    {
        var token = TestContext.Current.CancellationToken;
        await using var guest = await fixture.OpenAsync("Wanderer");
        await guest.SayAsync("OnLocationChanged", [address, null, false], token);

        await guest.UntilGoneAsync(token);
        await fixture.StillTalkAsync();
    }

    private static async Task FloodAsync(BareCircuit circuit)
    {
        for (var call = 0; call < 200_000 && !circuit.Ended.IsCompleted; call++)
            await circuit.SayAsync("BeginInvokeDotNetFromJS", [call.ToString(CultureInfo.InvariantCulture), null, "TypingAsync", 987_654L, "[true]"], Cancel);
        await circuit.Ended.WaitAsync(Cancel);
    }

    private static async Task SendAllAsync(ClientWebSocket socket, string what)
    {
        for (var piece = 0; piece < 200 && socket.State == WebSocketState.Open; piece++)
        {
            try
            {
                await socket.SendAsync(Piece(what, piece), what == "text" ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage: true, Cancel);
            }
            catch (Exception e) when (e is WebSocketException or IOException)
            {
                // Cut off before it was done.
                return;
            }
        }
    }

    /// <summary>Picks a file of a hundred bytes in the page, as if no upload by HTTP got through, and sends this for its content.</summary>
    private static async Task SendFileAsync(BareCircuit circuit, long chunk, byte[] bytes)
    {
        var asked = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        circuit.Answers = (identifier, args) =>
        {
            if (identifier.EndsWith("sendJSDataStream", StringComparison.Ordinal))
                asked.TrySetResult(JsonDocument.Parse(args!).RootElement[1].GetInt64());
            return identifier == "Blazor._internal.InputFile.readFileData" ? """{"__jsStreamReferenceLength":100,"__jsObjectId":4711}""" : null;
        };
        await circuit.UntilAsync(() => circuit.Scripts.Contains(Picker) && circuit.Scripts.Contains(InputFile), Cancel);
        await circuit.CallAsync(Picker, "Expect", ["Lobby", Array.Empty<string>()], Cancel);
        // It returns when the file is here, so nobody waits for it.
        _ = circuit.CallAsync(InputFile, "NotifyChange", [new[] { new { id = 1, lastModified = "2026-01-01T00:00:00Z", name = "a.bin", size = 100, contentType = "x/x" } }], Cancel);
        var stream = await asked.Task.WaitAsync(Cancel);
        await circuit.SayAsync("ReceiveJSDataChunk", [stream, chunk, bytes, null], Cancel);
    }

    private static byte[] Piece(string what, int number) => what switch
    {
        "a handshake of another protocol" => Encoding.UTF8.GetBytes("{\"protocol\":\"json\",\"version\":1}\u001e"),
        "a handshake without an end" => Encoding.UTF8.GetBytes(new string('{', 20_000)),
        "a length that is negative" => [0xff, 0xff, 0xff, 0xff, 0xff],
        "a length of two gigabytes" => [0xff, 0xff, 0xff, 0xff, 0x07, .. new byte[5000]],
        "an array in an array in an array" => [.. Enumerable.Repeat((byte)0x91, 30_000).Prepend((byte)0x01).Prepend((byte)0xea).Prepend((byte)0xb0)],
        _ => Make.Bytes(5000, number),
    };

    private static async Task UntilClosedAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        try
        {
            while ((await socket.ReceiveAsync(buffer, Cancel)).MessageType != WebSocketMessageType.Close)
            {
                // What was said before.
            }
        }
        catch (WebSocketException)
        {
            // Cut without a word.
            return;
        }
    }
}
