using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Web.Components.Files;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace ChatShare.Web.Circuits;

/// <summary>
/// One circuit: whose it is, whether its connection is up, and which room its page shows. Scoped, so one for each circuit.
/// Down is not gone: the person is away until the circuit is closed.
/// </summary>
public sealed class BrowserConnection(ConnectedUsers connected, CircuitUploads uploads) : CircuitHandler, IAsyncDisposable
{
    private readonly Dictionary<int, RoomSession> _rooms = [];
    private Participant? _participant;

    /// <summary>Who sits there.</summary>
    /// <exception cref="RefusedException">Nobody: the page was opened without a session.</exception>
    public Participant Participant =>
        _participant ?? throw new RefusedException(RefusalKind.SessionEnded, "You have left. Join again to go on.");

    /// <summary>False before <see cref="Open"/> and for a page without a session.</summary>
    public bool IsOpen => _participant is not null;

    /// <summary>The room whose page is open; null on other pages. Files that are picked go there.</summary>
    public RoomSession? Room { get; set; }

    /// <summary>
    /// Takes over a room whose page was left for another: one is in several rooms at once, and stays in each until the circuit
    /// ends. Nobody reads the session, so it costs nothing.
    /// </summary>
    public async Task StayAsync(RoomSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (Room == session)
            Room = null;
        if (_rooms.Remove(session.Room.Id, out var before))
            await before.DisposeAsync();
        _rooms[session.Room.Id] = session;
    }

    /// <summary>Registers the circuit; called once, by its root component.</summary>
    /// <param name="session">Whose circuit it is.</param>
    /// <param name="address">Where the page was asked for from.</param>
    public void Open(PersonSession session, string address) => _participant ??= connected.Connect(session, Door.Browser, address);

    /// <inheritdoc />
    public override Task OnConnectionUpAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _participant?.SetState(PresenceState.Online);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public override Task OnConnectionDownAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _participant?.SetState(PresenceState.Away);

        // The stream of a file does not survive the connection that carries it, even when the circuit does.
        uploads.Break();
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        uploads.Break();
        foreach (var room in _rooms.Values)
            await room.DisposeAsync();
        _participant?.Dispose();
    }
}
