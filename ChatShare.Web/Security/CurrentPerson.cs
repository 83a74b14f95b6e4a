using System.Security.Claims;
using ChatShare.Core.People;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace ChatShare.Web.Security;

/// <summary>Who stands behind this request or circuit. Scoped; filled before the first component is made.</summary>
public sealed class CurrentPerson
{
    /// <summary>Null without a session. On a circuit it stays after the session was ended: ask <see cref="PersonSession.IsAlive"/>.</summary>
    public PersonSession? Session { get; internal set; }

    /// <summary>This circuit's connection, up or away; null outside a circuit. Rooms are joined with it; it ends with the circuit.</summary>
    public Participant? Participant { get; internal set; }
}

/// <summary>Finds the person of a circuit and tells <see cref="ConnectedUsers"/> how the circuit fares.</summary>
internal sealed class PersonCircuitHandler(
    CurrentPerson current, AuthenticationStateProvider authentication, SessionService sessions, ConnectedUsers connected)
    : CircuitHandler, IDisposable
{
    // Before all others, which may want to know who it is.
    public override int Order => int.MinValue;

    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        var user = (await authentication.GetAuthenticationStateAsync()).User;
        if (SessionCookie.SessionId(user) is not { } id || await sessions.FindAsync(id, cancellationToken) is not { } session)
            return;
        current.Session = session;
        current.Participant = connected.Connect(session, Door.Browser, user.FindFirstValue(CircuitGate.AddressClaim) ?? "unknown");
    }

    public override Task OnConnectionUpAsync(Circuit circuit, CancellationToken cancellationToken) => SetState(PresenceState.Online);

    public override Task OnConnectionDownAsync(Circuit circuit, CancellationToken cancellationToken) => SetState(PresenceState.Away);

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    // A circuit that fails while it opens is never closed, only disposed of.
    public void Dispose() => current.Participant?.Dispose();

    private Task SetState(PresenceState state)
    {
        current.Participant?.SetState(state);
        return Task.CompletedTask;
    }
}

/// <summary>The person behind a request.</summary>
public static class HttpContextPerson
{
    /// <summary>The living session that the cookie or token names; null without one. Set by authentication.</summary>
    public static PersonSession? PersonSession(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<PersonSession>();
    }

    internal static void SetPersonSession(this HttpContext context, PersonSession session)
    {
        context.Features.Set(session);
        context.RequestServices.GetRequiredService<CurrentPerson>().Session = session;
    }
}
