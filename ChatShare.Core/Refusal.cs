namespace ChatShare.Core;

/// <summary>Why something was refused; doors translate it (HTTP status, a line beside a field, a line of text).</summary>
public enum RefusalKind
{
    /// <summary>The input breaks a rule.</summary>
    Invalid,

    /// <summary>The name is in use.</summary>
    Taken,

    /// <summary>There is no such thing, or the asker may not know of it.</summary>
    NotFound,

    /// <summary>The asker may not do this.</summary>
    NotPermitted,

    /// <summary>The asker's session was ended.</summary>
    SessionEnded,

    /// <summary>A rate limit; it may be tried again after a moment.</summary>
    TooFast,

    /// <summary>Over a size or count limit.</summary>
    TooLarge,

    /// <summary>The server has no room on its disk.</summary>
    DiskFull,

    /// <summary>It was there and is over.</summary>
    Gone,

    /// <summary>Its own sender called it off; <see cref="Gone"/> to everybody else.</summary>
    CalledOff,

    /// <summary>Everything is there, and it will be done without anybody’s help; it may be asked for again after a moment.</summary>
    NotYet,

    /// <summary>Another node holds it and is about to let go; it may be asked for again after a moment.</summary>
    Elsewhere,

    /// <summary>The bytes are not what their checksum says.</summary>
    Checksum,

    /// <summary>It does not fit the present state, such as an offset that is not the next one.</summary>
    Conflict,
}

/// <summary>
/// A refusal that a person may read: the message is a plain sentence for the interface, never a technical text.
/// Everything else that is thrown is a fault and shown as such.
/// </summary>
public sealed class RefusedException(RefusalKind kind, string sentence, Exception? cause = null) : Exception(sentence, cause)
{
    /// <summary>What was wrong.</summary>
    public RefusalKind Kind { get; } = kind;

    /// <summary>How long to wait before trying again, for <see cref="RefusalKind.TooFast"/>, <see cref="RefusalKind.NotYet"/> and <see cref="RefusalKind.Elsewhere"/>; null when unknown.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
