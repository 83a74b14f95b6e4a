namespace ChatShare.Core.Files;

/// <summary>How one upload ends: once, and as whoever asks first says, unless it has become the file before. Any thread may ask.</summary>
internal sealed class UploadEnding
{
    private Asked? _asked;
    private int _hasBegun;

    /// <summary>Whether somebody has asked for an end that is no file.</summary>
    public bool IsAsked => Volatile.Read(ref _asked) is not null;

    /// <summary>Whether it has ended, or is being brought to its end: as the file, or as nothing.</summary>
    public bool HasBegun => Volatile.Read(ref _hasBegun) == 1;

    /// <summary>Asks for an end; does nothing when another one was asked for before.</summary>
    /// <param name="state">Failed or cancelled.</param>
    /// <param name="failure">Why it failed, for people.</param>
    public void Ask(FileState state, string? failure) => Interlocked.CompareExchange(ref _asked, new Asked(state, failure), null);

    /// <returns>True for the one who is to bring it to its end.</returns>
    public bool TryBegin() => Interlocked.Exchange(ref _hasBegun, 1) == 0;

    /// <summary>The file with the end that was asked for; as it is given when none was.</summary>
    public SharedFile Of(SharedFile file) => Volatile.Read(ref _asked) is { } asked ? file with { State = asked.State, Failure = asked.Failure } : file;

    /// <summary>
    /// Called before it becomes the file: whoever syncs the last bytes, or waits for the contents, hears of no token. Of one whose sender has only gone meanwhile
    /// everything is here, and it becomes the file.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was called off.</exception>
    public void ThrowIfCalledOff()
    {
        if (Volatile.Read(ref _asked) is { State: FileState.Cancelled })
            throw new OperationCanceledException("This upload was called off while it became the file.");
    }

    private sealed record Asked(FileState State, string? Failure);
}
