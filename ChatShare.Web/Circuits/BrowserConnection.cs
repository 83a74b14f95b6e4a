using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Web.Components.Files;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace ChatShare.Web.Circuits;

/// <summary>What one circuit has open: its rooms and its uploads. Scoped, so one for each circuit.</summary>
public sealed class BrowserConnection(CurrentPerson current, CircuitUploads uploads) : CircuitHandler, IAsyncDisposable
{
    private readonly Dictionary<int, RoomSession> _rooms = [];

    /// <summary>Who sits there.</summary>
    /// <exception cref="RefusedException">Nobody: the session was ended before the circuit was opened.</exception>
    public Participant Participant =>
        current.Participant ?? throw new RefusedException(RefusalKind.SessionEnded, "You have left. Join again to go on.");

    /// <summary>False for a page whose session was ended before its circuit was opened.</summary>
    public bool IsOpen => current.Participant is not null;

    /// <summary>
    /// Takes over a room whose page was left for another: one is in several rooms at once, and stays in each until the circuit
    /// ends. Nobody reads the session, so it costs nothing.
    /// </summary>
    public async Task StayAsync(RoomSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        // First: while the one before is left, another view of the room may be left, too.
        _rooms.Remove(session.Room.Id, out var before);
        _rooms[session.Room.Id] = session;
        if (before is not null)
            await before.DisposeAsync();
    }

    /// <inheritdoc />
    public override Task OnConnectionDownAsync(Circuit circuit, CancellationToken cancellationToken)
    {
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
    }
}
