namespace ChatShare.Tests.Support;

/// <summary>The real clock, set forward by hand; timers run in real time.</summary>
internal sealed class ForwardClock : TimeProvider
{
    private long _aheadTicks;

    /// <param name="startsAt">What it shows now; null for the real time.</param>
    public ForwardClock(DateTimeOffset? startsAt = null) => _aheadTicks = startsAt is { } start ? (start - base.GetUtcNow()).Ticks : 0;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _aheadTicks));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _aheadTicks, by.Ticks);
}
