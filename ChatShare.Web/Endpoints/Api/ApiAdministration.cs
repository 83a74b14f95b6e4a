using ChatShare.Core;
using ChatShare.Core.People;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>Who is connected, for administrators.</summary>
internal static class ApiAdministration
{
    public static void MapConnections(this IEndpointRouteBuilder api)
    {
        api.MapGet("/connections", List).WithName("ListConnections").WithSummary("Who is connected, through which doors; for administrators")
            .Refuses(401, 403, 429);
        api.MapDelete("/connections/{id}", DisconnectAsync).WithName("Disconnect").WithSummary("End everything that a person has open; for administrators")
            .WithDescription("Their pages, tokens and uploads end at once and show the reason, and their nickname is free.")
            .Produces(StatusCodes.Status204NoContent).Refuses(400, 401, 403, 404, 429, 507);
    }

    private static Ok<IEnumerable<ApiConnected>> List(HttpContext context, ConnectedUsers connected)
    {
        DemandAdministrator(context);
        return TypedResults.Ok(connected.List().Select(ApiConnected.Of));
    }

    private static async Task<IResult> DisconnectAsync(
        string id, string? reason, HttpContext context, SessionService sessions, Administration administration, CancellationToken cancellationToken)
    {
        var who = DemandAdministrator(context);
        // Also whoever is between two requests: their token is good, and would go on.
        if (!Guid.TryParse(id, out var personId) || await sessions.NicknameAsync(personId, cancellationToken) is not { } nickname)
            throw new RefusedException(RefusalKind.NotFound, "There is no such connection, or it has ended.");
        try
        {
            await administration.DisconnectAsync(personId, nickname, reason, who, cancellationToken);
        }
        catch (RefusedException refused) when (refused.Kind == RefusalKind.Invalid)
        {
            return Refusals.Field("reason", refused.Message);
        }

        return TypedResults.NoContent();
    }

    private static PersonSession DemandAdministrator(HttpContext context)
    {
        var who = context.ApiConnection().Participant.Session;
        Permissions.Demand(Permissions.CanAdminister(who), who);
        return who;
    }
}
