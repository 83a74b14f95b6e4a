using System.Collections.Immutable;

namespace ChatShare.Web.Components.Admin;

/// <summary>The order of a live table under somebody's pointer: what would come between rows waits at their end.</summary>
internal static class SteadyRows
{
    /// <summary>The fresh rows in the places that they had before, and behind them those that are new, in their own order.</summary>
    /// <param name="before">As they stand now.</param>
    /// <param name="fresh">As they would stand.</param>
    /// <param name="keyOf">By which a row is the same one.</param>
    public static ImmutableArray<TRow> InPlace<TRow, TKey>(ImmutableArray<TRow> before, ImmutableArray<TRow> fresh, Func<TRow, TKey> keyOf)
        where TKey : notnull
    {
        var places = before.Select((row, place) => (Key: keyOf(row), place)).ToDictionary(known => known.Key, known => known.place);
        return [.. fresh.OrderBy(row => places.GetValueOrDefault(keyOf(row), int.MaxValue))];
    }
}
