namespace ChatShare.Tests.Support;

/// <summary>A clock on which no time goes by but what a test lets go by; then whoever waited long enough is woken.</summary>
/// <param name="startsAt">What it shows first; null for the beginning of 1970.</param>
internal sealed class StillClock(DateTimeOffset? startsAt = null) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<StillTimer> _timers = [];
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => (startsAt ?? DateTimeOffset.UnixEpoch).AddTicks(GetTimestamp());

    /// <summary>For what waits once; what comes again and again has no place here.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new StillTimer(this, callback, state);
        timer.Change(dueTime, period);
        lock (_gate)
            _timers.Add(timer);
        return timer;
    }

    /// <summary>How long those who wait have still to wait.</summary>
    public IReadOnlyList<TimeSpan> Awaited
    {
        get
        {
            lock (_gate)
                return [.. _timers.Where(timer => timer.Due < long.MaxValue).Select(timer => TimeSpan.FromTicks(timer.Due - _now))];
        }
    }

    /// <summary>Time goes by.</summary>
    public void Advance(TimeSpan by)
    {
        List<StillTimer> due;
        lock (_gate)
        {
            _now += by.Ticks;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            foreach (var timer in due)
                timer.Due = long.MaxValue;
        }

        due.ForEach(timer => timer.Fire());
    }

    private sealed class StillTimer(StillClock clock, TimerCallback callback, object? state) : ITimer
    {
        /// <summary>When it fires, by the clock's timestamp.</summary>
        public long Due { get; set; } = long.MaxValue;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
                Due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : clock._now + dueTime.Ticks;
            return true;
        }

        public void Dispose()
        {
            lock (clock._gate)
                clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
