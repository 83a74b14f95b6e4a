using System.Net;
using System.Net.Sockets;
using ChatShare.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Gateway;

/// <summary>Where the gateway listens, beside the pages and on the same server. A singleton.</summary>
internal sealed class GatewayEndpoint(IOptions<ChatShareOptions> options)
{
    public const string Key = "ChatShare:Gateway:Endpoint";

    private ListenOptions? _listening;

    /// <summary>Address and port, after the start the real ones; null when the gateway is turned off.</summary>
    public IPEndPoint? Address => _listening?.IPEndPoint;

    /// <summary>What the server calls it among its addresses; null when the gateway is turned off.</summary>
    public string? ServerAddress => _listening?.ToString();

    /// <summary>
    /// A listener that is made in code makes the server ignore <c>ASPNETCORE_URLS</c>, but not its section of the settings, where the address of
    /// the pages is.
    /// </summary>
    public void Listen(KestrelServerOptions kestrel)
    {
        if (options.Value.Gateway.Endpoint is not { Length: > 0 } endpoint)
            return;
        kestrel.Listen(IPEndPoint.Parse(endpoint), listen =>
        {
            _listening = listen;
            listen.UseConnectionHandler<GatewayHandler>();
        });
    }

    /// <summary>The server says what is wrong with an address, but not where it was set.</summary>
    /// <exception cref="OptionsValidationException">It is the gateway's and cannot be listened on.</exception>
    public Socket Bind(EndPoint endpoint)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException e) when (ReferenceEquals(endpoint, _listening?.EndPoint))
        {
            var fault = e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "another program listens there" : e.Message;
            throw new OptionsValidationException(
                Key, typeof(string), [$"ChatShare cannot start: {Key} is \"{options.Value.Gateway.Endpoint}\" and cannot be listened on: {fault}."]);
        }
    }
}
