using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

/// <summary>
/// Clients that take places and give nothing: everybody else is served as before. Whose body does not come is cut off in seconds, whose headers
/// do not end in half a minute (in the long form). Who reads nothing keeps the place for minutes, as long as what was written for them would take
/// at 240 bytes a second; that is not waited for here.
/// </summary>
public sealed class SlowClientTests
{
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
}
