using System.Net;
using Microsoft.Extensions.Options;

namespace ChatShare.Web;

/// <summary>The addresses that the server listens to, <c>Kestrel:Endpoints:…:Url</c>.</summary>
internal static class ListenAddresses
{
    /// <summary>Where the one of the settings file is set.</summary>
    public const string Key = "Kestrel:Endpoints:Web:Url";

    /// <summary>
    /// The server takes whatever is no address for a name, and listens to all interfaces in its place: a slip of the pen in <c>127.0.0.1</c> would open it to
    /// everybody.
    /// </summary>
    /// <exception cref="OptionsValidationException">One cannot be listened to.</exception>
    public static void Check(IConfiguration configuration)
    {
        if (Endpoints(configuration).Select(endpoint => FaultOf(endpoint, configuration)).FirstOrDefault(fault => fault is not null) is { } found)
            throw new OptionsValidationException(Key, typeof(string), [found]);
    }

    /// <summary>The setting that a sentence of the server is about, by the address in it.</summary>
    public static string KeyOf(string sentence, IConfiguration configuration)
    {
        var named = Endpoints(configuration).Where(endpoint => IsIn(sentence, endpoint["Url"])).Select(KeyOf).ToList();
        return named.Count == 0 ? Key : string.Join(" and ", named);
    }

    private static IEnumerable<IConfigurationSection> Endpoints(IConfiguration configuration) => configuration.GetSection("Kestrel:Endpoints").GetChildren();

    private static string KeyOf(IConfigurationSection endpoint) => $"{endpoint.Path}:Url";

    private static bool IsIn(string sentence, string? url)
    {
        if (string.IsNullOrEmpty(url))
            return false;
        var address = BindingAddress.Parse(url);
        // All interfaces have names of their own when they are told of.
        return sentence.Contains($"{address.Scheme}://{address.Host}:{address.Port}:", StringComparison.OrdinalIgnoreCase)
            || (address.Host is "*" or "+" && sentence.Contains($"{address.Scheme}://[::]:{address.Port}:", StringComparison.OrdinalIgnoreCase));
    }

    /// <returns>A sentence; null when there is none.</returns>
    private static string? FaultOf(IConfigurationSection endpoint, IConfiguration configuration)
    {
        if (endpoint["Url"] is not { } url)
            return null;
        var said = $"{KeyOf(endpoint)} is \"{url}\"";
        if (TryRead(url) is not { } address)
            return $"{said}, which is not an address such as http://*:5080.";
        if (!IsListenable(address))
            return $"{said}; the server listens to addresses, and {address.Host} is none. Write {address.Scheme}://*:{address.Port} for all addresses of this machine, or one of them, such as {address.Scheme}://127.0.0.1:{address.Port}.";
        return address.Scheme == "https" && !HasCertificate(endpoint, configuration)
            ? $"{said} and needs {endpoint.Path}:Certificate:Path, or another source of a certificate."
            : null;
    }

    private static BindingAddress? TryRead(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            // What is no number behind a colon is part of the name.
            var isBroken = !IsLocal(address) && (address.Port is < 0 or > 65_535 || HostWithoutBrackets(address).Length == 0 || (address.Host.Contains(':') && !IsBracketed(address)));
            return address.Scheme is ("http" or "https") && address.PathBase.Length == 0 && !isBroken ? address : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static bool IsListenable(BindingAddress address) =>
        IsLocal(address) || address.Host is "*" or "+" || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        // Four numbers: others are short for addresses that nobody means.
        || (IPAddress.TryParse(HostWithoutBrackets(address), out var ip) && (IsBracketed(address) || ip.ToString() == address.Host));

    private static bool IsLocal(BindingAddress address) => address.IsUnixPipe || address.IsNamedPipe;

    private static bool IsBracketed(BindingAddress address) => address.Host.StartsWith('[') && address.Host.EndsWith(']');

    private static string HostWithoutBrackets(BindingAddress address) => IsBracketed(address) ? address.Host[1..^1] : address.Host;

    private static bool HasCertificate(IConfigurationSection endpoint, IConfiguration configuration) =>
        endpoint.GetSection("Certificate").GetChildren().Any()
        || endpoint.GetSection("Sni").GetChildren().Any()
        || configuration.GetSection("Kestrel:Certificates:Default").GetChildren().Any();
}
