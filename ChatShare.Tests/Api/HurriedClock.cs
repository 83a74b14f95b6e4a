namespace ChatShare.Tests.Api;

/// <summary>The real clock, but whoever wants to be woken after a while is woken a hundred times as soon.</summary>
internal sealed class HurriedClock : TimeProvider
{
    private const int Hurry = 100;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new HurriedTimer(base.CreateTimer(callback, state, Sooner(dueTime), Sooner(period)));

    private static TimeSpan Sooner(TimeSpan time) =>
        time <= TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(Math.Max(1, time.TotalMilliseconds / Hurry));

    private sealed class HurriedTimer(ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Sooner(dueTime), Sooner(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
