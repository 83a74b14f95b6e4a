using System.Diagnostics.CodeAnalysis;
using ChatShare.Core.People;

namespace ChatShare.Core.Rooms;

/// <summary>
/// The name of a room: the characters of a <see cref="Nickname"/>, 1–48 of them. Equal names are those that differ in case or
/// in compatibility forms alone. Immutable; made by <see cref="TryParse"/> only.
/// </summary>
public sealed record RoomName
{
    /// <summary>The longest room name, in Unicode scalar values of its normal form (NFC).</summary>
    public const int MaxLength = 48;

    private RoomName(string value, string key)
    {
        Value = value;
        Key = key;
    }

    /// <summary>The name as it is shown: trimmed, NFC, one space where several were typed.</summary>
    public string Value { get; }

    /// <summary>The form to compare and to index by (NFKC, upper case). Ordinal; not for people's eyes.</summary>
    public string Key { get; }

    /// <summary>The address of the room's page, percent-encoded: <c>/rooms/New%20ideas</c>. Any case of the name opens it.</summary>
    public string UrlPath => "/rooms/" + Uri.EscapeDataString(Value);

    /// <summary>Reads what a person typed or an address holds (decoded). Never throws, whatever the input; takes linear time.</summary>
    /// <param name="input">What was typed; null counts as empty.</param>
    /// <param name="name">The room name, or null when the input is not one.</param>
    /// <param name="error">A sentence for the person that says what is wrong, or null.</param>
    /// <returns>Whether <paramref name="input"/> is a room name.</returns>
    public static bool TryParse(string? input, [NotNullWhen(true)] out RoomName? name, [NotNullWhen(false)] out string? error)
    {
        name = NameGrammar.TryParse(input, "room name", MaxLength, out var parsed, out error) ? new(parsed.Value, parsed.Key) : null;
        return name is not null;
    }

    /// <summary>Whether both are the same name to a reader: equal <see cref="Key"/>.</summary>
    public bool Equals(RoomName? other) => other is not null && Key == other.Key;

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <summary><see cref="Value"/>.</summary>
    public override string ToString() => Value;
}
