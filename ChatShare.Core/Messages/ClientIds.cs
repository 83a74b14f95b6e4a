using System.Buffers;

namespace ChatShare.Core.Messages;

/// <summary>The ids that senders choose for their messages, so that a retry makes one message and not two.</summary>
public static class ClientIds
{
    /// <summary>The longest client id.</summary>
    public const int MaxLength = 64;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>Returns the id when it is 1–64 ASCII letters, digits, <c>-</c>, <c>_</c> or <c>.</c>.</summary>
    /// <exception cref="RefusedException">It is not.</exception>
    public static string Check(string? clientId) =>
        clientId is { Length: > 0 and <= MaxLength } && !clientId.AsSpan().ContainsAnyExcept(Allowed)
            ? clientId
            : throw new RefusedException(RefusalKind.Invalid, "A client id is 1 to 64 letters, digits, “-”, “_” or “.”.");
}
