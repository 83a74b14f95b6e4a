using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ChatShare.Core.Files;

/// <summary>
/// The name of a shared file inside the program: 128 random bits, so that it cannot be guessed, written as 26 lower-case
/// characters of Crockford's base 32. Each id has exactly one text, which is safe where case does not count. Never a path.
/// </summary>
public readonly record struct FileId
{
    /// <summary>The length of an id's text, in characters.</summary>
    public const int TextLength = 26;

    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int BitsPerDigit = 5;

    private readonly UInt128 _bits;

    private FileId(UInt128 bits) => _bits = bits;

    /// <summary>A new id from the system's cryptographic random source.</summary>
    public static FileId New()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>Reads the text of an id. Never throws.</summary>
    /// <param name="text">What <see cref="ToString"/> gave; any other text, also in another case, is no id. May be null.</param>
    /// <param name="id">The id, or the default value when the text is none.</param>
    /// <returns>Whether <paramref name="text"/> is an id.</returns>
    public static bool TryParse(string? text, out FileId id)
    {
        id = default;
        // 26 digits hold 130 bits: a first digit above 7 would be a second text for the same 128.
        if (text is not { Length: TextLength } || text[0] is < '0' or > '7')
            return false;

        UInt128 bits = 0;
        foreach (var c in text)
        {
            var digit = Digits.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
                return false;
            bits = (bits << BitsPerDigit) | (uint)digit;
        }
        id = new(bits);
        return true;
    }

    /// <summary>The id's one text: <see cref="TextLength"/> digits and lower-case letters.</summary>
    public override string ToString() => string.Create(TextLength, _bits, static (text, bits) =>
    {
        for (var i = text.Length - 1; i >= 0; i--, bits >>= BitsPerDigit)
            text[i] = Digits[(int)(bits & 0x1F)];
    });
}
