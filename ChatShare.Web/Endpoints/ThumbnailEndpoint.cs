using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Web.Security;

namespace ChatShare.Web.Endpoints;

/// <summary><c>GET /thumbnails/{id}</c>: a small picture of a finished image, for people who may read the file.</summary>
internal static class ThumbnailEndpoint
{
    public static void MapThumbnails(this IEndpointRouteBuilder endpoints) => endpoints.MapGet("/thumbnails/{id}", SendAsync).RequireAuthorization();

    private static async Task<IResult> SendAsync(
        string id, HttpContext context, FileDirectory files, Thumbnails thumbnails, CancellationToken cancellationToken)
    {
        if (context.PersonSession() is not { } who)
            return TypedResults.Unauthorized();
        try
        {
            if (FileId.TryParse(id, out var fileId)
                && await files.FindAsync(fileId, who, cancellationToken) is { } stored
                && await thumbnails.FindAsync(stored, cancellationToken) is { } path)
            {
                // A file never changes; the browser need not ask again.
                context.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
                return new StoredFileResult(TypedResults.PhysicalFile(path, "image/webp"), TypedResults.NotFound());
            }
        }
        catch (RefusedException)
        {
            // Whoever may not read it is not told that it exists.
            return TypedResults.NotFound();
        }

        return TypedResults.NotFound();
    }
}
