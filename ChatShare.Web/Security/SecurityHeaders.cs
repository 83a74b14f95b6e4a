namespace ChatShare.Web.Security;

/// <summary>Sets the headers that every response carries; an endpoint that sets one itself, as files do, keeps its own.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "media-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    private const string PermissionsPolicy =
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
        + "midi=(), payment=(), usb=()";

    /// <summary>For a page with a script in itself: that one may run beside those that come from here.</summary>
    /// <param name="source">By what it is known: a nonce.</param>
    public static string PolicyWithScript(string source) =>
        ContentSecurityPolicy.Replace("script-src 'self'", $"script-src 'self' {source}", StringComparison.Ordinal);

    public Task InvokeAsync(HttpContext context)
    {
        // At the last moment, because the error handler starts a response afresh.
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.TryAdd("Content-Security-Policy", ContentSecurityPolicy);
            headers.TryAdd("X-Content-Type-Options", "nosniff");
            headers.TryAdd("Referrer-Policy", "same-origin");
            headers.TryAdd("Cross-Origin-Opener-Policy", "same-origin");
            headers.TryAdd("Cross-Origin-Resource-Policy", "same-origin");
            headers.TryAdd("Permissions-Policy", PermissionsPolicy);
            return Task.CompletedTask;
        });
        return next(context);
    }
}
