namespace ChatShare.Tests.Support;

/// <summary>For what the server says nowhere when it happens: looks again until it is so.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(15));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
            await look.WaitForNextTickAsync(patience.Token);
    }
}
