namespace ChatShare.Core;

/// <summary>
/// <see cref="ChangeSignal"/>s for people: a change wakes the pages it concerns, and now and then somebody else's, who then looks in vain. There are
/// not more of them than this, however many people come and go while the program runs.
/// </summary>
internal sealed class PersonSignals
{
    private const int Count = 1024;

    private readonly ChangeSignal?[] _signals = new ChangeSignal?[Count];

    /// <summary>Always the same one for the same person.</summary>
    public ChangeSignal Of(Guid personId)
    {
        ref var signal = ref _signals[Place(personId)];
        return Volatile.Read(ref signal) ?? Interlocked.CompareExchange(ref signal, new ChangeSignal(), null) ?? signal;
    }

    /// <summary>Wakes those who watch this person.</summary>
    public void Raise(Guid personId) => Volatile.Read(ref _signals[Place(personId)])?.Raise();

    private static int Place(Guid personId) => (int)((uint)personId.GetHashCode() % Count);
}
