using System.Collections.Concurrent;

namespace ChatShare.Web.Security;

/// <summary>How many are open for each key.</summary>
internal sealed class OpenCount<TKey>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, int> _open = new();

    /// <summary>Null when <paramref name="limit"/> are open already; 0 means no limit. Dispose to close.</summary>
    public IDisposable? TryEnter(TKey key, int limit)
    {
        var open = _open.AddOrUpdate(key, 1, (_, count) => count + 1);
        var entered = new Entered(this, key);
        if (limit == 0 || open <= limit)
            return entered;
        entered.Dispose();
        return null;
    }

    /// <summary>Whether <paramref name="limit"/> are open; 0 means no limit.</summary>
    public bool IsFull(TKey key, int limit) => limit > 0 && _open.GetValueOrDefault(key) >= limit;

    private void Leave(TKey key)
    {
        var left = _open.AddOrUpdate(key, 0, (_, count) => count - 1);
        // Only if still nobody is there: somebody may have come between the two lines.
        if (left == 0)
            _open.TryRemove(new KeyValuePair<TKey, int>(key, 0));
    }

    private sealed class Entered(OpenCount<TKey> owner, TKey key) : IDisposable
    {
        public void Dispose() => owner.Leave(key);
    }
}
