using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace ChatShare.Tests.Support;

/// <summary>Opens the circuit's WebSocket as a browser does, as far as the handshake.</summary>
internal static class Sockets
{
    /// <returns>A port of the loopback that nobody listens to now.</returns>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <returns>The status of the handshake; a socket that opened is closed again.</returns>
    public static async Task<HttpStatusCode> OpenAsync(RunningApp app, HttpClient person, string? origin, string path = "/_blazor")
    {
        using var socket = new ClientWebSocket();
        await TryConnectAsync(socket, app, person, origin, path);
        return socket.HttpStatusCode;
    }

    public static async Task<ClientWebSocket> ConnectAsync(RunningApp app, HttpClient person)
    {
        var socket = new ClientWebSocket();
        await TryConnectAsync(socket, app, person, app.Address, "/_blazor");
        Assert.Equal(WebSocketState.Open, socket.State);
        return socket;
    }

    private static async Task TryConnectAsync(ClientWebSocket socket, RunningApp app, HttpClient person, string? origin, string path)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        socket.Options.CollectHttpResponseDetails = true;
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        // Only the client's own handler knows its cookies; the server shows them back in none of its pages.
        if (RunningApp.CookiesOf(person) is { Length: > 0 } cookies)
            socket.Options.SetRequestHeader("Cookie", cookies);
        try
        {
            await socket.ConnectAsync(new Uri(app.Address.Replace("http:", "ws:", StringComparison.Ordinal) + path), cancellationToken);
        }
        catch (WebSocketException) when (socket.HttpStatusCode != default)
        {
            // The server answered something else; the caller looks at what.
            Assert.NotEqual(HttpStatusCode.SwitchingProtocols, socket.HttpStatusCode);
        }
    }
}
