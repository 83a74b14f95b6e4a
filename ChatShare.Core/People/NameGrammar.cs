using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ChatShare.Core.People;

/// <summary>The one grammar of the names that people choose: nicknames and room names.</summary>
internal static class NameGrammar
{
    // Written Burmese needs five marks on one letter; a tower of them would reach into the lines above and below.
    private const int MaxMarksInARow = 5;

    // A character of the normal form is typed as four code units at most, and a few surplus spaces are forgiven. What is
    // longer is refused before it is normalised, because normalising a megabyte of marks takes quadratic time.
    private const int MaxCodeUnitsPerCharacter = 8;

    /// <summary>Reads a name; <paramref name="noun"/> is what the sentences in <paramref name="error"/> call it.</summary>
    public static bool TryParse(
        string? input, string noun, int maxLength, out (string Value, string Key) name, [NotNullWhen(false)] out string? error)
    {
        name = default;
        var trimmed = input.AsSpan().Trim();
        if (trimmed.IsEmpty)
            error = $"A {noun} cannot be empty.";
        else if (trimmed.Length > maxLength * MaxCodeUnitsPerCharacter)
            error = TooLong(CountCharacters(trimmed), noun, maxLength);
        else if (TryReadCharacters(trimmed, noun, out var text, out error))
        {
            var value = text.Normalize(NormalizationForm.FormC);
            // Compatibility forms first: a mathematical or full-width A is an A to the reader, so it must be one here.
            var key = value.Normalize(NormalizationForm.FormKC).ToUpperInvariant();
            error = FindFault(value, noun, maxLength) ?? (MixesScripts(key)
                ? $"A {noun} cannot mix Latin letters with Cyrillic or Greek ones, because they look alike." : null);
            if (error is null)
                name = (value, key);
        }
        return error is null;
    }

    /// <summary>Checks each character and makes every run of spaces one plain space.</summary>
    private static bool TryReadCharacters(
        ReadOnlySpan<char> input, string noun, out string text, [NotNullWhen(false)] out string? error)
    {
        var characters = new StringBuilder(input.Length);
        text = "";
        for (var i = 0; i < input.Length;)
        {
            if (Rune.DecodeFromUtf16(input[i..], out var rune, out _) != OperationStatus.Done)
            {
                error = $"A {noun} cannot contain half a character ({InvisibleCharacters.Name(input[i])}).";
                return false;
            }
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator)
            {
                if (characters[^1] != ' ')
                    characters.Append(' ');
            }
            else if (IsAllowed(rune))
                characters.Append(rune);
            else
            {
                error = NotAllowed(rune, noun);
                return false;
            }
            i += rune.Utf16SequenceLength;
        }
        text = characters.ToString();
        error = null;
        return true;
    }

    private static bool IsAllowed(Rune rune) =>
        rune.Value is '.' or '-' or '_'
        || ((Rune.IsLetter(rune) || IsMark(rune) || Rune.IsDigit(rune)) && !InvisibleCharacters.Contains(rune));

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static string? FindFault(string value, string noun, int maxLength)
    {
        var hasLetterOrDigit = false;
        var afterLetter = false;
        var marks = 0;
        foreach (var rune in value.EnumerateRunes())
        {
            if (!IsMark(rune))
            {
                marks = 0;
                afterLetter = Rune.IsLetter(rune);
                hasLetterOrDigit |= afterLetter || Rune.IsDigit(rune);
            }
            else if (!afterLetter)
                return $"A {noun} cannot contain a mark without a letter before it ({InvisibleCharacters.Name(rune.Value)}).";
            else if (++marks > MaxMarksInARow)
                return $"A {noun} cannot have more than {MaxMarksInARow} marks on one letter.";
        }
        if (!hasLetterOrDigit)
            return $"A {noun} needs at least one letter or digit.";

        var length = CountCharacters(value);
        return length > maxLength ? TooLong(length, noun, maxLength) : null;
    }

    private static int CountCharacters(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
            count++;
        return count;
    }

    private static string TooLong(int length, string noun, int maxLength) =>
        string.Create(CultureInfo.InvariantCulture, $"This {noun} has {length:N0} characters; the limit is {maxLength:N0}.");

    private static string NotAllowed(Rune rune, string noun)
    {
        if (Rune.IsControl(rune))
            return $"A {noun} cannot contain the control character {InvisibleCharacters.Name(rune.Value)}.";
        if (InvisibleCharacters.Contains(rune))
            return $"A {noun} cannot contain the invisible character {InvisibleCharacters.Name(rune.Value)}.";

        // A symbol stands for itself; an enclosing mark, a private or an unassigned character may show as nothing.
        var shown = Rune.IsPunctuation(rune) || Rune.IsSymbol(rune) || Rune.IsNumber(rune)
            ? $"“{rune}”" : InvisibleCharacters.Name(rune.Value);
        return $"A {noun} cannot contain {shown}; it may have letters, digits, spaces and . - _";
    }

    private static bool MixesScripts(string key)
    {
        bool latin = false, greekOrCyrillic = false;
        foreach (var rune in key.EnumerateRunes())
        {
            if (!Rune.IsLetter(rune))
                continue;
            latin |= IsLatin(rune.Value);
            greekOrCyrillic |= IsGreek(rune.Value) || IsCyrillic(rune.Value);
        }
        return latin && greekOrCyrillic;
    }

    // .NET does not know scripts; these are the letters of Unicode's Scripts.txt as ranges (gaps hold no other letters).
    private static bool IsLatin(int letter) => letter is
        (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') or 0x00AA or 0x00BA or (>= 0x00C0 and <= 0x02B8) or (>= 0x02E0 and <= 0x02E4)
        or (>= 0x1D00 and <= 0x1D25) or (>= 0x1D2C and <= 0x1D5C) or (>= 0x1D62 and <= 0x1D65) or (>= 0x1D6B and <= 0x1D77)
        or (>= 0x1D79 and <= 0x1DBE) or (>= 0x1E00 and <= 0x1EFF) or 0x2071 or 0x207F or (>= 0x2090 and <= 0x209C)
        or 0x212A or 0x212B or 0x2132 or 0x214E or 0x2183 or 0x2184 or (>= 0x2C60 and <= 0x2C7F)
        or (>= 0xA722 and <= 0xA7FF) or (>= 0xAB30 and <= 0xAB64) or (>= 0xAB66 and <= 0xAB69)
        or (>= 0xFB00 and <= 0xFB06) or (>= 0xFF21 and <= 0xFF3A) or (>= 0xFF41 and <= 0xFF5A)
        or (>= 0x10780 and <= 0x107BA) or (>= 0x1DF00 and <= 0x1DFFF);

    private static bool IsGreek(int letter) => letter is
        (>= 0x0370 and <= 0x03FF) or (>= 0x1D26 and <= 0x1D2A) or (>= 0x1D5D and <= 0x1D61) or (>= 0x1D66 and <= 0x1D6A)
        or 0x1DBF or (>= 0x1F00 and <= 0x1FFF) or 0x2126 or 0xAB65;

    private static bool IsCyrillic(int letter) => letter is
        (>= 0x0400 and <= 0x052F) or (>= 0x1C80 and <= 0x1C8F) or 0x1D2B or 0x1D78
        or (>= 0xA640 and <= 0xA69F) or (>= 0x1E030 and <= 0x1E08F);
}
