namespace ChatShare.Web.Endpoints;

/// <summary>
/// A file out of the store. It may be deleted between the look and the first byte: then it is not there, which is no error of the server. What
/// the framework refuses, by a range or a condition, is told by a sentence.
/// </summary>
internal sealed class StoredFileResult(IResult file, IResult notFound) : IResult
{
    /// <summary>Of 412.</summary>
    public const string IsAnother = "The file is another than “If-Match” or “If-Unmodified-Since” asks for.";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        try
        {
            await file.ExecuteAsync(httpContext);
            if (!httpContext.Response.HasStarted && SentenceOf(httpContext.Response.StatusCode) is { } sentence)
                await RefuseAsync(httpContext, sentence);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException && !httpContext.Response.HasStarted)
        {
            // Without what was already said of the file.
            httpContext.Response.Clear();
            await notFound.ExecuteAsync(httpContext);
        }
    }

    private static string? SentenceOf(int status) => status switch
    {
        StatusCodes.Status412PreconditionFailed => IsAnother,
        StatusCodes.Status416RangeNotSatisfiable => RelayResult.TooShort,
        _ => null,
    };

    private static Task RefuseAsync(HttpContext context, string sentence)
    {
        var (status, headers) = (context.Response.StatusCode, context.Response.Headers);
        var (tag, length) = (headers.ETag, headers.ContentRange);
        // Type, name and digest are of the file, and nothing of it is sent.
        context.Response.Clear();
        (headers.ETag, headers.ContentRange) = (tag, length);
        return Refusals.Status(status, sentence).ExecuteAsync(context);
    }
}
