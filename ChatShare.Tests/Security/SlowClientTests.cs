using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

/// <summary>
/// Clients that take places and give nothing: everybody else is served as before. Whose body does not come is cut off in seconds, whose headers
/// do not end in half a minute (in the long form). Who reads nothing keeps the place for minutes, as long as what was written for them would take
/// at 240 bytes a second; that is not waited for here.
/// </summary>
public sealed partial class SlowClientTests
{
    private const string Tool = "/usr/bin/slowhttptest";

    private static readonly string[] Beginnings =
    [
        // Headers that never end, a body that never comes, and a page that is never read.
        "GET / HTTP/1.1\r\nHost: {host}\r\nX-Slow: a",
        "POST /api/session HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
        "GET /_content/MudBlazor/MudBlazor.min.css HTTP/1.1\r\nHost: {host}\r\n\r\n",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Make.Patience)]
    public async Task Hundreds_who_say_half_a_request_hold_up_nobody_and_a_body_that_does_not_come_is_cut_off()
    {
        var token = TestContext.Current.CancellationToken;
        await using var app = await RunningApp.StartAsync();
        using var ann = await app.JoinAsync("Ann");
        var sockets = new List<Socket>();
        try
        {
            foreach (var number in Enumerable.Range(0, 600))
                sockets.Add(await BeginAsync(app, Beginnings[number % Beginnings.Length]));
            foreach (var path in new[] { "/health/ready", "/rooms/Lobby", "/_framework/blazor.web.js" })
            {
                using var response = await ann.GetAsync(path, token).WaitAsync(TimeSpan.FromSeconds(10), token);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }

            using var bob = await app.JoinAsync("Bob").WaitAsync(TimeSpan.FromSeconds(10), token);
            // The server grants a body five seconds before it wants to see its bytes.
            Assert.StartsWith("HTTP/1.1 408", await ReadAsync(sockets[1]), StringComparison.Ordinal);
            // And half a minute for the headers.
            if (Make.IsLong)
                Assert.StartsWith("HTTP/1.1 408", await ReadAsync(sockets[0]), StringComparison.Ordinal);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    [Theory]
    [InlineData("-H", "-i", "10", "-x", "24")]
    [InlineData("-B", "-i", "10", "-s", "8192", "-t", "POST")]
    [InlineData("-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3")]
    // From the second byte on: with 0 the tool says that the option lacks its argument, and does nothing.
    [InlineData("-R", "-a", "1", "-b", "1000")]
    public async Task Attacks_of_slowhttptest_leave_the_server_available(params string[] attack)
    {
        Assert.SkipUnless(Make.IsLong, "Takes a minute each; runs in the long form.");
        Assert.SkipUnless(File.Exists(Tool), "slowhttptest is not installed; ./test installs it on Debian as root.");
        await using var server = await ServerProcess.StartMigratedAsync(Cancel, "ChatShare:Limits:JoinsPerMinutePerAddress=0");
        string[] arguments = [.. attack, "-c", "1000", "-r", "200", "-l", "60", "-p", "3", "-u", $"{server.Address}/_content/MudBlazor/MudBlazor.min.css"];
        using var tool = Process.Start(new ProcessStartInfo(Tool, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (tool.StandardOutput.ReadToEndAsync(Cancel), tool.StandardError.ReadToEndAsync(Cancel));
        var served = 0;
        while (!tool.HasExited)
        {
            await ServesOthersAsync(server);
            served++;
            await TestClock.UntilAsync(TimeSpan.FromMilliseconds(500), Cancel);
        }

        var report = Colour().Replace(await output, "");
        Assert.True(tool.ExitCode == 0, report + await errors);
        // It has looked itself, and it came to its end: by time, or since the server had answered and hung up on all of it.
        Assert.Matches("service available: +YES", report);
        Assert.DoesNotMatch("service available: +NO", report);
        Assert.Matches("Exit status: +(Hit test time limit|No open connections left)", report);
        Assert.True(served > 1, report);
        await ServesOthersAsync(server);
    }

    /// <summary>By connections of their own, as somebody has who comes now: a page with everything in it, and a program that signs in and says something.</summary>
    private static async Task ServesOthersAsync(ServerProcess server)
    {
        // For each answer. What holds others up at all is the kernel, which has 1.7 GB waiting for a thousand readers of this machine.
        using var http = new HttpClient { BaseAddress = new Uri(server.Address), Timeout = TimeSpan.FromSeconds(30) };
        foreach (var path in new[] { "/health/ready", "/", "/_content/MudBlazor/MudBlazor.min.css" })
        {
            using var response = await http.GetAsync(path, Cancel);
            Assert.Equal((path, HttpStatusCode.OK), (path, response.StatusCode));
            Assert.NotEqual("", await response.Content.ReadAsStringAsync(Cancel));
        }

        using var opened = await http.PostAsJsonAsync("/api/session", new { nickname = $"Other {Guid.NewGuid():N}"[..20] }, Cancel);
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        var session = await opened.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session.GetProperty("accessToken").GetString());
        using var posted = await http.PostAsJsonAsync("/api/rooms/Lobby/messages", new { text = "still here", clientId = Make.ClientId() }, Cancel);
        Assert.Equal(HttpStatusCode.Created, posted.StatusCode);
    }

    private static async Task<Socket> BeginAsync(RunningApp app, string beginning)
    {
        var address = new Uri(app.Address);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, address.Port), Cancel);
        await socket.SendAsync(Encoding.ASCII.GetBytes(beginning.Replace("{host}", address.Authority, StringComparison.Ordinal)), Cancel);
        return socket;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var buffer = new byte[100];
        var length = await socket.ReceiveAsync(buffer, Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(45), Cancel);
        return Encoding.ASCII.GetString(buffer, 0, length).ToString(CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"\e\[[0-9;]*[A-Za-z]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Colour();
}
