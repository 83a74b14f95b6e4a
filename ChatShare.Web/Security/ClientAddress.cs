using System.Net;
using System.Net.Sockets;

namespace ChatShare.Web.Security;

/// <summary>Where a request comes from, as the connection or a trusted proxy says.</summary>
internal static class ClientAddress
{
    /// <summary>For people to read.</summary>
    public static string Of(HttpContext context) => Of(context.Connection.RemoteIpAddress);

    /// <summary>The same of a bare connection.</summary>
    public static string Of(IPAddress? remote) => Normal(remote)?.ToString() ?? "unknown";

    /// <summary>For limits: one IPv6 customer has a whole /64, so it counts as one.</summary>
    public static string Key(HttpContext context) => Key(context.Connection.RemoteIpAddress);

    /// <summary>The same of a bare connection.</summary>
    public static string Key(IPAddress? remote)
    {
        var address = Normal(remote);
        return address is { AddressFamily: AddressFamily.InterNetworkV6 }
            ? new IPNetwork(Masked(address), 64).ToString()
            : address?.ToString() ?? "unknown";
    }

    /// <summary>An IPv4 address is itself, also on a socket for both families.</summary>
    public static IPAddress? Normal(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    private static IPAddress Masked(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
