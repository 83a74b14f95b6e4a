using ChatShare.Core.Files;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints;

/// <summary>Which part of a file a request asks for.</summary>
internal static class AskedRange
{
    /// <summary>
    /// Null for the whole: only GET has ranges (RFC 9110, 14.2), units that are not bytes are ignored, and so is a range of another content than
    /// <c>If-Range</c> says that the beginning is of (13.1.5).
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="stored">Null for a file that still comes in: it has no tag and no date yet that could match.</param>
    public static RangeHeaderValue? Of(HttpRequest request, StoredFile? stored)
    {
        var headers = request.GetTypedHeaders();
        return HttpMethods.IsGet(request.Method) && headers.Range is { Unit.Value: "bytes" } range
            && (request.Headers.IfRange.Count == 0 || (stored is not null && IsOf(stored, headers.IfRange)))
                ? range
                : null;
    }

    /// <summary>What every answer with a finished file is known by.</summary>
    public static EntityTagHeaderValue TagOf(StoredFile stored) => new($"\"{stored.File.Sha256}\"");

    /// <param name="stored">The file.</param>
    /// <param name="condition">Null when it is none that can be read, which matches nothing.</param>
    private static bool IsOf(StoredFile stored, RangeConditionHeaderValue? condition) => condition switch
    {
        { EntityTag: { } tag } => tag.Compare(TagOf(stored), useStrongComparison: true),
        { LastModified: { } date } => date.ToUnixTimeSeconds() == new DateTimeOffset(File.GetLastWriteTimeUtc(stored.Path)).ToUnixTimeSeconds(),
        _ => false,
    };
}
