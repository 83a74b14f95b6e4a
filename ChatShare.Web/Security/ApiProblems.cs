using ChatShare.Web.Endpoints;
using ChatShare.Web.Endpoints.Api;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Security;

/// <summary>
/// Whatever goes wrong under <c>/api</c> and <c>/files</c> is told as a problem (RFC 9457), also what no endpoint has answered. What is so under
/// <c>/uploads</c>, too, is used by <see cref="Endpoints.Uploads.TusAnswers"/>.
/// </summary>
internal static class ApiProblems
{
    public static void UseApiProblems(this IApplicationBuilder app)
    {
        app.Use(AnswerHead);
        app.UseWhen(context => Paths.IsApi(context.Request.Path) || Paths.IsFiles(context.Request.Path), api =>
        {
            api.Use(SayHowToSignIn);
            api.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = TellFaultAsync });
            api.UseStatusCodePages(status => TellStatusAsync(status.HttpContext));
        });
    }

    /// <summary>Whoever refuses with 401 need not think of the header that belongs to it (RFC 9110, 15.5.2).</summary>
    private static Task SayHowToSignIn(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(() =>
        {
            if (context.Response.StatusCode == StatusCodes.Status401Unauthorized)
                context.Response.Headers.TryAdd(HeaderNames.WWWAuthenticate, BearerToken.Scheme);
            return Task.CompletedTask;
        });
        return next(context);
    }

    /// <summary>
    /// HEAD is GET without the content (RFC 9110, 9.3.2), which the server leaves out by itself; events are nothing but content and have no end.
    /// </summary>
    private static Task AnswerHead(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsHead(context.Request.Method) && HeadIsGet(context.Request.Path))
            context.Request.Method = HttpMethods.Get;
        return next(context);
    }

    private static bool HeadIsGet(PathString path) => Paths.IsOfLibraries(path) || Paths.IsApi(path) && !path.Value!.EndsWith("/events", StringComparison.OrdinalIgnoreCase);

    /// <summary>The log has the details.</summary>
    private static Task TellFaultAsync(HttpContext context) =>
        Refusals.Status(StatusCodes.Status500InternalServerError, "Something went wrong on the server; its log says what.").ExecuteAsync(context);

    /// <summary>For an answer without a body: a sentence, and with 405 what would do.</summary>
    public static Task TellStatusAsync(HttpContext context)
    {
        var status = context.Response.StatusCode;
        var isUploads = Paths.IsUploads(context.Request.Path);
        if (status is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed)
        {
            var methods = MethodsAt(context);
            status = methods.Count > 0 ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound;
            context.Response.Headers.Allow = methods.Count > 0 ? string.Join(", ", methods) : default(Microsoft.Extensions.Primitives.StringValues);
        }

        var sentence = status switch
        {
            StatusCodes.Status401Unauthorized when isUploads => "Join or sign in first.",
            StatusCodes.Status401Unauthorized => "Sign in first: POST /api/session gives a token for “Authorization: Bearer …”.",
            StatusCodes.Status403Forbidden => "You may not do this.",
            StatusCodes.Status404NotFound when isUploads => "There is no such upload.",
            StatusCodes.Status404NotFound => "There is nothing at this address; /openapi/v1.json says what there is.",
            StatusCodes.Status405MethodNotAllowed => "This address does not know this method; “Allow” says which.",
            StatusCodes.Status413PayloadTooLarge => "This is too long.",
            StatusCodes.Status415UnsupportedMediaType => JsonBody.IsAsked,
            StatusCodes.Status503ServiceUnavailable => "The server cannot read or store anything right now. Try again in a moment.",
            _ => $"The server has answered with {status}, {ReasonPhrases.GetReasonPhrase(status)}.",
        };
        return Refusals.Status(status, sentence).ExecuteAsync(context);
    }

    /// <summary>
    /// What the address knows. Asked here because the framework's fallback for files takes GET everywhere: routing then finds nothing
    /// instead of another method, or says that GET would do.
    /// </summary>
    private static IReadOnlyCollection<string> MethodsAt(HttpContext context)
    {
        var path = context.Request.Path;
        var methods = context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.PathSegments is [{ Parts: [RoutePatternLiteralPart { Content: "api" or "files" or "uploads" }] }, ..]
                && new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(path, []))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []).ToHashSet(StringComparer.Ordinal);
        if (methods.Contains(HttpMethods.Get) && HeadIsGet(path))
            methods.Add(HttpMethods.Head);
        return [.. methods.Order(StringComparer.Ordinal)];
    }
}
