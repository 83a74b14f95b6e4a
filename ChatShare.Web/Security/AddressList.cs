using System.Net;

namespace ChatShare.Web.Security;

/// <summary>Addresses and networks that may connect; an empty list allows all.</summary>
internal sealed class AddressList(IEnumerable<string> entries)
{
    private readonly IPNetwork[] _networks =
    [
        .. entries.Select(entry => IPAddress.TryParse(entry, out var address)
            ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : IPNetwork.Parse(entry)),
    ];

    public bool Allows(IPAddress? address) =>
        _networks.Length == 0 || (address is not null && _networks.Any(network => network.Contains(address)));
}
