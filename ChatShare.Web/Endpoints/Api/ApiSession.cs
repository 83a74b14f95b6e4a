using ChatShare.Core.People;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>
/// <c>POST /api/session</c>: a guest or an account gets a token, whoever has one already a fresh one; <c>DELETE</c> leaves.
/// </summary>
internal static class ApiSession
{
    public static void MapSession(this IEndpointRouteBuilder api)
    {
        api.MapPost("/session", OpenAsync).AllowAnonymous().WithName("SignIn").WithSummary("Sign in, or renew a token")
            .WithDescription("A guest gives a nickname, an account its name and password. With a valid token the same call gives a fresh one of the same person.")
            .AcceptsJson<ApiSignIn>(JsonBody.FewBytes).Produces<ApiSignedIn>().Refuses(400, 401, 403, 409, 413, 415, 429, 507);
        api.MapDelete("/session", LeaveAsync).RequireAuthorization().WithName("Leave").WithSummary("Leave: the session and all its tokens end")
            .Produces(StatusCodes.Status204NoContent).Refuses(401, 403, 429, 507);
    }

    private static async Task<IResult> OpenAsync([AsParameters] Call call)
    {
        call.Context.Response.Headers.CacheControl = "no-store";
        var (body, refusal) = await JsonBody.ReadAsync(call.Context.Request, new ApiSignIn(), call.Context.RequestAborted);
        if (refusal is not null)
            return refusal;
        return body.UserName is { } userName ? await SignInAsync(call, userName, body.Password) : await JoinAsync(call, body.Nickname);
    }

    private static async Task<IResult> SignInAsync(Call call, string userName, string? password)
    {
        if (string.IsNullOrEmpty(password))
            return Refusals.Field("password", "A password is needed.");
        if (call.Limits.RefuseSignIn(call.Context) is { } refusal)
            return Refusals.Status(StatusCodes.Status429TooManyRequests, refusal);
        if (await call.Accounts.CheckPasswordAsync(userName, password, ClientAddress.Key(call.Context), call.Context.RequestAborted) is not { } account)
            return Refusals.Status(StatusCodes.Status401Unauthorized, AccountService.NoMatch);
        return Give(call, call.Before is { } before && before.AccountId == account.Id
            ? before
            : await call.Sessions.SignInAsync(account, replaces: null, call.Context.RequestAborted));
    }

    private static async Task<IResult> JoinAsync(Call call, string? wanted)
    {
        if (wanted is null && call.Before is { } before)
            return Give(call, before);
        // Whoever has nothing but a token that is worth nothing any more hears why.
        if (wanted is null && BearerToken.In(call.Context.Request) is not null)
            return TypedResults.Challenge(properties: null, [BearerToken.Scheme]);
        if (!Nickname.TryParse(wanted, out var nickname, out var error))
            return Refusals.Field("nickname", error);
        if (call.Before is { } same && same.Nickname == nickname)
            return Give(call, same);
        if (call.Limits.RefuseJoin(call.Context) is { } refusal)
            return Refusals.Status(StatusCodes.Status429TooManyRequests, refusal);
        return Give(call, await call.Sessions.JoinAsync(nickname, call.Context.RequestAborted));
    }

    private static async Task<IResult> LeaveAsync(HttpContext context, SessionService sessions)
    {
        if (context.PersonSession() is { } session)
            await sessions.EndAsync(session.Id, reason: null, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static Ok<ApiSignedIn> Give(Call call, PersonSession session) =>
        TypedResults.Ok(new ApiSignedIn(call.Tokens.Make(session), (long)BearerToken.Lifetime.TotalSeconds, session.Nickname.Value));

    internal sealed record Call(
        HttpContext Context, [FromServices] SessionService Sessions, [FromServices] AccountService Accounts,
        [FromServices] AttemptLimits Limits, [FromServices] BearerToken Tokens)
    {
        /// <summary>The session of the token that came along. A cookie does not count: this door is for programs.</summary>
        public PersonSession? Before => Context.Door() != Door.Browser ? Context.PersonSession() : null;
    }
}
