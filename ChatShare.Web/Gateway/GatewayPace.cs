namespace ChatShare.Web.Gateway;

/// <summary>How long the gateway waits for what. The old protocol has no framing: much of it is said by when something comes.</summary>
internal sealed record GatewayPace
{
    /// <summary>For the answer to <c>NICK</c>.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For <c>READY</c>, from a client that has never said it.</summary>
    public TimeSpan Ready { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>For <c>READY</c>, from a client that has said it before.</summary>
    public TimeSpan KnownReady { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For <c>READY</c> by itself that comes when the bytes have begun; said later in a long file it is a message.</summary>
    public TimeSpan LateReady { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// For the next piece of what the network has cut up: the client has sent both at once. Less than passes between two messages of a client that
    /// talks as fast as it may.
    /// </summary>
    public TimeSpan Pieces { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>For the rest of what is surely not whole, or may be the first part of a longer text. Well below the half second that a client waits before it sends a file.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>For a client to take a byte of what waits for it, and for the next byte of a file that it has announced.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>For a place in a client's queue, before the client counts as one that is behind.</summary>
    public TimeSpan Behind { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For the word to a client that says no more after a file, that this is here; between two things that it has to tell apart there is half a second.</summary>
    public TimeSpan LastWords { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For the last line to somebody whose session was ended.</summary>
    public TimeSpan Farewell { get; init; } = TimeSpan.FromSeconds(1);
}
