using System.Text.Json.Serialization;
using System.Threading.RateLimiting;
using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>The door of programs: what every request to <c>/api</c> meets, and where the rest is.</summary>
internal static class ApiEndpoints
{
    /// <summary>On every answer that has numbers: which life of the database they are of.</summary>
    public const string EpochHeader = "Epoch";

    public static void AddApi(this IServiceCollection services)
    {
        services.AddSingleton<ApiConnections>();
        services.AddSingleton<ApiLimits>();
        services.AddSingleton<ApiEvents>();
        services.AddApiDescription();
        // A number is a number: also in the description, which would else offer every one as a text, too.
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
    }

    public static void MapApi(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/api").TellRefusals().AddEndpointFilter(CountAsync);
        api.MapGroup("").WithTags("Session").MapSession();
        var signedIn = api.MapGroup("").RequireAuthorization().AddEndpointFilter(BeHereAsync);
        signedIn.MapGroup("").WithTags("Rooms").MapRooms();
        var messages = signedIn.MapGroup("").WithTags("Messages");
        messages.MapMessages();
        ApiEvents.Map(messages);
        signedIn.MapGroup("").WithTags("Administration").MapConnections();
        endpoints.MapApiDescription();
    }

    /// <summary>This request's connection; only behind <see cref="BeHereAsync"/>.</summary>
    public static ApiConnection ApiConnection(this HttpContext context) => context.Features.GetRequiredFeature<ApiConnection>();

    /// <summary>The room of an address, decoded, in any case.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public static Room Open(this RoomService rooms, string address) =>
        RoomName.TryParse(address, out var name, out _) && rooms.Find(name) is { } room
            ? room
            : throw new RefusedException(RefusalKind.NotFound, "There is no such room.");

    /// <summary>Not in the authentication, because a person's browser asks for files as well, as fast as it likes.</summary>
    private static ValueTask<object?> CountAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        if (context.PersonSession() is { } who)
            context.RequestServices.GetRequiredService<ApiLimits>().TakeRequest(who);
        return next(invocation);
    }

    private static ValueTask<object?> BeHereAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        // Authorization has let it through, and the session may have ended since.
        var who = context.PersonSession() ?? throw new RefusedException(RefusalKind.SessionEnded, "This session has ended. Sign in again.");
        Permissions.Demand(Permissions.CanRead(who), who);
        context.Features.Set(context.BeHere(who));
        context.Response.Headers[EpochHeader] = context.RequestServices.GetRequiredService<Database>().Epoch;
        context.Response.Headers.CacheControl = "no-store";
        return next(invocation);
    }
}

/// <summary>How fast and how much at once one may ask.</summary>
internal sealed class ApiLimits(IOptions<ChatShareOptions> options, ChatShareMetrics metrics) : IDisposable
{
    private readonly OpenCount<Guid> _streams = new();

    private readonly PartitionedRateLimiter<Guid> _requests = RateBucket.Create(
        options.Value.Limits.ApiRequestsPerSecond * 2, options.Value.Limits.ApiRequestsPerSecond, TimeSpan.FromSeconds(1));

    /// <exception cref="RefusedException">Too fast.</exception>
    public void TakeRequest(PersonSession who) =>
        RateBucket.Take(_requests, who.Id, 1, "You are asking faster than this server allows. Wait a moment, then try again.", metrics, Limit.ApiRequestsPerSecond);

    /// <summary>To be disposed when the stream ends.</summary>
    /// <exception cref="RefusedException">Too many are open.</exception>
    public IDisposable OpenStream(PersonSession who)
    {
        if (_streams.TryEnter(who.PersonId, options.Value.Limits.EventStreamsPerPerson) is { } open)
            return open;
        metrics.Refused(Limit.EventStreamsPerPerson);
        throw new RefusedException(RefusalKind.TooFast, "You have as many streams of events open as this server allows. Close one first.")
        {
            RetryAfter = TimeSpan.FromSeconds(10),
        };
    }

    public void Dispose() => _requests.Dispose();
}
