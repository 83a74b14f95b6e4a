using System.Diagnostics.CodeAnalysis;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ChatShare.Web.Endpoints.Uploads;

/// <summary>
/// What tus has no word for, for the sender alone: which uploads wait, by what the right file is known, and that its content is here
/// already.
/// </summary>
internal static class OwnUploadEndpoints
{
    private const string Digest = "Repr-Digest"; // RFC 9530
    private const string DigestStart = "sha-256=:";
    private const int DigestBytes = 32;

    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];

    public static void MapOwnUploads(this IEndpointRouteBuilder uploads)
    {
        uploads.MapMethods("", Read, ListAsync);
        uploads.MapMethods("{id}/samples", Read, SampleAsync);
        uploads.MapPost("{id}/digest", TellDigestAsync);
    }

    private static async Task<JsonHttpResult<IEnumerable<Waiting>>> ListAsync(HttpContext context, OwnUploads own, CancellationToken cancellationToken) =>
        TypedResults.Json((await own.OfAsync(Who(context), cancellationToken)).Select(upload =>
            new Waiting(upload.File.Id.ToString(), upload.File.Name, upload.Room, upload.File.Length, upload.Received, upload.IsReceiving)));

    private static async Task<IResult> SampleAsync(string id, HttpContext context, OwnUploads own, CancellationToken cancellationToken)
    {
        if (!FileId.TryParse(id, out var fileId))
            return NotFound();
        var here = await own.SampleAsync(fileId, Who(context), cancellationToken);
        return TypedResults.Json(new Known(
            here.File.Name, here.File.Length, here.ModifiedAt?.ToUnixTimeMilliseconds(), here.Received, [.. here.Samples]));
    }

    private static async Task<IResult> TellDigestAsync(
        string id, HttpContext context, AlreadyHere alreadyHere, UploadService uploads, CancellationToken cancellationToken)
    {
        if (!FileId.TryParse(id, out var fileId))
            return NotFound();
        if (!TryReadDigest(context.Request, out var sha256))
            return Refusals.Field(Digest, "Repr-Digest is “sha-256=:”, base64 of the whole file’s SHA-256, and “:”.");
        var isHere = await alreadyHere.TryFinishAsync(fileId, sha256, Who(context), cancellationToken);
        var (upload, file) = await uploads.FindOwnAsync(fileId, Who(context), cancellationToken);
        context.Response.Headers[Tus.Offset] = Tus.Text(upload?.Received ?? file.Length);
        return isHere ? TypedResults.Ok() : TypedResults.NoContent();
    }

    private static bool TryReadDigest(HttpRequest request, [NotNullWhen(true)] out string? sha256)
    {
        sha256 = null;
        if (request.Headers[Digest] is not [{ } text] || !text.StartsWith(DigestStart, StringComparison.Ordinal) || text[^1] != ':')
            return false;
        // One more than it may be, so that a longer one shows.
        Span<byte> bytes = stackalloc byte[DigestBytes + 1];
        if (text.Length <= DigestStart.Length || !Convert.TryFromBase64String(text[DigestStart.Length..^1], bytes, out var count) || count != DigestBytes)
            return false;
        sha256 = Convert.ToHexStringLower(bytes[..count]);
        return true;
    }

    private static PersonSession Who(HttpContext context) =>
        context.PersonSession() ?? throw new RefusedException(RefusalKind.SessionEnded, "Join first.");

    private static IResult NotFound() => Refusals.Status(StatusCodes.Status404NotFound, "There is no such upload.");

    internal sealed record Waiting(string Id, string Name, string Room, long Size, long Received, bool IsReceiving);

    internal sealed record Known(string Name, long Size, long? Modified, long Received, IReadOnlyList<UploadSample> Samples);
}
