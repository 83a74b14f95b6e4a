using System.Net;
using System.Net.Sockets;

namespace ChatShare.Web.Security;

/// <summary>Where a request comes from, as the connection or a trusted proxy says.</summary>
internal static class ClientAddress
{
    /// <summary>For people to read.</summary>
    public static string Of(HttpContext context) => Normal(context)?.ToString() ?? "unknown";

    /// <summary>For limits: one IPv6 customer has a whole /64, so it counts as one.</summary>
    public static string Key(HttpContext context)
    {
        var address = Normal(context);
        return address is { AddressFamily: AddressFamily.InterNetworkV6 }
            ? new IPNetwork(Masked(address), 64).ToString()
            : address?.ToString() ?? "unknown";
    }

    private static IPAddress? Normal(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        return address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
    }

    private static IPAddress Masked(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
