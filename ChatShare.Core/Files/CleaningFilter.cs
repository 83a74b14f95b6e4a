using ChatShare.Core.Rooms;

namespace ChatShare.Core.Files;

/// <summary>Which files an administrator wants to remove once. What is null does not matter; files that somebody keeps always stay.</summary>
public sealed record CleaningFilter
{
    /// <summary>Only files that have been one for more days, by the machine's clock.</summary>
    public int? OlderThanDays { get; init; }

    /// <summary>Only those in this room.</summary>
    public Room? Room { get; init; }

    /// <summary>Only those that this person has shared.</summary>
    public Sharer? Person { get; init; }

    /// <summary>Only those of this kind.</summary>
    public FileKind? Kind { get; init; }

    /// <summary>Why nothing can be removed by it, as a sentence; null when it can.</summary>
    public string? Fault =>
        (OlderThanDays, Room, Person, Kind) is (null, null, null, null) ? "Say which files: by age, room, person or type."
        : OlderThanDays is < 0 or > KeepRule.MaxDays ? $"The age has to be 0 to {KeepRule.MaxDays} days."
        : null;

    /// <summary><c>older than 30 days, of Ann, in Lobby</c>.</summary>
    public override string ToString() => string.Join(", ", new[]
    {
        OlderThanDays is { } days ? $"older than {KeepRule.InDays(days)}" : null,
        Kind is { } kind ? $"type {kind}" : null,
        Person is { } person ? $"of {person.Name}" : null,
        Room is { } room ? $"in {room.Name}" : null,
    }.OfType<string>());
}
