using ChatShare.Web.Components.Layout;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints;

/// <summary>What the program makes of pages once and sends to all: <see cref="ThemeSheet"/> and <see cref="PageScript"/>. The same for everybody.</summary>
internal static class PagePartEndpoints
{
    /// <summary>The script's address, whatever is in it.</summary>
    public const string Script = "/js/page.{hash}.js";

    /// <summary>The style sheet's, of whatever build.</summary>
    public const string Theme = "/theme-{build}.css";

    /// <summary>
    /// The icons of every button have one address for all builds. A browser draws what it has and asks behind it whether that is still so: asked
    /// first, a page that changes while the line is down would be one of empty buttons (RFC 5861).
    /// </summary>
    public static StaticAssetsEndpointConventionBuilder KeepIcons(this StaticAssetsEndpointConventionBuilder assets)
    {
        assets.Add(endpoint =>
        {
            if (endpoint is not RouteEndpointBuilder { RoutePattern.RawText: "icons.svg", RequestDelegate: { } send })
                return;
            endpoint.RequestDelegate = http =>
            {
                http.Response.OnStarting(() =>
                {
                    http.Response.Headers.CacheControl = "max-age=60, stale-while-revalidate=604800";
                    return Task.CompletedTask;
                });
                return send(http);
            };
        });
        return assets;
    }

    public static void MapPageParts(this IEndpointRouteBuilder app)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        app.MapMethods(Theme, methods, ThemeAsync).AllowAnonymous().ExcludeFromDescription();
        app.MapMethods(Script, methods, ScriptOf).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<FileContentHttpResult> ThemeAsync(ThemeSheet theme, HttpContext http, CancellationToken cancellationToken) =>
        Send(await theme.GetAsync(cancellationToken), "text/css; charset=utf-8", ThemeSheet.Address, http);

    private static FileContentHttpResult ScriptOf(PageScript script, HttpContext http)
    {
        var (address, text) = script.Current;
        return Send(text, "text/javascript; charset=utf-8", address, http);
    }

    private static FileContentHttpResult Send(PackedText text, string contentType, string address, HttpContext http)
    {
        // A page of another node, which has another build while one after the other is brought up to date, gets what there is here.
        var isCurrent = http.Request.Path == address;
        http.Response.Headers.CacheControl = isCurrent ? "public, max-age=31536000, immutable" : "no-store";
        http.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        var taken = http.Request.GetTypedHeaders().AcceptEncoding.Where(coding => coding.Quality is null or > 0).Select(coding => coding.Value.ToString()).ToList();
        var (coding, bytes) = taken.Contains("br") ? ("br", text.Brotli) : taken.Contains("gzip") ? ("gzip", text.Gzip) : (null, text.Plain);
        if (coding is not null)
            http.Response.Headers.ContentEncoding = coding;
        return TypedResults.Bytes(bytes, contentType, entityTag: new EntityTagHeaderValue($"\"{text.Hash}-{coding}\""));
    }
}
