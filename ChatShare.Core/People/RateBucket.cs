using System.Threading.RateLimiting;

namespace ChatShare.Core.People;

/// <summary>Token buckets, one for each person or session: how often they may do something.</summary>
public static class RateBucket
{
    /// <summary>Makes them; the first <paramref name="burst"/> come at once, then <paramref name="tokens"/> in each <paramref name="period"/>.</summary>
    /// <param name="burst">At least <paramref name="tokens"/>.</param>
    /// <param name="tokens">0 for no limit.</param>
    /// <param name="period">More than nothing.</param>
    public static PartitionedRateLimiter<Guid> Create(int burst, int tokens, TimeSpan period) =>
        PartitionedRateLimiter.Create<Guid, Guid>(person => tokens == 0
            // One for all: what limits nothing is never idle, and a key of its own would stay for each person who ever came.
            ? RateLimitPartition.GetNoLimiter(Guid.Empty)
            : RateLimitPartition.GetTokenBucketLimiter(person, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = burst,
                TokensPerPeriod = tokens / Parts(tokens),
                ReplenishmentPeriod = period / Parts(tokens),
                QueueLimit = 0,
            }));

    /// <summary>Takes <paramref name="count"/> tokens out of the bucket of <paramref name="key"/>.</summary>
    /// <param name="limiter">From <see cref="Create"/>.</param>
    /// <param name="key">Whose bucket.</param>
    /// <param name="count">Not more than it can hold.</param>
    /// <param name="sentence">What they are told when there are too few.</param>
    /// <param name="metrics">Counts it then.</param>
    /// <param name="limit">As which limit.</param>
    /// <exception cref="RefusedException">Too fast; with <paramref name="sentence"/> and the time after which it may be tried again.</exception>
    public static void Take(PartitionedRateLimiter<Guid> limiter, Guid key, int count, string sentence, ChatShareMetrics metrics, Limit limit)
    {
        ArgumentNullException.ThrowIfNull(limiter);
        ArgumentNullException.ThrowIfNull(metrics);
        using var lease = limiter.AttemptAcquire(key, count);
        if (lease.IsAcquired)
            return;
        metrics.Refused(limit);
        throw new RefusedException(RefusalKind.TooFast, sentence)
        {
            RetryAfter = lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : null,
        };
    }

    /// <summary>Into how many equal parts the period is cut, at most ten: the fewer wait at once, and nothing is rounded away.</summary>
    private static int Parts(int tokens) => Enumerable.Range(1, 10).Last(parts => tokens % parts == 0);
}
