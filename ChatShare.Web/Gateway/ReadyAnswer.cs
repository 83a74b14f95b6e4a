namespace ChatShare.Web.Gateway;

/// <summary>
/// Whether <c>READY</c> is the answer to a file that was just offered to the client; said at another time it is a message. The side that sends
/// asks, the side that reads answers.
/// </summary>
internal sealed class ReadyAnswer(TimeProvider time)
{
    private Question? _asked;

    /// <summary>Whether this client has ever answered: the command-line one does, the desktop window does not.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>A file is about to be offered.</summary>
    /// <param name="within">How long what is said can be the answer; infinite until <see cref="Withdraw"/>.</param>
    /// <returns>Ends with the answer, or never.</returns>
    public Task Ask(TimeSpan within)
    {
        var question = new Question(time.GetTimestamp(), within);
        Volatile.Write(ref _asked, question);
        return question.Answered.Task;
    }

    /// <summary>The client has said it.</summary>
    /// <returns>Whether that was the answer.</returns>
    public bool Take()
    {
        if (Interlocked.Exchange(ref _asked, null) is not { } question)
            return false;
        if (question.Within != Timeout.InfiniteTimeSpan && time.GetElapsedTime(question.At) > question.Within)
            return false;
        IsKnown = true;
        question.Answered.SetResult();
        return true;
    }

    /// <summary>Nothing is on offer any more.</summary>
    public void Withdraw() => Interlocked.Exchange(ref _asked, null);

    private sealed record Question(long At, TimeSpan Within)
    {
        public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
