using System.Globalization;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Core;
using Microsoft.AspNetCore.Mvc;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>Reading what was said, in pages, and saying something.</summary>
internal static class ApiMessages
{
    /// <summary>The longest page.</summary>
    public const int MostInPage = 200;

    /// <summary>How long a page is when nothing is said.</summary>
    public const int UsualPage = 50;

    public static void MapMessages(this IEndpointRouteBuilder api)
    {
        api.MapGet("/rooms/{room}/messages", ListAsync).WithName("ListMessages").WithSummary("A page of messages")
            .WithDescription("Without “before” and “after” the newest, ascending by number. With “before” those posted before it, ascending. With “after” those posted or changed after it, in the order of the changes.")
            .Produces<IEnumerable<ApiMessage>>().Refuses(400, 401, 404, 409, 429);
        api.MapPost("/rooms/{room}/messages", PostAsync).WithName("PostMessage").WithSummary("Post a message")
            .WithDescription("Answered when it is on disk. The same “clientId” again is the same message, and 200 instead of 201: whoever got no answer can safely ask again.")
            .AcceptsJson<ApiNewMessage>(JsonBody.ManyBytes)
            .Produces<ApiMessage>(StatusCodes.Status201Created).Produces<ApiMessage>().Refuses(400, 401, 403, 404, 413, 415, 429, 507);
    }

    // Numbers are taken as text, so that a wrong one is answered with its name and a sentence.
    private static async Task<IResult> ListAsync(
        string room, string? before, string? after, string? limit, [AsParameters] Call call, CancellationToken cancellationToken)
    {
        var found = call.Rooms.Open(room);
        if (before is not null && after is not null)
            return Refusals.Field("before", "Give “before” or “after”, not both.");
        if (!TryReadLimit(limit, out var count))
            return Refusals.Field("limit", $"“limit” is a number from 1 to {MostInPage}.");
        var number = long.MaxValue;
        if (before is not null && !Digits.TryRead(before, out number))
            return Refusals.Field("before", "“before” is the number of a message.");
        LogPosition position = default;
        if (after is not null && !LogPosition.TryParse(after, out position))
            return Refusals.Field("after", "“after” is the number of a change, or an epoch, “-” and a number.");
        if (!position.IsOf(call.Database.Epoch))
            return Refusals.Status(StatusCodes.Status409Conflict, "The database is another since then (see “Epoch”), and its numbers are others. Read the room afresh.");

        var session = await call.Context.ApiConnection().EnterAsync(found, cancellationToken);
        var page = after is null
            ? await session.ReadBeforeAsync(number, count, cancellationToken)
            : await session.ReadChangesAsync(position.Number, count, cancellationToken);
        return TypedResults.Ok(page.Select(message => ApiMessage.Of(found, message, call.Uploads)));
    }

    private static async Task<IResult> PostAsync(string room, [AsParameters] Call call, CancellationToken cancellationToken)
    {
        var found = call.Rooms.Open(room);
        var (body, refusal) = await JsonBody.ReadAsync(call.Context.Request, new ApiNewMessage(null), cancellationToken);
        if (refusal is not null)
            return refusal;
        if (!MessageText.TryParse(body.Text, out var text, out var error))
            return Refusals.Field("text", error);
        var clientId = body.ClientId ?? Guid.NewGuid().ToString("N");
        if (Fault(clientId) is { } fault)
            return Refusals.Field("clientId", fault);
        var session = await call.Context.ApiConnection().EnterAsync(found, cancellationToken);
        var (message, isNew) = await session.PostAsync(text, clientId, cancellationToken);
        var answer = ApiMessage.Of(found, message, call.Uploads);
        return isNew ? TypedResults.Created((string?)null, answer) : TypedResults.Ok(answer);
    }

    private static string? Fault(string clientId)
    {
        try
        {
            ClientIds.Check(clientId);
            return null;
        }
        catch (RefusedException refused)
        {
            return refused.Message;
        }
    }

    private static bool TryReadLimit(string? text, out int limit)
    {
        limit = UsualPage;
        if (text is null)
            return true;
        if (!Digits.TryRead(text, out var number) || number is < 1 or > MostInPage)
            return false;
        limit = (int)number;
        return true;
    }

    /// <summary>A request and what it is answered with.</summary>
    internal sealed record Call(
        HttpContext Context, [FromServices] RoomService Rooms,
        [FromServices] Database Database, [FromServices] UploadService Uploads);
}

/// <summary>Where a reader stands: the number of the last change they have, and, if they said so, in which life of the database.</summary>
internal readonly record struct LogPosition(string? Epoch, long Number)
{
    /// <summary>How it is written.</summary>
    public const string Pattern = "^([0-9a-f]+-)?[0-9]+$";

    /// <summary>Reads <c>12</c> or <c>9f3b…-12</c>.</summary>
    public static bool TryParse(string text, out LogPosition position)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var isNumber = Digits.TryRead(text[(dash + 1)..], out var number);
        position = new LogPosition(dash < 0 ? null : text[..dash], number);
        return isNumber && dash != 0 && (position.Epoch ?? "").All(char.IsAsciiHexDigitLower);
    }

    /// <summary>Whether its number can be one of this database; who does not say is believed.</summary>
    public bool IsOf(string epoch) => Epoch is null || Epoch == epoch;

    /// <summary>As it is read.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Number}");
}
