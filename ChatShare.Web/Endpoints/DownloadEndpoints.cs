using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// <c>GET /files/{id}/{name}</c>: the content of a file, finished or still coming in, for people who may read it. The name is there
/// for people's eyes; what is sent follows from the id.
/// </summary>
internal static class DownloadEndpoints
{
    public static void MapDownloads(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapMethods("/files/{id}/{name?}", [HttpMethods.Get, HttpMethods.Head], DownloadAsync).RequireAuthorization();

    private static async Task<IResult> DownloadAsync(string id, HttpContext context, FileDirectory files, CancellationToken cancellationToken)
    {
        if (context.PersonSession() is not { } who)
            return TypedResults.Unauthorized();
        try
        {
            if (FileId.TryParse(id, out var fileId))
            {
                // In this order: one that becomes a file between the two looks is found by the second.
                if (files.OpenArriving(fileId, who) is { } arriving)
                    return new RelayResult(arriving);
                if (await files.FindAsync(fileId, who, cancellationToken) is { } stored)
                    return Send(context, stored);
            }
        }
        catch (RefusedException)
        {
            // Whoever may not read it is not told that it exists.
            return NotFound();
        }

        return NotFound();
    }

    private static ProblemHttpResult NotFound() =>
        TypedResults.Problem("There is no such file, or it is not complete.", statusCode: StatusCodes.Status404NotFound);

    private static PhysicalFileHttpResult Send(HttpContext context, StoredFile stored)
    {
        var file = stored.File;
        var type = ContentType.FromStored(file.MediaType ?? "");
        var inline = context.Request.Query.ContainsKey("inline") && type.MayInline;
        FileHeaders.Set(context.Response, file.Name, inline, type);
        var headers = context.Response.Headers;
        headers.CacheControl = "private, max-age=0, must-revalidate";
        headers["Repr-Digest"] = $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(file.Sha256!))}:";
        return TypedResults.PhysicalFile(
            stored.Path,
            // A download keeps its type only when a browser would not run it even if it were shown.
            type.MayInline ? type.MediaType : "application/octet-stream",
            entityTag: new EntityTagHeaderValue($"\"{file.Sha256}\""),
            // A unit that is not bytes is to be ignored (RFC 9110, 14.2); the framework would take its numbers for bytes.
            enableRangeProcessing: context.Request.GetTypedHeaders().Range is null or { Unit.Value: "bytes" });
    }
}
