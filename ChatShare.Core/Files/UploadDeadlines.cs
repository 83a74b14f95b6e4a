namespace ChatShare.Core.Files;

/// <summary>
/// Until when an upload that nobody feeds is waited for. A deadline is a reading of a counter that nobody can set: a clock that jumps
/// neither ends an upload nor keeps it.
/// </summary>
internal sealed class UploadDeadlines(TimeProvider time, TimeSpan patience)
{
    private static readonly TimeSpan GraceAfterStart = TimeSpan.FromHours(1);

    /// <summary>Of one that is fed now.</summary>
    public long Next() => In(patience);

    /// <summary>
    /// Of one that was last fed in an earlier run. Only the clock on the wall can tell how long ago that is, and it may be wrong by now;
    /// besides, nobody could come back while the program did not run. So there is time for that in any case.
    /// </summary>
    public long After(DateTimeOffset lastFed)
    {
        var left = patience - (time.GetUtcNow() - lastFed);
        return In(TimeSpan.FromTicks(Math.Clamp(left.Ticks, GraceAfterStart.Ticks, patience.Ticks)));
    }

    /// <summary>Whether it is over.</summary>
    public bool IsOver(long deadline) => Left(deadline) <= TimeSpan.Zero;

    /// <summary>As the clock on the wall will show it, if nobody sets it.</summary>
    public DateTimeOffset AsTime(long deadline) => time.GetUtcNow() + Left(deadline);

    private long In(TimeSpan wait) => time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);

    private TimeSpan Left(long deadline) => time.GetElapsedTime(time.GetTimestamp(), deadline);
}
