using ChatShare.Web.Components.Layout;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints;

/// <summary>The style sheet of MudBlazor's parts, <see cref="ThemeSheet"/>; the same for everybody.</summary>
internal static class ThemeEndpoint
{
    public static void MapTheme(this IEndpointRouteBuilder app) => app.MapGet(ThemeSheet.Address, GetAsync).AllowAnonymous().ExcludeFromDescription();

    private static async Task<IResult> GetAsync(ThemeSheet theme, HttpContext http, CancellationToken cancellationToken)
    {
        var sheet = await theme.GetAsync(cancellationToken);
        http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        http.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (!http.Request.GetTypedHeaders().AcceptEncoding.Any(coding => coding.Value == "gzip" && coding.Quality is null or > 0))
            return TypedResults.Bytes(sheet.Plain, "text/css; charset=utf-8");
        http.Response.Headers.ContentEncoding = "gzip";
        return TypedResults.Bytes(sheet.Gzip, "text/css; charset=utf-8");
    }
}
