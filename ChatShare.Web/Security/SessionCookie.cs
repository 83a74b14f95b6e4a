using System.Globalization;
using System.Security.Claims;
using ChatShare.Core.People;
using ChatShare.Web.Endpoints;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace ChatShare.Web.Security;

/// <summary>The cookie carries the id of a session row and nothing else; each request asks whether the session lives.</summary>
internal static class SessionCookie
{
    /// <summary>The cookie's name.</summary>
    public const string Name = "chatshare";

    private const string IdClaim = ClaimTypes.NameIdentifier;
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(400);
    private static readonly object EndedKey = new();

    public static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = Name;
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.Cookie.IsEssential = true;
        options.ExpireTimeSpan = Lifetime;
        options.SlidingExpiration = true;
        options.Events.OnValidatePrincipal = ValidateAsync;
        options.Events.OnRedirectToLogin = context => ChallengeAsync(context, StatusCodes.Status401Unauthorized, "/");
        options.Events.OnRedirectToAccessDenied = context => ChallengeAsync(context, StatusCodes.Status403Forbidden, "/signin");
    }

    /// <summary>Gives the browser the session.</summary>
    public static Task SignInAsync(HttpContext context, PersonSession session) =>
        context.SignInAsync(
            new ClaimsPrincipal(new ClaimsIdentity([IdOf(session)], CookieAuthenticationDefaults.AuthenticationScheme)),
            new AuthenticationProperties { IsPersistent = true });

    /// <summary>What the pages and rules ask of a living session.</summary>
    public static ClaimsIdentity IdentityOf(PersonSession session, string scheme)
    {
        var identity = new ClaimsIdentity([IdOf(session), new Claim(ClaimTypes.Name, session.Nickname.Value)], scheme);
        if (session.IsAdministrator)
            identity.AddClaim(new Claim(ClaimTypes.Role, Roles.Administrator));
        return identity;
    }

    /// <summary>The id in a principal of this cookie; null in any other.</summary>
    public static Guid? SessionId(ClaimsPrincipal principal) =>
        Guid.TryParse(principal.FindFirstValue(IdClaim), CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>The session that the request's cookie named and that lives no more; null when there is none.</summary>
    public static Guid? EndedSessionId(HttpContext context) => context.Items[EndedKey] as Guid?;

    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        var id = context.Principal is null ? null : SessionId(context.Principal);
        var session = id is null
            ? null
            : await http.RequestServices.GetRequiredService<SessionService>().FindAsync(id.Value, http.RequestAborted);
        if (session is null)
        {
            http.Items[EndedKey] = id;
            context.RejectPrincipal();
            return;
        }

        http.SetPersonSession(session);
        // For this request alone: a renewed cookie is written from what it carried.
        context.ReplacePrincipal(new ClaimsPrincipal(IdentityOf(session, context.Scheme.Name)));
    }

    private static Claim IdOf(PersonSession session) => new(IdClaim, session.Id.ToString());

    private static Task ChallengeAsync(RedirectContext<CookieAuthenticationOptions> context, int status, string page)
    {
        var request = context.Request;
        if (Paths.IsFiles(request.Path))
        {
            context.Response.Headers.WWWAuthenticate = BearerToken.Scheme;
            return Refusals.Status(status, "Join or sign in first.").ExecuteAsync(context.HttpContext);
        }

        if (Paths.IsForPrograms(request.Path))
            context.Response.StatusCode = status;
        else
            context.Response.Redirect(LocalUrl.WithReturn(page, request.PathBase + request.Path + request.QueryString));
        return Task.CompletedTask;
    }
}

/// <summary>Names of roles, for <c>[Authorize(Roles = …)]</c>. What they may do is asked of Permissions.</summary>
public static class Roles
{
    /// <summary>Has the role while the session's account is an administrator.</summary>
    public const string Administrator = "administrator";
}
