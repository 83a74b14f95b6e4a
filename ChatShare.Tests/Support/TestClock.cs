namespace ChatShare.Tests.Support;

/// <summary>For the few tests where the time itself is the thing to wait for, such as a limit that says when it opens again.</summary>
internal static class TestClock
{
    public static async Task UntilAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync(cancellationToken);
    }
}
