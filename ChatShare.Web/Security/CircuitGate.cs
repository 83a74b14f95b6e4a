using System.Security.Claims;
using ChatShare.Core;
using ChatShare.Core.People;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Security;

/// <summary>
/// Stands before <c>/_blazor</c>: nobody without a living session, not more open pages than allowed, and no longer than the
/// session lives. Every circuit is one WebSocket here; the long polling that Blazor would fall back to is not offered,
/// because its requests could be neither counted nor ended.
/// </summary>
internal sealed class CircuitGate(
    RequestDelegate next, IOptions<ChatShareOptions> options, IHostApplicationLifetime lifetime, ChatShareMetrics metrics, TimeProvider time, ILogger<CircuitGate> logger)
{
    /// <summary>The client's address, for <see cref="PersonCircuitHandler"/>: a circuit knows the principal and no request.</summary>
    public const string AddressClaim = "chatshare:address";

    // Long enough for the page to receive and show why the session was ended.
    private static readonly TimeSpan Farewell = TimeSpan.FromMilliseconds(1500);

    private readonly OpenCount<Guid> _byPerson = new();
    private readonly OpenCount<string> _byAddress = new();
    private readonly OpenCount<Limit> _all = new();

    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(Paths.Circuit, StringComparison.OrdinalIgnoreCase, out var rest))
            return next(context);
        if (context.PersonSession() is not { } session)
            return RefuseAsync(context, StatusCodes.Status401Unauthorized);
        // A page whose circuit was just ended comes back at once, and a program that took it in again would never stop.
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return RefuseAsync(context, StatusCodes.Status503ServiceUnavailable);
        // Routing does not see a slash at the end.
        if (rest.Value?.Trim('/') is { Length: > 0 } part)
            return part == "negotiate" && FullLimit(context, session) is { } limit ? RefuseAsync(context, limit) : next(context);
        return context.WebSockets.IsWebSocketRequest
            ? ServeAsync(context, session)
            : RefuseAsync(context, StatusCodes.Status400BadRequest);
    }

    /// <summary>So that a page can say why it will not open; the socket itself is counted below.</summary>
    private Limit? FullLimit(HttpContext context, PersonSession session) =>
        _byPerson.IsFull(session.PersonId, options.Value.Limits.CircuitsPerPerson) ? Limit.CircuitsPerPerson
        : _byAddress.IsFull(ClientAddress.Key(context), options.Value.Limits.CircuitsPerAddress) ? Limit.CircuitsPerAddress
        : _all.IsFull(Limit.Circuits, options.Value.Limits.Circuits) ? Limit.Circuits
        : null;

    private async Task ServeAsync(HttpContext context, PersonSession session)
    {
        var limits = options.Value.Limits;
        var address = ClientAddress.Of(context);
        using var person = _byPerson.TryEnter(session.PersonId, limits.CircuitsPerPerson);
        using var place = _byAddress.TryEnter(ClientAddress.Key(context), limits.CircuitsPerAddress);
        using var any = _all.TryEnter(Limit.Circuits, limits.Circuits);
        if (person is null || place is null || any is null)
        {
            var limit = person is null ? Limit.CircuitsPerPerson : place is null ? Limit.CircuitsPerAddress : Limit.Circuits;
            logger.TooManyCircuits(address, limit.ToString());
            context.Response.Headers.RetryAfter = "10";
            await RefuseAsync(context, limit);
            return;
        }

        context.User.AddIdentity(new ClaimsIdentity([new Claim(AddressClaim, address)]));
        await UntilEndedAsync(context, session);
    }

    private async Task UntilEndedAsync(HttpContext context, PersonSession session)
    {
        var served = next(context);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (session.Ended.Register(() => ended.TrySetResult()))
        {
            if (await Task.WhenAny(served, ended.Task) == ended.Task
                && await Task.WhenAny(served, Task.Delay(Farewell, time, CancellationToken.None)) != served)
            {
                context.Abort();
            }
        }

        await served;
    }

    private Task RefuseAsync(HttpContext context, Limit limit)
    {
        metrics.Refused(limit);
        return RefuseAsync(context, StatusCodes.Status429TooManyRequests);
    }

    private static Task RefuseAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
