using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Web.Components.Files;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Gateway;

/// <summary>Where a client's person finds a file that is too large to be sent. A singleton.</summary>
internal sealed class WebAddress(IOptions<ChatShareOptions> options, GatewayEndpoint gateway, IServiceProvider services)
{
    /// <summary>The file's address in the pages.</summary>
    public string Of(ConnectionContext connection, SharedFile file) => Root(connection) + FileMarkup.Address(file);

    /// <summary>As it is set, or else the address by which the client has reached this machine.</summary>
    private string Root(ConnectionContext connection)
    {
        if (options.Value.Gateway.WebAddress is { Length: > 0 } set)
            return set.TrimEnd('/');
        // Asked for only now: the server is made with its endpoints, and the gateway with one of those.
        var server = services.GetRequiredService<IServer>();
        var pages = server.Features.Get<IServerAddressesFeature>()?.Addresses.First(address => address != gateway.ServerAddress) ?? "";
        var bound = BindingAddress.Parse(pages);
        var reached = ClientAddress.Normal((connection.LocalEndPoint as IPEndPoint)?.Address);
        var host = reached is { AddressFamily: AddressFamily.InterNetworkV6 } ? $"[{reached}]" : reached?.ToString() ?? bound.Host;
        return string.Create(CultureInfo.InvariantCulture, $"{bound.Scheme}://{host}:{bound.Port}");
    }
}
