using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// <c>GET /files/archive?room=…</c>: the finished files of a room as one zip, or with <c>id=…</c> (repeated) a selection of them;
/// <c>GET /files/archive?with={id}</c>: those of the message that this file is of.
/// </summary>
internal static class ArchiveEndpoint
{
    public static void MapArchive(this IEndpointRouteBuilder endpoints) => endpoints.MapGet("/files/archive", SendAsync).RequireAuthorization();

    private static async Task<IResult> SendAsync(
        HttpContext context, FileDirectory files, RoomService rooms, WhoHasIt whoHasIt, IHostApplicationLifetime lifetime,
        [FromQuery] string? room, [FromQuery] string? with, [FromQuery] string[]? id, CancellationToken cancellationToken)
    {
        if (context.PersonSession() is not { } who)
            return TypedResults.Unauthorized();
        try
        {
            if (with is not null)
                return await MessageAsync(files, with, who, Archive, cancellationToken);
            if (!RoomName.TryParse(room, out var name, out var error))
                return TypedResults.Problem(error, statusCode: StatusCodes.Status400BadRequest);
            return rooms.Find(name) is { } found
                ? await RoomAsync(files, found, id ?? [], who, Archive, cancellationToken)
                : Nothing($"There is no room “{name}”.");
        }
        catch (RefusedException refused)
        {
            return TypedResults.Problem(refused.Message, statusCode: StatusCodes.Status403Forbidden);
        }

        IResult Archive(IReadOnlyCollection<ArchivedFile> archived, string fileName) => TypedResults.Stream(
            async destination =>
            {
                using var until = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, who.Ended, lifetime.ApplicationStopping);
                try
                {
                    await whoHasIt.TookAsync(await FileArchive.WriteAsync(archived, destination, until.Token), who);
                }
                catch (OperationCanceledException)
                {
                    context.Abort();
                }
            },
            "application/zip",
            FileName.Clean(fileName).Value);
    }

    private static async Task<IResult> MessageAsync(
        FileDirectory files, string with, PersonSession who, Func<IReadOnlyCollection<ArchivedFile>, string, IResult> archive, CancellationToken cancellationToken)
    {
        if (!FileId.TryParse(with, out var id))
            return Nothing("There is no such file.");
        var archived = await files.InMessageOfAsync(id, who, cancellationToken);
        return archived.IsEmpty ? Nothing("There are no files to take.") : archive(archived, $"Files of {archived[0].Sender}.zip");
    }

    private static async Task<IResult> RoomAsync(
        FileDirectory files, Room room, string[] selection, PersonSession who, Func<IReadOnlyCollection<ArchivedFile>, string, IResult> archive,
        CancellationToken cancellationToken)
    {
        var archived = await files.InRoomAsync(room, message: null, who, cancellationToken);
        if (selection.Length > 0)
            archived = [.. archived.Where(file => selection.Contains(file.Stored.File.Id.ToString(), StringComparer.Ordinal))];
        return archived.IsEmpty ? Nothing("There are no files to take.") : archive(archived, $"{room.Name}.zip");
    }

    private static ProblemHttpResult Nothing(string sentence) => TypedResults.Problem(sentence, statusCode: StatusCodes.Status404NotFound);
}
