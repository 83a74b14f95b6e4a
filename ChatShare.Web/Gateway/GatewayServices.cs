using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ChatShare.Web.Gateway;

/// <summary>Registers the door for the clients of the old TCP protocol.</summary>
internal static class GatewayServices
{
    public static void AddGateway(this IServiceCollection services)
    {
        services.AddSingleton<GatewayEndpoint>();
        services.AddSingleton<GatewayHandler>();
        services.AddSingleton<Admission>();
        services.AddSingleton<GatewayFiles>();
        services.AddSingleton<ClientUploads>();
        services.AddSingleton<WebAddress>();
        services.TryAddSingleton(new GatewayPace());
        services.AddOptions<KestrelServerOptions>().Configure<GatewayEndpoint>((kestrel, gateway) => gateway.Listen(kestrel));
        services.AddOptions<SocketTransportOptions>().Configure<GatewayEndpoint>((sockets, gateway) => sockets.CreateBoundListenSocket = gateway.Bind);
    }
}
