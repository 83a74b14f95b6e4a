namespace ChatShare.Cli.Http;

/// <summary>How long to wait before the next try: longer each time, at most three seconds, not in step with others.</summary>
/// <param name="time">The clock.</param>
internal sealed class Backoff(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);
    // A server that asks for more is asked again nevertheless: it may have been restarted since.
    private static readonly TimeSpan LongestAsked = TimeSpan.FromSeconds(60);

    private TimeSpan _next = First;

    /// <summary>It went well: begin anew.</summary>
    public void Reset() => _next = First;

    /// <summary>Waits once.</summary>
    public Task WaitAsync(TimeSpan? asked, CancellationToken cancellationToken)
    {
        var wait = _next * (0.8 + (Random.Shared.NextDouble() * 0.4));
        _next = Min(_next * 2, Longest);
        wait = Min(wait, Longest);
        return Task.Delay(asked > wait ? Min(asked.Value, LongestAsked) : wait, time, cancellationToken);
    }

    /// <summary>Tries something until it works, is refused for good, or patience ends.</summary>
    /// <param name="attempt">Throws <see cref="Failure"/>; one that passes is tried again.</param>
    /// <param name="patience">Since the first try; the failure after it is thrown.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<T> TryAsync<T>(Func<CancellationToken, Task<T>> attempt, TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                var result = await attempt(cancellationToken);
                Reset();
                return result;
            }
            catch (Failure failure) when (failure.IsPassing && time.GetElapsedTime(began) < patience)
            {
                await WaitAsync(failure.RetryAfter, cancellationToken);
            }
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
