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
