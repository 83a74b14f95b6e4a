using System.Collections.Immutable;
using ChatShare.Core.Messages;

namespace ChatShare.Web.Components.Chat;

/// <summary>A part of an excerpt.</summary>
/// <param name="Text">On one line.</param>
/// <param name="IsHit">Whether it is one of the words that were looked for.</param>
internal sealed record ExcerptPart(string Text, bool IsHit);

/// <summary>The part of a message's text around what was looked for.</summary>
internal static class Excerpt
{
    private const int Before = 60;
    private const int Length = 240;

    // Of what has no space, or accents without end.
    private const int Longest = 600;

    /// <summary>Joined they are the excerpt, with an ellipsis where it leaves something out.</summary>
    public static ImmutableArray<ExcerptPart> Of(string text, SearchWords words)
    {
        var (first, firstEnd) = words.FirstIn(text) ?? (0, 0);
        var start = first <= Before ? 0 : NextWord(text, first - Before, first);
        // The first hit is shown to its end; a pair of surrogates stays together.
        var end = Math.Min(text.Length, Math.Clamp(firstEnd, start + Length, start + Longest));
        if (end < text.Length && char.IsLowSurrogate(text[end]))
            end++;

        var (shown, isMore) = (text[start..end], end < text.Length);
        var parts = ImmutableArray.CreateBuilder<ExcerptPart>();
        Add(start > 0 ? "…" : "", isHit: false);
        var at = 0;
        foreach (var place in words.PlacesIn(shown))
        {
            Add(shown[at..place.Start.Value], isHit: false);
            Add(shown[place], isHit: true);
            at = place.End.Value;
        }

        Add(shown[at..] + (isMore ? "…" : ""), isHit: false);
        return parts.ToImmutable();

        void Add(string part, bool isHit)
        {
            if (part.Length > 0)
                parts.Add(new(part.ReplaceLineEndings(" "), isHit));
        }
    }

    /// <summary>Where the next word begins, or where it was asked when there is none before <paramref name="limit"/>.</summary>
    private static int NextWord(string text, int from, int limit)
    {
        for (var i = from; i < limit; i++)
        {
            if (char.IsWhiteSpace(text[i]))
                return i + 1;
        }

        return char.IsLowSurrogate(text[from]) ? from + 1 : from;
    }
}
