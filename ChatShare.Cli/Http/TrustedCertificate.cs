using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ChatShare.Cli.Http;

/// <summary>
/// Whether a server's certificate counts: because this machine trusts it, or because its SHA-256 was named on the command line.
/// </summary>
/// <param name="named">64 hexadecimal digits; null when none was named.</param>
internal sealed class TrustedCertificate(string? named)
{
    /// <summary>The SHA-256 of the certificate that was turned away last; null when none was.</summary>
    public string? TurnedAway { get; private set; }

    /// <summary>Reads a SHA-256 with or without colons; null when it is none.</summary>
    public static string? Parse(string text)
    {
        var digits = text.Replace(":", "", StringComparison.Ordinal).Trim().ToUpperInvariant();
        return digits.Length == SHA256.HashSizeInBytes * 2 && digits.All(char.IsAsciiHexDigit) ? digits : null;
    }

    /// <summary>For the handler.</summary>
    public bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (certificate is null)
            return false;
        var sha256 = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        if (string.Equals(sha256, named, StringComparison.OrdinalIgnoreCase))
            return true;
        TurnedAway = sha256;
        return false;
    }
}
