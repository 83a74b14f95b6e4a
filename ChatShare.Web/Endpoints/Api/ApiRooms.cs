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
        api.MapGet("/rooms", List);
        api.MapPost("/rooms", CreateAsync).AcceptsJson<ApiNewRoom>(JsonBody.FewBytes);
        api.MapGet("/rooms/{room}/people", People);
        api.MapGet("/rooms/{room}/files", FilesAsync);
    }

    private static Ok<IEnumerable<ApiRoom>> List(RoomService rooms) => TypedResults.Ok(rooms.Rooms.Select(ApiRoom.Of));

    private static async Task<IResult> CreateAsync(HttpContext context, RoomService rooms, CancellationToken cancellationToken)
    {
        var (body, refusal) = await JsonBody.ReadAsync(context.Request, new ApiNewRoom(null, null), cancellationToken);
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
        string room, HttpContext context, RoomService rooms, FileDirectory files, CancellationToken cancellationToken)
    {
        var shared = await files.InRoomAsync(rooms.Open(room), message: null, context.ApiConnection().Participant.Session, cancellationToken);
        return TypedResults.Ok(shared.Select(ApiRoomFile.Of));
    }
}
