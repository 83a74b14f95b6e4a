namespace ChatShare.Tests.Support;

/// <summary>The real clock, set by hand; timers run in real time.</summary>
internal sealed class ForwardClock : TimeProvider
{
    private long _aheadTicks;
    private long _passedTicks;

    /// <param name="startsAt">What it shows now; null for the real time.</param>
    public ForwardClock(DateTimeOffset? startsAt = null) => _aheadTicks = startsAt is { } start ? (start - base.GetUtcNow()).Ticks : 0;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _aheadTicks));

    /// <inheritdoc />
    public override long GetTimestamp() => base.GetTimestamp() + (Interlocked.Read(ref _passedTicks) * (TimestampFrequency / TimeSpan.TicksPerSecond));

    /// <summary>Time goes by.</summary>
    public void Advance(TimeSpan by)
    {
        Interlocked.Add(ref _passedTicks, by.Ticks);
        Jump(by);
    }

    /// <summary>Somebody sets the clock on the wall; no time goes by.</summary>
    public void Jump(TimeSpan by) => Interlocked.Add(ref _aheadTicks, by.Ticks);
}
