using System.Net;

namespace ChatShare.Cli;

/// <summary>What the program ends with; docs/protocol.md tells scripts the same.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The server refused it, or it failed there.</summary>
    Refused = 1,

    /// <summary>The command line is wrong; nothing was tried.</summary>
    Usage = 2,

    /// <summary>The server does not answer, or its certificate is not trusted.</summary>
    NoServer = 3,

    /// <summary>Nobody is signed in, or the session has ended.</summary>
    NotSignedIn = 4,

    /// <summary>A file or folder of this machine: missing, changed, not writable, disk full.</summary>
    LocalFile = 5,

    /// <summary>Ctrl+C, or the program was told to stop.</summary>
    Cancelled = 130,
}

/// <summary>Something that did not work, in a sentence for people.</summary>
internal sealed class Failure(ExitCode code, string sentence, Exception? inner = null) : Exception(sentence, inner)
{
    /// <summary>How the program ends when nobody handles it.</summary>
    public ExitCode Code { get; } = code;

    /// <summary>What the server answered; null when it did not.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>Whether the answer was a problem document, as ours are.</summary>
    public bool IsProblem { get; init; }

    /// <summary>How long the server asks to wait; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The same with words before the sentence: what it is about.</summary>
    public Failure Behind(string words) => new(Code, words + Message, this) { Status = Status, IsProblem = IsProblem, RetryAfter = RetryAfter, IsPassing = IsPassing };

    /// <summary>Whether it is worth trying again: the line or the server is down for now, or wants a pause.</summary>
    public bool IsPassing { get; init; }
}
