namespace ChatShare.Core.Messages;

/// <summary>
/// The ids that senders choose for their messages, so that a retry makes one message and not two. Whatever a program makes ids of may be
/// one: quotes and brackets are the business of whoever writes one into something.
/// </summary>
public static class ClientIds
{
    /// <summary>The longest client id.</summary>
    public const int MaxLength = 64;

    private const char First = '!';
    private const char Last = '~';

    /// <summary>Returns the id when it is 1–64 printable ASCII characters without a space.</summary>
    /// <exception cref="RefusedException">It is not.</exception>
    public static string Check(string? clientId) =>
        clientId is { Length: > 0 and <= MaxLength } && !clientId.AsSpan().ContainsAnyExceptInRange(First, Last)
            ? clientId
            : throw new RefusedException(RefusalKind.Invalid, "A client id is 1 to 64 printable ASCII characters without spaces.");
}
