using System.Security.Claims;
using System.Text.Encodings.Web;
using ChatShare.Core.People;
using ChatShare.Web.Endpoints;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Security;

/// <summary>Finds the person behind a <see cref="BearerToken"/> and tells programs in words why there is none.</summary>
internal sealed class BearerTokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    BearerToken tokens,
    SessionService sessions,
    ConnectedUsers connected)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    private Guid? _ended;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (BearerToken.In(Request) is not { } token)
            return AuthenticateResult.NoResult();
        if (tokens.SessionId(token) is not { } id)
            return AuthenticateResult.Fail("The token is none of this server's, or too old.");
        if (await sessions.FindAsync(id, Context.RequestAborted) is not { } session)
        {
            _ended = id;
            return AuthenticateResult.Fail("The token's session has ended.");
        }

        // A program has no circuit that would show that its person is still here, and the nickname is held from when they were last seen.
        connected.Saw(session);
        Context.SetPersonSession(session);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(SessionCookie.IdentityOf(session, Scheme.Name)), Scheme.Name));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers[HeaderNames.WWWAuthenticate] = BearerToken.Scheme;
        var reason = _ended is { } id ? await sessions.EndReasonAsync(id, Context.RequestAborted) : null;
        await TellAsync(
            StatusCodes.Status401Unauthorized,
            reason ?? (_ended is null ? "This token is not valid, or too old. Sign in again." : "This session has ended. Sign in again."));
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        TellAsync(StatusCodes.Status403Forbidden, "You may not do this.");

    private Task TellAsync(int status, string sentence) => Refusals.Status(status, sentence).ExecuteAsync(Context);
}

/// <summary>Cookie or token: chosen for each request by what it carries and where it goes.</summary>
internal static class BearerTokenSelection
{
    /// <summary>The scheme that chooses.</summary>
    public const string Scheme = "CookieOrBearer";

    private const string CommandLine = "chatshare-cli/";

    /// <summary>The door that this request's person has come through. Which program carries a token is what it says of itself: a label that opens nothing.</summary>
    public static Door Door(this HttpContext context) =>
        context.User.Identity?.AuthenticationType != BearerToken.Scheme ? Core.People.Door.Browser
        : context.Request.Headers.UserAgent.ToString().StartsWith(CommandLine, StringComparison.Ordinal) ? Core.People.Door.Cli
        : Core.People.Door.Api;

    /// <summary>Whoever shows a token is not taken for their cookie, even if the token is worth nothing.</summary>
    public static string Choose(HttpContext context, string otherwise) =>
        Paths.IsForTokens(context.Request.Path) && BearerToken.In(context.Request) is not null
            ? BearerToken.Scheme
            : otherwise;
}
