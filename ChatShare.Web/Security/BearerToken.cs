using System.Buffers.Text;
using System.Security.Cryptography;
using ChatShare.Core.People;
using Microsoft.AspNetCore.DataProtection;

namespace ChatShare.Web.Security;

/// <summary>
/// What a program carries instead of the cookie: the id of a session row, sealed and good for a while. Whether the session lives is
/// asked on each request, so ending it ends its tokens.
/// </summary>
internal sealed class BearerToken(IDataProtectionProvider protection)
{
    /// <summary>The authentication scheme.</summary>
    public const string Scheme = "Bearer";

    /// <summary>How long one is good for.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    // Longer than any of ours: not worth the work of opening it.
    private const int MostCharacters = 1024;

    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector(nameof(BearerToken)).ToTimeLimitedDataProtector();

    /// <summary>A new one; those made before stay good.</summary>
    public string Make(PersonSession session) => Make(session.Id, Lifetime);

    /// <summary>The session's id; null when it is none of ours or too old. Never throws.</summary>
    public Guid? SessionId(string token)
    {
        if (token.Length > MostCharacters || !Base64Url.IsValid(token))
            return null;
        try
        {
            return new Guid(_protector.Unprotect(Base64Url.DecodeFromChars(token)));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The token in <c>Authorization</c>; null when there is none.</summary>
    public static string? In(HttpRequest request) =>
        request.Headers.Authorization is [{ } authorization] && authorization.StartsWith(Scheme + " ", StringComparison.OrdinalIgnoreCase)
            ? authorization[(Scheme.Length + 1)..].Trim()
            : null;

    internal string Make(Guid sessionId, TimeSpan lifetime) =>
        Base64Url.EncodeToString(_protector.Protect(sessionId.ToByteArray(), lifetime));
}
