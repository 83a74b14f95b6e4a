using ChatShare.Web.Security;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints.Uploads;

/// <summary>
/// What every answer under <c>/uploads</c> has in common, also one that comes before any endpoint: the version that tus wants in it, and a
/// sentence. Stands behind the cross-site check, whose refusal mostly means a proxy, and by which the pages know one.
/// </summary>
internal static class TusAnswers
{
    public static void UseTusAnswers(this IApplicationBuilder app) => app.UseWhen(context => Paths.IsUploads(context.Request.Path), uploads =>
    {
        uploads.Use(SayVersion);
        uploads.UseStatusCodePages(status => TellStatusAsync(status.HttpContext));
    });

    private static Task SayVersion(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.TryAdd(Tus.Resumable, Tus.Version);
            if (context.Response.StatusCode == StatusCodes.Status401Unauthorized)
                headers.TryAdd(HeaderNames.WWWAuthenticate, BearerToken.Scheme);
            return Task.CompletedTask;
        });
        return next(context);
    }

    private static Task TellStatusAsync(HttpContext context)
    {
        var status = context.Response.StatusCode;
        var sentence = status switch
        {
            StatusCodes.Status401Unauthorized => "Join or sign in first.",
            StatusCodes.Status404NotFound => "There is no such upload.",
            StatusCodes.Status503ServiceUnavailable => "The server cannot read or store anything right now. Try again in a moment.",
            _ => ReasonPhrases.GetReasonPhrase(status),
        };
        return Refusals.Status(status, sentence).ExecuteAsync(context);
    }
}
