using System.Text.Json;
using ChatShare.Core.People;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// <c>POST /api/session</c>: a guest or an account gets a token, whoever has one already a fresh one; <c>DELETE</c> leaves.
/// </summary>
internal static class ApiSession
{
    private const int MostBodyBytes = 16 * 1024;

    public static void MapApiSession(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/api/session", OpenAsync).AllowAnonymous().WithMetadata(new RequestSizeLimitAttribute(MostBodyBytes)).TellRefusals();
        endpoints.MapDelete("/api/session", LeaveAsync).RequireAuthorization().TellRefusals();
    }

    private static async Task<IResult> OpenAsync([AsParameters] Call call)
    {
        call.Context.Response.Headers.CacheControl = "no-store";
        var request = call.Context.Request;
        // Another site's form cannot send this type, and so nobody can be made to join without knowing.
        if (!request.HasJsonContentType())
            return Refusals.Status(StatusCodes.Status415UnsupportedMediaType, "This is asked in JSON.");
        Body? body;
        try
        {
            body = await JsonSerializer.DeserializeAsync<Body>(request.Body, JsonSerializerOptions.Web, call.Context.RequestAborted);
        }
        catch (JsonException)
        {
            return Refusals.Status(StatusCodes.Status400BadRequest, "This is no JSON that can be read.");
        }
        catch (BadHttpRequestException e)
        {
            return Refusals.Status(e.StatusCode, "This is too long, or broke off.");
        }

        return body?.UserName is { } userName ? await SignInAsync(call, userName, body.Password) : await JoinAsync(call, body?.Nickname);
    }

    private static async Task<IResult> SignInAsync(Call call, string userName, string? password)
    {
        if (string.IsNullOrEmpty(password))
            return Refusals.Field("password", "A password is needed.");
        if (call.Limits.RefuseSignIn(call.Context) is { } refusal)
            return Refusals.Status(StatusCodes.Status429TooManyRequests, refusal);
        if (await call.Accounts.CheckPasswordAsync(userName, password, call.Context.RequestAborted) is not { } account)
            return Refusals.Status(StatusCodes.Status401Unauthorized, AccountService.NoMatch);
        return Give(call, call.Before is { } before && before.AccountId == account.Id
            ? before
            : await call.Sessions.SignInAsync(account, call.Context.RequestAborted));
    }

    private static async Task<IResult> JoinAsync(Call call, string? wanted)
    {
        if (wanted is null && call.Before is { } before)
            return Give(call, before);
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

    private static Ok<Opened> Give(Call call, PersonSession session) =>
        TypedResults.Ok(new Opened(call.Tokens.Make(session), (long)BearerToken.Lifetime.TotalSeconds, session.Nickname.Value));

    private sealed record Body(string? Nickname, string? UserName, string? Password);

    private sealed record Opened(string AccessToken, long ExpiresIn, string Nickname);

    private sealed record Call(HttpContext Context, SessionService Sessions, AccountService Accounts, AttemptLimits Limits, BearerToken Tokens)
    {
        /// <summary>The session of the token that came along. A cookie does not count: this door is for programs.</summary>
        public PersonSession? Before => Context.Door() == Door.Api ? Context.PersonSession() : null;
    }
}
