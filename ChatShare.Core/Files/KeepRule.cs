namespace ChatShare.Core.Files;

/// <summary>What a room keeps of its finished files. A file that somebody keeps is never removed by a rule, but counts in the size.</summary>
/// <param name="Days">A file that has been one for more days is removed; null keeps it whatever its age.</param>
/// <param name="Bytes">While the room's files have more bytes, the oldest ones are removed; null keeps them whatever they take.</param>
public sealed record KeepRule(int? Days, long? Bytes)
{
    /// <summary>The longest time that can be asked for, in days.</summary>
    public const int MaxDays = 36_500;

    /// <summary>Nothing is removed: a room's rule while nobody has set one.</summary>
    public static KeepRule Everything { get; } = new(null, null);

    /// <summary>Why it cannot be a rule, as a sentence; null when it can.</summary>
    public string? Fault =>
        Days is < 1 or > MaxDays ? $"Files can be kept for 1 to {MaxDays} days, or without an end."
        : Bytes is < 1 ? "The size that a room keeps has to be more than nothing."
        : null;

    /// <summary><c>30 days, 10.0 GB</c>.</summary>
    public override string ToString() => (Days, Bytes) switch
    {
        (null, null) => "everything",
        ({ } days, null) => InDays(days),
        (null, { } bytes) => ByteSize.Format(bytes),
        ({ } days, { } bytes) => $"{InDays(days)}, {ByteSize.Format(bytes)}",
    };

    /// <summary><c>1 day</c>, <c>30 days</c>.</summary>
    internal static string InDays(int days) => days == 1 ? "1 day" : $"{days} days";
}
