using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>Rooms, who is in them and what was shared in them.</summary>
internal static class ApiRooms
{
    public static void MapRooms(this IEndpointRouteBuilder api)
    {
        api.MapGet("/rooms", List).WithName("ListRooms").WithSummary("All rooms, Lobby first")
            .Refuses(401, 429);
        api.MapPost("/rooms", CreateAsync).WithName("CreateRoom").WithSummary("Make a room")
            .AcceptsJson<ApiNewRoom>(JsonBody.FewBytes).Produces<ApiRoom>(StatusCodes.Status201Created).Refuses(400, 401, 403, 409, 413, 415, 429, 507).TellsLocation("Where its messages are.");
        api.MapGet("/rooms/{room}/people", People).WithName("ListPeople").WithSummary("Who is in a room now, by name")
            .Refuses(401, 404, 429);
        api.MapGet("/rooms/{room}/files", FilesAsync).WithName("ListFiles").WithSummary("The finished files of a room, oldest first")
            .Produces<IEnumerable<ApiRoomFile>>().Refuses(401, 404, 429);
    }

    private static Ok<IEnumerable<ApiRoom>> List(RoomService rooms) => TypedResults.Ok(rooms.Rooms.Select(ApiRoom.Of));

    private static async Task<IResult> CreateAsync(HttpContext context, RoomService rooms, CancellationToken cancellationToken)
    {
        var (body, refusal) = await JsonBody.ReadAsync(context.Request, new ApiNewRoom(null), cancellationToken);
        if (refusal is not null)
            return refusal;
        if (!RoomName.TryParse(body.Name, out var name, out var error))
            return Refusals.Field("name", error);
        try
        {
            var room = await rooms.CreateAsync(name, body.Topic, context.ApiConnection().Participant.Session, cancellationToken);
            return TypedResults.Created($"/api{room.Name.UrlPath}/messages", ApiRoom.Of(room));
        }
        catch (RefusedException refused) when (refused.Kind == RefusalKind.Invalid)
        {
            // The name is one, so it is the topic.
            return Refusals.Field("topic", refused.Message);
        }
    }

    private static Ok<IEnumerable<ApiPerson>> People(string room, RoomService rooms) => TypedResults.Ok(rooms.Open(room).People.Select(ApiPerson.Of));

    private static async Task<IResult> FilesAsync(
        string room, HttpContext context, RoomService rooms, FileDirectory files, UploadService uploads, CancellationToken cancellationToken)
    {
        var opened = rooms.Open(room);
        var shared = await files.InRoomAsync(opened, message: null, context.ApiConnection().Participant.Session, cancellationToken);
        return TypedResults.Ok(shared.Select(file => ApiRoomFile.Of(opened, file, uploads)));
    }
}
