using System.Collections.Concurrent;
using ChatShare.Core.Cluster;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Storage;

namespace ChatShare.Core.Rooms;

/// <summary>What rooms and their readers share.</summary>
internal sealed class RoomParts(MessageLog log, FanOut fanOut, PersonLimits limits, Database database, IRoomBus bus, ChatShareMetrics metrics)
{
    private readonly ConcurrentDictionary<Room, byte> _dirty = new();
    private readonly ConcurrentDictionary<Room, byte> _behind = new();

    public MessageLog Log => log;

    public FanOut FanOut => fanOut;

    public PersonLimits Limits => limits;

    public Database Database => database;

    public ChatShareMetrics Metrics => metrics;

    public IRoomBus Bus => bus;

    /// <summary>Raised when a room lacks changes that the database has.</summary>
    public ChangeSignal FellBehind { get; } = new();

    /// <summary>Asks for a <see cref="Room.CatchUpAsync"/> when what is missing does not come by itself.</summary>
    public void Behind(Room room)
    {
        if (_behind.TryAdd(room, 0))
            FellBehind.Raise();
    }

    /// <summary>The rooms that were behind; one that still is, or is again, is to be given to <see cref="Behind"/> anew.</summary>
    public IReadOnlyList<Room> TakeBehind() => [.. _behind.Keys.Where(room => _behind.TryRemove(room, out _))];

    /// <summary>Asks for a <see cref="Room.Flush"/> within a quarter of a second.</summary>
    public void Dirty(Room room) => _dirty[room] = 0;

    public void FlushDirtyRooms()
    {
        foreach (var room in _dirty.Keys)
        {
            // Removed before the flush: what gets dirty during it is looked at next time.
            _dirty.TryRemove(room, out _);
            if (room.Flush())
                _dirty[room] = 0;
        }
    }
}
