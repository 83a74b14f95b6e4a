using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace ChatShare.Core.Messages;

/// <summary>What somebody looks for: a few words that all have to occur, in any order, in any case and with or without accents, also inside of longer ones. Immutable; made by <see cref="TryParse"/> only.</summary>
public sealed record SearchWords
{
    /// <summary>The longest question, in UTF-16 code units.</summary>
    public const int MaxLength = 200;

    /// <summary>Each word costs a look through every text.</summary>
    private const int MaxWords = 10;

    private SearchWords(ImmutableArray<string> words) => Words = words;

    /// <summary>At least one; none is empty.</summary>
    public ImmutableArray<string> Words { get; }

    /// <summary>Reads what a person typed. Never throws.</summary>
    /// <param name="raw">Words with white space between; what stands in double quotes is one. Null counts as empty.</param>
    /// <param name="words">The words, or null when there is none, or too many.</param>
    /// <param name="error">A sentence for the person that says what is wrong, or null.</param>
    public static bool TryParse(string? raw, [NotNullWhen(true)] out SearchWords? words, [NotNullWhen(false)] out string? error)
    {
        words = null;
        error = null;
        var found = Split(raw ?? "").Distinct(StringComparer.OrdinalIgnoreCase).ToImmutableArray();
        if (found.IsEmpty)
            error = "Type a word to look for.";
        else if (raw!.Length > MaxLength || found.Length > MaxWords)
            error = $"Look for at most {MaxWords} words, in {MaxLength} characters.";
        else
            words = new(found);
        return words is not null;
    }

    /// <summary>Whether a text has all of them.</summary>
    public bool AreIn(string text) => Words.All(word => TextSearch.Contains(text, word));

    /// <summary>Where the first of them begins in a text, and ends; null when it has none of them.</summary>
    public (int Start, int End)? FirstIn(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Words.Select(word => TextSearch.Find(text, word, 0)).Where(place => place is not null).Min();
    }

    /// <summary>Where they stand in a text, in order and without overlaps; empty when it has none of them. Each place costs a look of its own: for a short text.</summary>
    public ImmutableArray<Range> PlacesIn(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var places = new List<(int Start, int End)>();
        foreach (var word in Words)
        {
            for (var place = TextSearch.Find(text, word, 0); place is { } found; place = TextSearch.Find(text, word, found.End))
                places.Add(found);
        }

        var joined = new List<(int Start, int End)>();
        foreach (var place in places.Order())
        {
            if (joined is [.., var last] && place.Start <= last.End)
                joined[^1] = (last.Start, Math.Max(last.End, place.End));
            else
                joined.Add(place);
        }

        return [.. joined.Select(place => place.Start..place.End)];
    }

    private static IEnumerable<string> Split(string text)
    {
        // Every other part stands in quotes; one that is not closed reaches to the end.
        var parts = text.Split('"');
        for (var i = 0; i < parts.Length; i++)
        {
            var words = i % 2 == 0 ? parts[i].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [parts[i].Trim()];
            foreach (var word in words.Where(word => word.Length > 0))
                yield return word;
        }
    }
}
