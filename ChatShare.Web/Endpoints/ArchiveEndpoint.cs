using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// <c>GET /files/archive?room=…</c>: the finished files of a room as one zip; with <c>message=N</c> those of one message, with
/// <c>id=…</c> (repeated) a selection.
/// </summary>
internal static class ArchiveEndpoint
{
    public static void MapArchive(this IEndpointRouteBuilder endpoints) => endpoints.MapGet("/files/archive", SendAsync).RequireAuthorization();

    private static async Task<IResult> SendAsync(
        HttpContext context, FileDirectory files, RoomService rooms, [FromQuery] string? room, [FromQuery] long? message, [FromQuery] string[]? id,
        CancellationToken cancellationToken)
    {
        if (context.PersonSession() is not { } who)
            return TypedResults.Unauthorized();
        if (!RoomName.TryParse(room, out var name, out var error))
            return TypedResults.Problem(error, statusCode: StatusCodes.Status400BadRequest);
        if (rooms.Find(name) is not { } found)
            return TypedResults.Problem($"There is no room “{name}”.", statusCode: StatusCodes.Status404NotFound);
        var ids = new HashSet<FileId>();
        foreach (var text in id ?? [])
        {
            if (!FileId.TryParse(text, out var fileId))
                return TypedResults.Problem("One of the files does not exist.", statusCode: StatusCodes.Status404NotFound);
            ids.Add(fileId);
        }

        return await AnswerAsync(files, found, message, ids, who, cancellationToken);
    }

    private static async Task<IResult> AnswerAsync(
        FileDirectory files, Room room, long? message, HashSet<FileId> ids, PersonSession who, CancellationToken cancellationToken)
    {
        try
        {
            var archived = await files.InRoomAsync(room, message, who, cancellationToken);
            if (ids.Count > 0)
                archived = [.. archived.Where(file => ids.Contains(file.Stored.File.Id))];
            return archived.IsEmpty
                ? TypedResults.Problem("There are no files to take.", statusCode: StatusCodes.Status404NotFound)
                : Archive(archived, NameOf(room, message));
        }
        catch (RefusedException refused)
        {
            return TypedResults.Problem(refused.Message, statusCode: StatusCodes.Status403Forbidden);
        }
    }

    private static string NameOf(Room room, long? message) => message is null ? $"{room.Name}.zip" : $"{room.Name} {message}.zip";

    private static PushStreamHttpResult Archive(IReadOnlyCollection<ArchivedFile> archived, string name) => TypedResults.Stream(
        // What was begun is ended by whoever reads: the result's own token is the request's.
        destination => FileArchive.WriteAsync(archived, destination, CancellationToken.None),
        "application/zip",
        FileName.Clean(name).Value);
}
