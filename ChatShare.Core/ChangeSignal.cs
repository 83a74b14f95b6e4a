namespace ChatShare.Core;

/// <summary>
/// "Something changed, look again": any number of raises between two looks are one. Nobody who raises waits for
/// anybody who looks, and nothing is queued.
/// </summary>
public sealed class ChangeSignal
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version;

    /// <summary>Grows with each <see cref="Raise"/>. Read it before looking, then wait for a later one.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Tells everyone who waits.</summary>
    public void Raise()
    {
        TaskCompletionSource waiting;
        lock (_gate)
        {
            _version++;
            waiting = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waiting.SetResult();
    }

    /// <summary>What <see cref="WaitAnyAsync"/> waits for: a raise of this signal after <paramref name="seen"/>.</summary>
    public Func<CancellationToken, Task> After(long seen) => cancellationToken => WaitAsync(seen, cancellationToken);

    /// <summary>Returns when the first of several waits has ended, and gives the others up: none stays behind on a quiet signal.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task WaitAnyAsync(IEnumerable<Func<CancellationToken, Task>> waits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(waits);
        using var rest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await await Task.WhenAny(waits.Select(wait => wait(rest.Token)));
        await rest.CancelAsync();
    }

    /// <summary>Returns at once when there was a raise after <paramref name="seen"/>, else at the next one.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task WaitAsync(long seen, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _version > seen ? Task.CompletedTask : _next.Task.WaitAsync(cancellationToken);
        }
    }
}
