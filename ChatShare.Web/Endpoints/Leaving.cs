using ChatShare.Core.People;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;

namespace ChatShare.Web.Endpoints;

/// <summary><c>POST /leave</c>, behind the buttons <c>Leave</c> and <c>Sign out</c>: ends the session and forgets the cookie.</summary>
internal static class Leaving
{
    public static void MapLeaving(this IEndpointRouteBuilder endpoints) => endpoints.MapPost("/leave", LeaveAsync).AllowAnonymous().TellRefusals();

    private static async Task<IResult> LeaveAsync(HttpContext context, IAntiforgery antiforgery, SessionService sessions)
    {
        if (context.PersonSession() is { } session)
        {
            if (!await antiforgery.IsRequestValidAsync(context))
                return Results.BadRequest();
            await sessions.EndAsync(session.Id, reason: null, context.RequestAborted);
        }

        // A session that was ended elsewhere leaves a worthless cookie; forgetting it changes nothing.
        await context.SignOutAsync();
        LastRoom.Forget(context);
        return Results.Redirect("/");
    }
}
