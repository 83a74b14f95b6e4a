using ChatShare.Web.Endpoints;

namespace ChatShare.Web.Security;

/// <summary>
/// Refuses what another site makes a person's browser send: everything that changes something, and the circuit's WebSocket,
/// which no CORS rule guards. With <c>Origin</c> its host and port have to be the request's own; without it
/// <c>Sec-Fetch-Site</c>, if sent, has to be <c>same-origin</c>; with neither only a bearer token will do, which no other
/// site can make a browser send, and the call that gives one. Whoever calls the programs' door with neither and without a cookie is nobody,
/// and is told so there. <c>OPTIONS</c> with neither comes from no page: it only asks what is spoken.
/// </summary>
internal sealed class CrossSiteCheck(RequestDelegate next, ILogger<CrossSiteCheck> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!Concerns(context) || IsOwn(request))
        {
            await next(context);
            return;
        }

        var origin = request.Headers.Origin.ToString();
        // Only what reads as an address: a log is looked at in terminals, which obey what is written there.
        var from = Uri.TryCreate(origin, UriKind.Absolute, out var uri) ? uri.GetLeftPart(UriPartial.Authority) : "no readable origin";
        logger.CrossSiteRefused(request.Method, request.Path, from);
        const string sentence = "Refused: this was sent from another site, or a proxy changed the address.";
        if (Paths.IsForTokens(request.Path))
        {
            await Refusals.Status(StatusCodes.Status403Forbidden, sentence).ExecuteAsync(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        // Plain text and not a page: mostly a proxy that hides the address people use, and its keeper reads this.
        await context.Response.WriteAsync(sentence, context.RequestAborted);
    }

    private static bool Concerns(HttpContext context) =>
        !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        || (context.Request.Path.StartsWithSegments(Paths.Circuit, StringComparison.OrdinalIgnoreCase) && context.WebSockets.IsWebSocketRequest);

    private static bool IsOwn(HttpRequest request)
    {
        if (request.Headers.Origin is { Count: > 0 } origins)
            return origins.Count == 1 && IsOwnOrigin(request, origins[0]);
        if (request.Headers["Sec-Fetch-Site"] is { Count: > 0 } sites)
            return sites.Count == 1 && sites[0] == "same-origin";
        return BearerToken.In(request) is not null || IsTokenAsked(request) || IsNobodys(request) || HttpMethods.IsOptions(request.Method);
    }

    /// <summary>
    /// A program that has forgotten its token, or asks in a wrong way: without a cookie there is nobody's right to abuse, and it is told to sign in,
    /// or what is wrong.
    /// </summary>
    private static bool IsNobodys(HttpRequest request) =>
        Paths.IsForTokens(request.Path) && !request.Cookies.ContainsKey(SessionCookie.Name);

    /// <summary>Nobody has a token before the first call. It looks at no cookie, and its JSON is nothing that a foreign form can send.</summary>
    private static bool IsTokenAsked(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.Path.Equals("/api/session", StringComparison.OrdinalIgnoreCase) && request.HasJsonContentType();

    private static bool IsOwnOrigin(HttpRequest request, string? origin)
    {
        // "null", which sandboxed pages send, is no address and so not ours.
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            return false;
        // A browser leaves out its scheme's usual port. Behind a proxy that ends TLS this side does not know that scheme.
        var port = request.Host.Port ?? (request.IsHttps ? 443 : uri.Scheme == "https" ? 443 : 80);
        return string.Equals(uri.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase) && uri.Port == port;
    }
}
