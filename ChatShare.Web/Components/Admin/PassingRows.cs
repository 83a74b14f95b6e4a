namespace ChatShare.Web.Components.Admin;

/// <summary>
/// Rows of a live table that are over. Each stays for a moment of its own: one that goes at once puts the next one's button under the pointer
/// that has just clicked.
/// </summary>
/// <param name="time">By which it stays.</param>
internal sealed class PassingRows<TKey, TRow>(TimeProvider time)
    where TKey : notnull
{
    private static readonly TimeSpan Stay = TimeSpan.FromSeconds(1);

    private readonly Dictionary<TKey, TRow> _rows = [];

    /// <summary>As they were when they ended.</summary>
    public IReadOnlyDictionary<TKey, TRow> Rows => _rows;

    /// <summary>Whether this row is over and still stands there.</summary>
    public bool Has(TKey key) => _rows.ContainsKey(key);

    /// <summary>Keeps a row from now on for its moment.</summary>
    /// <returns>Whether its moment is over; false when the token has ended it.</returns>
    public async Task<bool> PassAsync(TKey key, TRow row, CancellationToken cancellationToken)
    {
        _rows[key] = row;
        try
        {
            await Task.Delay(Stay, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        return _rows.Remove(key);
    }
}
