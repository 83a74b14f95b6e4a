namespace ChatShare.Web.Endpoints;

/// <summary>
/// A file out of the store. It may be deleted between the look and the first byte: then it is not there, which is no error of the server.
/// </summary>
internal sealed class StoredFileResult(IResult file, IResult notFound) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        try
        {
            await file.ExecuteAsync(httpContext);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException && !httpContext.Response.HasStarted)
        {
            // Without what was already said of the file.
            httpContext.Response.Clear();
            await notFound.ExecuteAsync(httpContext);
        }
    }
}
