using System.Collections.Immutable;

namespace ChatShare.Core.Files;

/// <summary>What an administrator was shown before they remove it: nothing else is removed, whatever was shared since.</summary>
/// <param name="Space">What it would take and free.</param>
public sealed record CleaningPreview(FreedSpace Space)
{
    /// <summary>The rows of the files.</summary>
    internal ImmutableHashSet<string> Ids { get; init; } = [];
}
