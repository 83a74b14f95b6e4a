using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Web.Security;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// <c>GET /files/{id}/{name}</c>: the content of a finished file, for people who may read it. The name is there for people's
/// eyes; what is sent follows from the id.
/// </summary>
internal static class DownloadEndpoints
{
    // A file runs nothing and loads nothing, whatever it is. Chromium's viewer refuses a sandboxed PDF.
    private const string Sandbox = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; frame-ancestors 'self'";
    private const string PdfPolicy = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'";

    public static void MapDownloads(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapMethods("/files/{id}/{name?}", [HttpMethods.Get, HttpMethods.Head], DownloadAsync).RequireAuthorization();

    private static async Task<IResult> DownloadAsync(
        string id, HttpContext context, FileDirectory files, CancellationToken cancellationToken)
    {
        if (context.PersonSession() is not { } who)
            return TypedResults.Unauthorized();
        if (!FileId.TryParse(id, out var fileId) || await FindAsync(files, fileId, who, cancellationToken) is not { } stored)
            return TypedResults.Problem("There is no such file, or it is not complete.", statusCode: StatusCodes.Status404NotFound);

        var file = stored.File;
        var type = ContentType.FromStored(file.MediaType ?? "");
        var inline = context.Request.Query.ContainsKey("inline") && type.MayInline;
        var disposition = new ContentDispositionHeaderValue(inline ? "inline" : "attachment");
        disposition.SetHttpFileName(file.Name);

        var headers = context.Response.Headers;
        headers.ContentDisposition = disposition.ToString();
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = type.Kind == FileKind.Pdf ? PdfPolicy : Sandbox;
        headers.CacheControl = "private, max-age=0, must-revalidate";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Repr-Digest"] = $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(file.Sha256!))}:";
        return TypedResults.PhysicalFile(
            stored.Path,
            inline ? type.MediaType : SafeType(type),
            entityTag: new EntityTagHeaderValue($"\"{file.Sha256}\""),
            // A unit that is not bytes is to be ignored (RFC 9110, 14.2); the framework would take its numbers for bytes.
            enableRangeProcessing: context.Request.GetTypedHeaders().Range is null or { Unit.Value: "bytes" });
    }

    /// <summary>A download keeps its type only when a browser would not run it even if it were shown.</summary>
    private static string SafeType(ContentType type) => type.MayInline ? type.MediaType : "application/octet-stream";

    private static async Task<StoredFile?> FindAsync(FileDirectory files, FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        try
        {
            return await files.FindAsync(id, who, cancellationToken);
        }
        catch (RefusedException)
        {
            // Whoever may not read it is not told that it exists.
            return null;
        }
    }
}
