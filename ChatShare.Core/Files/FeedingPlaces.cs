using System.Runtime.InteropServices;

namespace ChatShare.Core.Files;

/// <summary>How many uploads each person feeds at this moment, which is limited. All members may be called from any thread.</summary>
/// <param name="most">For one person; 0 for no limit.</param>
/// <param name="metrics">Counts who is refused.</param>
internal sealed class FeedingPlaces(int most, ChatShareMetrics metrics)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, int> _taken = [];

    /// <summary>Counted and taken in one step: of many who ask at once, as many as may get one.</summary>
    /// <returns>To be disposed when nothing is fed any more.</returns>
    /// <exception cref="RefusedException"><see cref="RefusalKind.TooFast"/>: all places of this person are taken.</exception>
    public IDisposable Take(Guid personId)
    {
        lock (_gate)
        {
            ref var taken = ref CollectionsMarshal.GetValueRefOrAddDefault(_taken, personId, out _);
            if (most > 0 && taken >= most)
            {
                metrics.Refused(Limit.UploadsPerPerson);
                throw new RefusedException(RefusalKind.TooFast, $"{most} files at a time are possible here; this one waits for its turn.");
            }

            taken++;
        }

        return new Place(this, personId);
    }

    private void GiveBack(Guid personId)
    {
        lock (_gate)
        {
            if (--_taken[personId] == 0)
                _taken.Remove(personId);
        }
    }

    private sealed class Place(FeedingPlaces places, Guid personId) : IDisposable
    {
        public void Dispose() => places.GiveBack(personId);
    }
}
