using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace ChatShare.Core.Files;

/// <summary>What the bytes of one part have to hash to (tus 1.0.0, extension Checksum).</summary>
public sealed record PartChecksum
{
    /// <summary>The most bytes of a part with a checksum: they are shown on only when all of them were verified.</summary>
    public const long MaxPartBytes = 64L * 1024 * 1024;

    private static readonly Dictionary<string, HashAlgorithmName> ByName = new(StringComparer.Ordinal)
    {
        ["sha1"] = HashAlgorithmName.SHA1,
        ["sha256"] = HashAlgorithmName.SHA256,
        ["md5"] = HashAlgorithmName.MD5,
    };

    private readonly HashAlgorithmName _algorithm;
    private readonly byte[] _expected;

    private PartChecksum(HashAlgorithmName algorithm, byte[] expected)
    {
        _algorithm = algorithm;
        _expected = expected;
    }

    /// <summary>The names of the algorithms, as the protocol spells them.</summary>
    public static IEnumerable<string> Algorithms => ByName.Keys;

    /// <summary>Reads <c>sha256 {base64}</c>. Never throws.</summary>
    /// <param name="text">The header's value; may be null.</param>
    /// <param name="checksum">Null when it is none, or of an unknown algorithm.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PartChecksum? checksum)
    {
        checksum = null;
        if (text?.Split(' ') is not [var name, var base64] || !ByName.TryGetValue(name, out var algorithm))
            return false;
        var expected = new byte[base64.Length];
        if (Convert.TryFromBase64String(base64, expected, out var length))
            checksum = new(algorithm, expected[..length]);
        return checksum is not null;
    }

    internal IncrementalHash Begin() => IncrementalHash.CreateHash(_algorithm);

    internal bool Fits(IncrementalHash hash) => hash.GetHashAndReset().AsSpan().SequenceEqual(_expected);
}
