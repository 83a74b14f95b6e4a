namespace ChatShare.Core.People;

/// <summary>
/// Wrong passwords, counted for each account and place they come from: whoever guesses locks out their own place, and never the account's
/// person who sits elsewhere. Kept in memory; a restart forgets them.
/// </summary>
internal sealed class WrongTries(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid Account, string Place), (int Count, long LastAt)> _tries = [];

    /// <summary>Tells of a try. False when the account rests for this place, whatever was tried.</summary>
    public bool Count(Guid account, string place, bool matches)
    {
        // Under one lock: two wrong ones at once count as two.
        lock (_gate)
        {
            ForgetOld();
            var count = _tries.GetValueOrDefault((account, place)).Count;
            if (count >= AccountService.TriesBeforeRest)
                return false;
            if (matches)
                _tries.Remove((account, place));
            else
                _tries[(account, place)] = (count + 1, time.GetTimestamp());
            return true;
        }
    }

    private void ForgetOld()
    {
        // By elapsed time, so that a clock that is set does not make a rest longer or shorter.
        foreach (var (key, tries) in _tries)
        {
            if (time.GetElapsedTime(tries.LastAt) >= AccountService.Rest)
                _tries.Remove(key);
        }
    }
}
