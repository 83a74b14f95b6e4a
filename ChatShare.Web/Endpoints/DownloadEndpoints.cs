using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Web.Endpoints.Api;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// <c>GET /files/{id}/{name}</c>: the content of a file, finished or still coming in, for people who may read it. The name is there
/// for people's eyes; what is sent follows from the id.
/// </summary>
internal sealed class DownloadEndpoints(FileDirectory files, ActiveDownloads downloads, WhoHasIt whoHasIt, IOptions<ChatShareOptions> options)
{
    // Of the end of a file, to see what is in it.
    private const long MostLookedAt = 64 * 1024;

    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapMethods(
            "/files/{id}/{name?}",
            [HttpMethods.Get, HttpMethods.Head],
            (string id, HttpContext context, DownloadEndpoints self, CancellationToken cancellationToken) => self.DownloadAsync(id, context, cancellationToken))
        .RequireAuthorization()
        .TellRefusals()
        .ShowPrograms();

    private async Task<IResult> DownloadAsync(string id, HttpContext context, CancellationToken cancellationToken)
    {
        if (context.PersonSession() is not { } who)
            return TypedResults.Unauthorized();
        try
        {
            if (FileId.TryParse(id, out var fileId))
            {
                // In this order: one that becomes a file between the two looks is found by the second.
                if (await files.OpenArrivingAsync(fileId, who, cancellationToken) is { } arriving)
                    return new RelayResult(arriving, who, downloads, whoHasIt);
                if (await files.FindAsync(fileId, who, cancellationToken) is { } stored)
                {
                    // A proxy makes a plain end of a reset, and the browser then goes on by itself with what its person has called off.
                    return context.Request.Headers.IfRange.Count > 0 && downloads.WasCancelled(fileId, who)
                        ? Refusals.Status(StatusCodes.Status410Gone, "This download was called off.")
                        : new StoredFileResult(Send(context, stored, who), NotFound());
                }
            }
        }
        catch (RefusedException refused) when (refused.Kind != RefusalKind.NotYet)
        {
            // Whoever may not read it is not told that it exists.
            return NotFound();
        }

        return NotFound();
    }

    private static IResult NotFound() => Refusals.Status(StatusCodes.Status404NotFound, "There is no such file, or it is not complete.");

    private PhysicalFileHttpResult Send(HttpContext context, StoredFile stored, PersonSession who)
    {
        var file = stored.File;
        var type = ContentType.FromStored(file.MediaType ?? "");
        var isShown = context.Request.Query.ContainsKey("inline");
        FileHeaders.Set(context.Response, file.Name, isShown && type.MayInline, type);
        var headers = context.Response.Headers;
        headers.CacheControl = "private, max-age=0, must-revalidate";
        headers["Repr-Digest"] = $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(file.Sha256!))}:";
        var range = AskedRange.Of(context.Request, stored);
        // The framework would take one that does not count: at HEAD, of any unit, and with an If-Range that it cannot read.
        if (range is null)
            context.Request.Headers.Remove(HeaderNames.Range);
        var completes = Completes(range, goesOn: context.Request.Headers.IfRange.Count > 0, file.Length);
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        // Where there are no bytes to send that server has nothing to do. The tag is not its own, and it would find that it does not match.
        var isHandedOver = options.Value.Downloads.AccelRedirectPrefix.Length > 0 && HttpMethods.IsGet(context.Request.Method) && context.Request.Headers.IfMatch.Count == 0;
        context.Features.Set<IHttpResponseBodyFeature>(isHandedOver
            ? new HandedOver(body, context, AddressInFront(stored), () => isShown || !completes ? Task.CompletedTask : TookAsync())
            : new SendingBody(
                body, context, length => downloads.Begin(file, who, context.Door(), length, isShown, context.RequestAborted),
                first => isShown || (first > 0 && !completes) ? Task.CompletedTask : TookAsync()));
        return TypedResults.PhysicalFile(
            stored.Path,
            // A download keeps its type only when a browser would not run it even if it were shown.
            type.MayInline ? type.MediaType : "application/octet-stream",
            entityTag: AskedRange.TagOf(stored),
            enableRangeProcessing: !isHandedOver);

        Task TookAsync() => whoHasIt.TookAsync([file.Id], who);
    }

    /// <summary>Below the prefix lies the downloads folder.</summary>
    private string AddressInFront(StoredFile stored)
    {
        var folder = options.Value.Downloads;
        return $"{folder.AccelRedirectPrefix}/{Path.GetRelativePath(folder.Directory, stored.Path).Replace('\\', '/')}";
    }

    /// <summary>
    /// Whether the file has been taken with an answer to this range. Whoever says where to go on has what is before, unless they look at the
    /// end alone, as players and programs for archives do. Several ranges, and units that are not bytes, are answered with the whole.
    /// </summary>
    /// <param name="range">Null for the whole.</param>
    /// <param name="goesOn">The request says of which content it has the beginning, as browsers do when they go on.</param>
    /// <param name="length">The file's.</param>
    internal static bool Completes(RangeHeaderValue? range, bool goesOn, long length)
    {
        if (range is not { Unit.Value: "bytes", Ranges: { Count: 1 } single })
            return true;
        var (from, last) = (single.First().From, single.First().To);
        if (from is not { } first)
            return last >= length;
        return (last is null || last >= length - 1) && (first == 0 || goesOn || length - first >= Math.Min(MostLookedAt, (length + 1) / 2));
    }
}
