using System.Collections.Immutable;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Web.Endpoints.Api;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// <c>GET /files/archive?room=…</c>: the finished files of a room as one zip, or with <c>id=…</c> (repeated) a selection of them;
/// <c>GET /files/archive?with={id}</c>: those of the message that this file is of. <c>POST /files/archive</c>: a selection by a form with
/// <c>room</c> and <c>id</c> (repeated, or many with commas between): an address has no room for hundreds.
/// </summary>
internal static class ArchiveEndpoint
{
    // About 35,000 ids.
    private const int MostFormBytes = 1024 * 1024;

    public static void MapArchive(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/files/archive", [HttpMethods.Get, HttpMethods.Head], SendAsync).RequireAuthorization().TellRefusals().ShowPrograms();
        endpoints.MapPost("/files/archive", SendSelectionAsync).RequireAuthorization().TellRefusals().ShowPrograms()
            .WithMetadata(new RequestSizeLimitAttribute(MostFormBytes));
    }

    private static Task<IResult> SendAsync([AsParameters] Call call, [FromQuery] string? room, [FromQuery] string? with, [FromQuery] string[]? id) =>
        with is not null ? MessageAsync(call, with, call.Who) : RoomAsync(call, room, id is { Length: > 0 } ? id : null, call.Who);

    private static async Task<IResult> SendSelectionAsync([AsParameters] Call call)
    {
        if (!call.Context.Request.HasFormContentType)
            return Refusals.Status(StatusCodes.Status415UnsupportedMediaType, "A selection comes as a form.");
        IFormCollection form;
        try
        {
            // As many as fit; the length of all is limited.
            form = await call.Context.Request.ReadFormAsync(new FormOptions { ValueCountLimit = int.MaxValue }, call.Context.RequestAborted);
        }
        catch (BadHttpRequestException e)
        {
            return Refusals.Status(e.StatusCode, "This is too long, or broke off.");
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return Refusals.Status(StatusCodes.Status400BadRequest, "This is no form that can be read, or not all of it.");
        }

        return await RoomAsync(call, form["room"], form["id"].SelectMany(ids => (ids ?? "").Split(',')), call.Who);
    }

    private static async Task<IResult> MessageAsync(Call call, string with, PersonSession who)
    {
        if (!FileId.TryParse(with, out var id))
            return Nothing("There is no such file.");
        var archived = await call.Files.InMessageOfAsync(id, who, call.Context.RequestAborted);
        return archived.IsEmpty ? Nothing("There are no files to take.") : Archive(call, archived, $"Files of {archived[0].Sender}.zip", who);
    }

    /// <param name="call">The request.</param>
    /// <param name="room">Of which room.</param>
    /// <param name="selection">Ids; those that are not of this room are left out. Null for all.</param>
    /// <param name="who">Who asks.</param>
    private static async Task<IResult> RoomAsync(Call call, string? room, IEnumerable<string>? selection, PersonSession who)
    {
        if (!RoomName.TryParse(room, out var name, out var error))
            return Refusals.Field("room", error);
        if (call.Rooms.Find(name) is not { } found)
            return Nothing($"There is no room “{name}”.");
        var archived = await call.Files.InRoomAsync(found, message: null, who, call.Context.RequestAborted);
        if (selection?.ToHashSet(StringComparer.Ordinal) is { } ids)
            archived = [.. archived.Where(file => ids.Contains(file.Stored.File.Id.ToString()))];
        return archived.IsEmpty ? Nothing("There are no files to take.") : Archive(call, archived, $"{found.Name}.zip", who);
    }

    private static IResult Archive(Call call, ImmutableArray<ArchivedFile> archived, string fileName, PersonSession who)
    {
        // The page takes a selection in a frame of its own: an answer to a form would take the page's place.
        call.Context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'self'";
        // Those that cannot be found are left out as deleted, which is no answer while nothing can be found.
        call.Files.DemandContents(archived);
        var request = call.Context.Request;
        var address = HttpMethods.IsGet(request.Method) ? $"{request.PathBase}{request.Path}{request.QueryString}" : "";
        var name = FileName.Clean(fileName);
        if (HttpMethods.IsHead(request.Method))
        {
            // How long it is comes out while it is made.
            call.Context.Response.ContentType = "application/zip";
            var disposition = new ContentDispositionHeaderValue("attachment");
            disposition.SetHttpFileName(name.Value);
            call.Context.Response.Headers.ContentDisposition = disposition.ToString();
            return TypedResults.Empty;
        }

        return TypedResults.Stream(
            async destination =>
            {
                using var download = call.Downloads.BeginArchive(name, address, archived, who, call.Context.Door(), call.Context.RequestAborted);
                try
                {
                    await call.WhoHasIt.TookAsync(await FileArchive.WriteAsync(archived, destination, download), who);
                }
                catch (OperationCanceledException)
                {
                    call.Context.Abort();
                }
            },
            "application/zip",
            name.Value);
    }

    private static IResult Nothing(string sentence) => Refusals.Status(StatusCodes.Status404NotFound, sentence);

    internal sealed record Call(
        HttpContext Context, [FromServices] FileDirectory Files, [FromServices] RoomService Rooms,
        [FromServices] WhoHasIt WhoHasIt, [FromServices] ActiveDownloads Downloads)
    {
        public PersonSession Who => Context.PersonSession() ?? throw new RefusedException(RefusalKind.SessionEnded, "Join first.");
    }
}
