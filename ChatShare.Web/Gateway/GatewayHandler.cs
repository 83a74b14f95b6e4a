using System.Net;
using System.Net.Sockets;
using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Gateway;

/// <summary>
/// The door for the clients of the old TCP protocol, see <c>docs/protocol.md</c>. Each connection is a guest with a session, a participant and
/// a place in the gateway's room, as a page is, and all of it ends with the connection.
/// </summary>
internal sealed class GatewayHandler(
    IOptions<ChatShareOptions> options,
    Admission admission,
    SessionService sessions,
    ConnectedUsers connected,
    RoomService rooms,
    ClientUploads uploads,
    GatewayFiles files,
    WebAddress web,
    GatewayPace pace,
    IHostApplicationLifetime lifetime,
    ChatShareMetrics metrics,
    TimeProvider time,
    ILogger<GatewayHandler> logger) : ConnectionHandler
{
    private readonly OpenCount<string> _open = new();
    private readonly AddressList _allowed = new(options.Value.Gateway.AllowedNetworks);

    /// <inheritdoc />
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var remote = ClientAddress.Normal((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (!_allowed.Allows(remote))
        {
            logger.GatewayRefused(ClientAddress.Of(remote));
            return;
        }

        try
        {
            await ServeAsync(connection, remote);
        }
        catch (ClientStalledException)
        {
            logger.GatewayStalled(ClientAddress.Of(remote));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // Gone, in one of the ways in which connections go.
            logger.GatewayConnectionEnded(ClientAddress.Of(remote), e.Message);
        }
        catch (RefusedException e)
        {
            // The session was ended while it came in.
            logger.GatewayConnectionEnded(ClientAddress.Of(remote), e.Message);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            logger.GatewayFailed(e, ClientAddress.Of(remote));
        }
    }

    private async Task ServeAsync(ConnectionContext connection, IPAddress? remote)
    {
        var socket = connection.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
        NoticeDeadPeers(socket);
        var line = new ClientLine(connection, socket, pace, TimeSpan.FromMilliseconds(options.Value.Gateway.MessageGapMilliseconds), time);
        var input = new ClientInput(connection.Transport.Input, pace, time);
        using var place = _open.TryEnter(ClientAddress.Key(remote), options.Value.Limits.TcpConnectionsPerAddress);
        if (place is null)
        {
            metrics.Refused(Limit.TcpConnectionsPerAddress);
            logger.TooManyTcpConnections(ClientAddress.Of(remote));
            await line.SayAsync("There are too many connections from your address.", connection.ConnectionClosed);
            return;
        }

        // Not until the connection is closed: that is said already when a client has said all it has to say, as one at the end of a pipe does.
        if (await admission.AdmitAsync(line, input, remote, lifetime.ApplicationStopping) is not { } guest)
            return;
        try
        {
            await StayAsync(connection, guest, line, input, remote);
        }
        finally
        {
            // At once: a client that connects again keeps its name.
            await sessions.EndAsync(guest.Session.Id, reason: null, CancellationToken.None);
        }
    }

    private async Task StayAsync(ConnectionContext connection, Guest guest, ClientLine line, ClientInput input, IPAddress? remote)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(guest.Session.Ended, lifetime.ApplicationStopping);
        using var participant = connected.Connect(guest.Session, Door.Tcp, ClientAddress.Of(remote));
        await using var room = await rooms.JoinAsync(Room(), participant, afterNumber: null, over.Token);
        var outbox = new ClientOutbox(line, input.Ready, guest, file => web.Of(connection, file), files);
        var feed = new RoomFeed(guest, room);
        try
        {
            await line.SayAsync(OldProtocol.Joined(guest.Session.Nickname.Value), over.Token);
            await line.SendAsync(OldProtocol.Connected, over.Token);
            await new GatewayClient(room, input, outbox, feed, uploads, pace, time).RunAsync(over.Token);
        }
        catch (OperationCanceledException) when (WhyItEnds(guest) is not null)
        {
            // Told below.
        }

        // Not only after a cancellation: the room's events may end, without a word, a moment before the token that says why.
        if (WhyItEnds(guest) is { } reason && !line.IsInFile)
        {
            using var farewell = new CancellationTokenSource(pace.Farewell, time);
            await line.SayAsync(reason, farewell.Token);
        }
    }

    /// <summary>Null while nobody has ended it.</summary>
    private string? WhyItEnds(Guest guest) =>
        guest.Session.EndReason ?? (lifetime.ApplicationStopping.IsCancellationRequested ? "The server is being restarted." : null);

    private Room Room() =>
        RoomName.TryParse(options.Value.Gateway.Room, out var name, out _) && rooms.Find(name) is { } room
            ? room
            : throw new RefusedException(RefusalKind.NotFound, "The gateway's room is not there.");

    /// <summary>A client that was switched off says nothing: without a question of the kernel it would be there for ever.</summary>
    private static void NoticeDeadPeers(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
    }
}
