using System.Collections.Concurrent;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Storage;

namespace ChatShare.Core.Rooms;

/// <summary>What rooms and their readers share.</summary>
internal sealed class RoomServices(MessageLog log, FanOut fanOut, PersonLimits limits, Database database, ChatShareMetrics metrics)
{
    private readonly ConcurrentDictionary<Room, byte> _dirty = new();

    public MessageLog Log => log;

    public FanOut FanOut => fanOut;

    public PersonLimits Limits => limits;

    public Database Database => database;

    public ChatShareMetrics Metrics => metrics;

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
