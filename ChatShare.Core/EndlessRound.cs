namespace ChatShare.Core;

/// <summary>
/// What a loop does again and again for as long as the program runs. Several of them run side by side, and one that ended by a fault would not be missed until the
/// program ends: so nothing that goes wrong in a round ends it.
/// </summary>
/// <param name="tell">Writes a fault to the log: once, until there is another one or a round goes well.</param>
internal sealed class EndlessRound(Action<Exception> tell)
{
    private Type? _told;

    /// <summary>One round of a single part, see <see cref="RunAsync(IEnumerable{Func{CancellationToken, Task}}, CancellationToken)"/>.</summary>
    public Task RunAsync(Func<CancellationToken, Task> part, CancellationToken stoppingToken) => RunAsync([part], stoppingToken);

    /// <summary>One round: each part after the other, also when one before it has failed.</summary>
    /// <exception cref="OperationCanceledException">The program ends.</exception>
    public async Task RunAsync(IEnumerable<Func<CancellationToken, Task>> parts, CancellationToken stoppingToken)
    {
        Exception? fault = null;
        foreach (var part in parts)
        {
            try
            {
                await part(stoppingToken);
            }
            catch (Exception e) when (e is not OutOfMemoryException && !(e is OperationCanceledException && stoppingToken.IsCancellationRequested))
            {
                fault = e;
            }
        }

        if (fault is not null && fault.GetType() != _told)
            tell(fault);
        _told = fault?.GetType();
    }
}
