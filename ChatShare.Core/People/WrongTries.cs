namespace ChatShare.Core.People;

/// <summary>What a try with a password came to.</summary>
internal enum TryResult
{
    /// <summary>It matches, and counts.</summary>
    Right,

    /// <summary>It does not match.</summary>
    Wrong,

    /// <summary>It does not match, and is the last one before the account rests for this place.</summary>
    LastWrong,

    /// <summary>The account rests for this place, whatever was tried.</summary>
    Resting,
}

/// <summary>
/// Wrong passwords, counted for each account and place they come from: whoever guesses locks out their own place, and never the account's
/// person who sits elsewhere. Kept in memory; a restart forgets them.
/// </summary>
internal sealed class WrongTries(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid Account, string Place), (int Count, long LastAt)> _tries = [];

    /// <summary>Tells of a try.</summary>
    public TryResult Count(Guid account, string place, bool matches)
    {
        // Under one lock: two wrong ones at once count as two.
        lock (_gate)
        {
            ForgetOld();
            var count = _tries.GetValueOrDefault((account, place)).Count;
            if (count >= AccountService.TriesBeforeRest)
                return TryResult.Resting;
            if (matches)
            {
                _tries.Remove((account, place));
                return TryResult.Right;
            }

            _tries[(account, place)] = (count + 1, time.GetTimestamp());
            return count + 1 == AccountService.TriesBeforeRest ? TryResult.LastWrong : TryResult.Wrong;
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
