using ChatShare.Core.Files;
using ChatShare.Web.Security;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints.Uploads;

/// <summary>
/// What every answer under <c>/uploads</c> has in common, also one that comes before any endpoint: the version that tus wants in it, a
/// sentence, and the method that is meant. Stands behind the cross-site check, whose refusal mostly means a proxy, and by which the pages know one.
/// </summary>
internal static class TusAnswers
{
    public static void UseTusAnswers(this IApplicationBuilder app) => app.UseWhen(context => Paths.IsUploads(context.Request.Path), uploads =>
    {
        uploads.Use(SayVersion);
        uploads.UseStatusCodePages(status => ApiProblems.TellStatusAsync(status.HttpContext));
        uploads.Use(TakeMeantMethod);
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

    /// <summary>
    /// For clients that can only GET and POST. Nothing else is overridden: a GET is not checked for where it comes from. Only at an upload of its
    /// own: the rest knows POST itself.
    /// </summary>
    private static Task TakeMeantMethod(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        var meant = request.Headers[Tus.MethodOverride].ToString();
        if (HttpMethods.IsPost(request.Method) && (HttpMethods.IsPatch(meant) || HttpMethods.IsDelete(meant) || HttpMethods.IsHead(meant))
            && request.Path.Value!.Split('/') is [_, _, var id] && FileId.TryParse(id, out _))
        {
            request.Method = HttpMethods.GetCanonicalizedValue(meant);
        }

        return next(context);
    }
}
