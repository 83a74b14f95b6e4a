namespace ChatShare.Web.Gateway;

/// <summary>
/// Whether <c>READY</c> is the answer to a file that was just offered to the client; said at another time it is a message. The side that sends
/// asks, the side that reads answers.
/// </summary>
internal sealed class ReadyAnswer(GatewayPace pace, TimeProvider time)
{
    private Question? _asked;

    /// <summary>Whether this client has ever answered: the command-line one does, the desktop window does not.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>A file is about to be offered; what is said from now on can be the answer.</summary>
    /// <returns>Ends with the answer, or never.</returns>
    public Task Ask()
    {
        var asked = new Question();
        Volatile.Write(ref _asked, asked);
        return asked.Answered;
    }

    /// <summary>
    /// Nobody waits for the answer any more. It may still be on its way for a little while, but not for the minutes that a file can take: then it
    /// is the word of a person.
    /// </summary>
    public void StopWaiting() => Volatile.Read(ref _asked)?.StopWaiting(time.GetTimestamp());

    /// <summary>The client has said it.</summary>
    /// <param name="isAlone">
    /// Whether it is a message by itself. If it is not, it is the answer glued to a text only while it is waited for, and only of a client that
    /// answers at all: of another it is a part of what somebody types.
    /// </param>
    /// <returns>Whether that was the answer.</returns>
    public bool Take(bool isAlone)
    {
        if (Volatile.Read(ref _asked) is not { } asked || !(isAlone ? MayCome(asked) : IsKnown && asked.WaitedUntil is null))
            return false;
        // Withdrawn at this very moment, or another one is asked.
        if (Interlocked.CompareExchange(ref _asked, null, asked) != asked)
            return false;
        IsKnown = true;
        asked.Answer();
        return true;
    }

    /// <summary>Nothing is on offer any more.</summary>
    public void Withdraw() => Interlocked.Exchange(ref _asked, null);

    private bool MayCome(Question asked) => asked.WaitedUntil is not { } until || time.GetElapsedTime(until) < pace.LateReady;

    private sealed class Question
    {
        private const long StillWaiting = long.MinValue;

        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _waitedUntil = StillWaiting;

        public Task Answered => _answered.Task;

        /// <summary>Null while it is waited for.</summary>
        public long? WaitedUntil => Volatile.Read(ref _waitedUntil) is var until and not StillWaiting ? until : null;

        public void StopWaiting(long now) => Volatile.Write(ref _waitedUntil, now);

        public void Answer() => _answered.SetResult();
    }
}
