using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Web.Security;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// Sends a file that still comes in: its declared length at once, its bytes as they arrive. A range that is not here yet waits. When
/// the upload breaks off the connection is reset: an answer that ends cleanly and short would look like the file.
/// </summary>
internal sealed class RelayResult(RelayedFile file, PersonSession who, ActiveDownloads downloads, WhoHasIt whoHasIt) : IResult
{
    /// <summary>Of 416.</summary>
    public const string TooShort = "The file is shorter than what was asked for.";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using (file)
        {
            var response = httpContext.Response;
            var length = file.File.Length;
            if (httpContext.Request.GetTypedHeaders().IfMatch is { Count: > 0 } wanted && !wanted.Contains(EntityTagHeaderValue.Any))
            {
                // It has no tag before it is whole (RFC 9110, 13.1.1).
                await Refusals.Status(StatusCodes.Status412PreconditionFailed, StoredFileResult.IsAnother).ExecuteAsync(httpContext);
                return;
            }

            var range = AskedRange.Of(httpContext.Request, stored: null);
            var (from, count) = (0L, length);
            if (range is { Ranges: { Count: 1 } single })
            {
                if (Resolve(single.First(), length) is not var (first, last))
                {
                    response.Headers.ContentRange = new ContentRangeHeaderValue(length).ToString();
                    await Refusals.Status(StatusCodes.Status416RangeNotSatisfiable, TooShort).ExecuteAsync(httpContext);
                    return;
                }

                (from, count) = (first, last - first + 1);
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = new ContentRangeHeaderValue(first, last, length).ToString();
            }

            // What it is will be known when it is complete; until then nothing is shown in place.
            FileHeaders.Set(response, file.File.Name, inline: false, ContentType.FromStored(""));
            response.Headers.CacheControl = "no-store";
            response.Headers.AcceptRanges = "bytes";
            response.ContentType = "application/octet-stream";
            response.ContentLength = count;
            if (!HttpMethods.IsHead(httpContext.Request.Method))
                await SendAsync(httpContext, from, count, completes: from + count == length && DownloadEndpoints.Completes(range, goesOn: false, length));
        }
    }

    private async Task SendAsync(HttpContext context, long from, long count, bool completes)
    {
        using var download = downloads.Begin(file.File, who, context.Door(), count, isShown: false, context.RequestAborted);
        try
        {
            // The browser's own bar begins now, not with the next byte.
            await context.Response.StartAsync(download.Stopped);
            await context.Response.Body.FlushAsync(download.Stopped);
            await file.CopyAsync(from, count, context.Response.Body, download);
        }
        catch (Exception exception) when (exception is RefusedException or OperationCanceledException)
        {
            // The upload broke off; or the download was stopped, or the reader went away.
            context.Abort();
            return;
        }

        if (completes)
            await whoHasIt.TookAsync([file.File.Id], who);
    }

    /// <summary>First and last byte (RFC 9110, 14.1.2); null when there is none of them.</summary>
    private static (long First, long Last)? Resolve(RangeItemHeaderValue range, long length) => range switch
    {
        { From: { } from } => from < length ? (from, Math.Min(range.To ?? (length - 1), length - 1)) : null,
        { To: { } suffix } => suffix > 0 && length > 0 ? (Math.Max(0, length - suffix), length - 1) : null,
        _ => null,
    };
}
