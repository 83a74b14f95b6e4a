using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace ChatShare.Web.Components.Layout;

/// <summary>A text that is made by the program and sent to many: in UTF-8, and compressed once.</summary>
internal sealed class PackedText
{
    // Like the SDK's files nearly as small as can be, for a thirtieth of the time.
    private const int BrotliQuality = 8;

    private PackedText(byte[] plain) =>
        (Hash, Plain, Gzip, Brotli) = (
            Convert.ToHexStringLower(SHA256.HashData(plain))[..10],
            plain,
            Packed(plain, inner => new GZipStream(inner, CompressionLevel.SmallestSize)),
            Packed(plain, inner => new BrotliStream(inner, new BrotliCompressionOptions { Quality = BrotliQuality })));

    /// <summary>Ten digits that change with what is in it.</summary>
    public string Hash { get; }

    /// <summary>As it is.</summary>
    public byte[] Plain { get; }

    /// <summary>Through gzip, which browsers take over plain HTTP, too.</summary>
    public byte[] Gzip { get; }

    /// <summary>Through Brotli, which they take over HTTPS alone.</summary>
    public byte[] Brotli { get; }

    /// <summary>Takes some hundredths of a second.</summary>
    public static PackedText Of(string text) => new(Encoding.UTF8.GetBytes(text));

    private static byte[] Packed(byte[] plain, Func<Stream, Stream> pack)
    {
        using var packed = new MemoryStream();
        using (var packing = pack(packed))
            packing.Write(plain);
        return packed.ToArray();
    }
}
