using System.Diagnostics.CodeAnalysis;

namespace ChatShare.Core.People;

/// <summary>
/// The name a person goes by. 1–32 characters (Unicode scalar values): letters of any script, digits, single spaces inside,
/// <c>.</c> <c>-</c> <c>_</c>, at least one letter or digit. Equal names are those that differ in case or in compatibility
/// forms alone. Immutable; made by <see cref="TryParse"/> only.
/// </summary>
public sealed record Nickname
{
    /// <summary>The longest nickname, in Unicode scalar values of its normal form (NFC).</summary>
    public const int MaxLength = 32;

    private Nickname(string value, string key)
    {
        Value = value;
        Key = key;
    }

    /// <summary>The name as it is shown: trimmed, NFC, one space where several were typed.</summary>
    public string Value { get; }

    /// <summary>The form to compare and to index by (NFKC, upper case). Ordinal; not for people's eyes.</summary>
    public string Key { get; }

    /// <summary>Reads what a person typed. Never throws, whatever the input; takes linear time.</summary>
    /// <param name="input">What was typed; null counts as empty.</param>
    /// <param name="name">The nickname, or null when the input is not one.</param>
    /// <param name="error">A sentence for the person that says what is wrong, or null.</param>
    /// <param name="noun">What the sentence calls it; accounts have a "user name".</param>
    /// <returns>Whether <paramref name="input"/> is a nickname.</returns>
    public static bool TryParse(
        string? input, [NotNullWhen(true)] out Nickname? name, [NotNullWhen(false)] out string? error, string noun = "nickname")
    {
        name = NameGrammar.TryParse(input, noun, MaxLength, out var parsed, out error) ? new(parsed.Value, parsed.Key) : null;
        return name is not null;
    }

    /// <summary>Whether both are the same name to a reader: equal <see cref="Key"/>.</summary>
    public bool Equals(Nickname? other) => other is not null && Key == other.Key;

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <summary><see cref="Value"/>.</summary>
    public override string ToString() => Value;
}
