namespace ChatShare.Tests.Support;

/// <summary>For what the server says nowhere when it happens: looks again until it is so.</summary>
internal static class Eventually
{
    /// <param name="condition">What is looked at.</param>
    /// <param name="within">Null for as long as anything takes that nobody has broken.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? within = null)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(within ?? Make.PatienceForOne);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
            await look.WaitForNextTickAsync(patience.Token);
    }
}
