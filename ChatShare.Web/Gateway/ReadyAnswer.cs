namespace ChatShare.Web.Gateway;

/// <summary>
/// Whether <c>READY</c> is the answer to a file that was just offered to the client; said at another time it is a message. The side that sends
/// asks, the side that reads answers.
/// </summary>
internal sealed class ReadyAnswer
{
    private TaskCompletionSource? _asked;

    /// <summary>Whether this client has ever answered: the command-line one does, the desktop window does not.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>A file is about to be offered; what is said until <see cref="Withdraw"/> can be the answer.</summary>
    /// <returns>Ends with the answer, or never.</returns>
    public Task Ask()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _asked, asked);
        return asked.Task;
    }

    /// <summary>The client has said it.</summary>
    /// <returns>Whether that was the answer.</returns>
    public bool Take()
    {
        if (Interlocked.Exchange(ref _asked, null) is not { } asked)
            return false;
        IsKnown = true;
        asked.SetResult();
        return true;
    }

    /// <summary>Nothing is on offer any more.</summary>
    public void Withdraw() => Interlocked.Exchange(ref _asked, null);
}
