using System.Collections.Concurrent;

namespace ChatShare.Core;

/// <summary>One <see cref="ChangeSignal"/> for each person that somebody watches: a change wakes the pages it concerns and no others.</summary>
internal sealed class PersonSignals
{
    // They stay for as long as the program runs, a few dozen bytes for each person who has had a page open.
    private readonly ConcurrentDictionary<Guid, ChangeSignal> _signals = new();

    public ChangeSignal Of(Guid personId) => _signals.GetOrAdd(personId, _ => new ChangeSignal());

    public void Raise(Guid personId)
    {
        if (_signals.TryGetValue(personId, out var signal))
            signal.Raise();
    }
}
