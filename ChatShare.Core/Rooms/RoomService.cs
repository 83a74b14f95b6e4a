using System.Collections.Immutable;
using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Rooms;

/// <summary>The only door to the rooms. A singleton; all members may be called from any thread.</summary>
public sealed class RoomService : BackgroundService
{
    /// <summary>The longest topic, in UTF-16 code units.</summary>
    public const int MaxTopicLength = 200;

    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(250);

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly RoomParts _services;
    private readonly ChatShareOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _changing = new(1);
    private ImmutableSortedDictionary<string, Room> _rooms = ImmutableSortedDictionary.Create<string, Room>(StringComparer.Ordinal);
    private ImmutableDictionary<int, Room> _byId = ImmutableDictionary<int, Room>.Empty;

    private volatile InOrder _inOrder = new(ImmutableSortedDictionary<string, Room>.Empty, []);
    private long _countAtLastFlush;

    internal RoomService(
        IDbContextFactory<ChatShareDbContext> contexts, RoomParts services, IOptions<ChatShareOptions> options, TimeProvider time)
    {
        _options = options.Value;
        _contexts = contexts;
        _services = services;
        _time = time;
    }

    /// <summary>The first room; it is always there.</summary>
    public static RoomName Lobby { get; } = RoomName.TryParse("Lobby", out var lobby, out _) ? lobby : throw new InvalidOperationException();

    /// <summary>Raised, at most a few times a second, when a room was made or something was posted in any.</summary>
    public ChangeSignal Changed { get; } = new();

    /// <summary>Raised when a file of any room has come, is ready or has gone, or a message was taken back; see <see cref="Room.FilesChanged"/> for one room.</summary>
    public ChangeSignal FilesChanged => _services.Log.FilesOfAnyRoomChanged;

    /// <summary>All rooms: Lobby first, the others by name.</summary>
    public IReadOnlyList<Room> Rooms
    {
        get
        {
            var (rooms, known) = (_rooms, _inOrder);
            if (known.Of != rooms)
                _inOrder = known = new InOrder(rooms, [.. rooms.Values.OrderByDescending(room => room.Name == Lobby).ThenBy(room => room.Name.Value, StringComparer.OrdinalIgnoreCase)]);
            return known.Rooms;
        }
    }

    /// <summary>Null when there is no such room.</summary>
    public Room? Find(RoomName name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _rooms.GetValueOrDefault(name.Key);
    }

    /// <summary>Null when there is no such room.</summary>
    public Room? Find(int id) => _byId.GetValueOrDefault(id);

    /// <summary>Makes a room; everybody sees it at once.</summary>
    /// <exception cref="RefusedException">Not allowed, too many, the topic too long, or the name is taken.</exception>
    public async Task<Room> CreateAsync(RoomName name, string? topic, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanCreateRoom(who), who);
        topic = topic?.ReplaceLineEndings(" ").Trim() ?? "";
        if (topic.Length > MaxTopicLength)
            throw new RefusedException(RefusalKind.Invalid, $"The topic has {topic.Length} characters; {MaxTopicLength} are possible.");
        if (topic.Any(char.IsControl))
            throw new RefusedException(RefusalKind.Invalid, "The topic contains a control character.");
        _services.Limits.TakeRoom(who.PersonId);
        return await AddAsync(name, topic, who.PersonId, cancellationToken)
            ?? throw new RefusedException(RefusalKind.Taken, $"There is a room “{name}” already.");
    }

    /// <summary>Sets what a room keeps of its files. Nothing is removed here; <see cref="StorageCleaning"/> and time do that.</summary>
    /// <exception cref="RefusedException">Not an administrator, or no possible rule.</exception>
    internal async Task SetKeepRuleAsync(Room room, KeepRule rule, PersonSession who, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanAdminister(who), who);
        if (rule.Fault is { } fault)
            throw new RefusedException(RefusalKind.Invalid, fault);
        // One at a time: of two administrators the later one stands in the row and in memory.
        await _changing.WaitAsync(cancellationToken);
        try
        {
            await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
            await db.Rooms.Where(r => r.Id == room.Id).ExecuteUpdateAsync(
                row => row.SetProperty(r => r.KeepDays, rule.Days).SetProperty(r => r.KeepBytes, rule.Bytes), cancellationToken);
            room.KeepBy(rule);
            _services.Bus.Tell(new NodeNews.Rooms());
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Enters a room.</summary>
    /// <param name="room">Which.</param>
    /// <param name="participant">Who, and through which connection.</param>
    /// <param name="afterNumber">
    /// The last number the reader has: events go on behind it. Null for a fresh start with the newest page as backlog.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RefusedException">Not allowed.</exception>
    public async Task<RoomSession> JoinAsync(Room room, Participant participant, long? afterNumber, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(participant);
        Permissions.Demand(Permissions.CanRead(participant.Session), participant.Session);
        var session = new RoomSession(_services, room, participant);
        await room.EnterAsync(session, afterNumber, cancellationToken);
        return session;
    }

    /// <summary>Looks at what other nodes have made of the rooms: new ones, other rules, and how far each is.</summary>
    internal async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
            foreach (var row in await db.Rooms.AsNoTracking().ToListAsync(cancellationToken))
            {
                if (Find(row.Id) is not { } room)
                {
                    Adopt(row);
                    Changed.Raise();
                    continue;
                }

                room.KeepBy(new KeepRule(row.KeepDays, row.KeepBytes));
                room.Heard(row.LastNumber, row.MessageCount);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <inheritdoc />
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var db = await _contexts.CreateDbContextAsync(cancellationToken))
        {
            foreach (var row in await db.Rooms.AsNoTracking().ToListAsync(cancellationToken))
                Adopt(row);
        }

        if (Find(Lobby) is null)
            await AddAsync(Lobby, "For everybody", createdBy: null, cancellationToken);
        if (RoomName.TryParse(_options.Gateway.Room, out var gateway, out _) && Find(gateway) is null)
            await AddAsync(gateway, "For the clients of the TCP gateway", createdBy: null, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(FlushInterval, _time);
        while (await TickAsync(timer, stoppingToken))
        {
            _services.FlushDirtyRooms();
            var count = _rooms.Values.Sum(room => room.MessageCount);
            if (Interlocked.Exchange(ref _countAtLastFlush, count) != count)
                Changed.Raise();
        }
    }

    private static async ValueTask<bool> TickAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<Room?> AddAsync(RoomName name, string topic, Guid? createdBy, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            if (_rooms.ContainsKey(name.Key))
                return null;
            await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
            var row = new RoomRow { Name = name.Value, NameKey = name.Key, Topic = topic, CreatedBy = createdBy, CreatedAt = _time.GetUtcNow() };
            db.Rooms.Add(row);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException e) when (db.IsDuplicate(e))
            {
                // Another node was faster; it is about to be told of, if it was not already.
                Adopt(await db.Rooms.AsNoTracking().SingleAsync(r => r.NameKey == name.Key, cancellationToken));
                return null;
            }

            var room = Adopt(row);
            Changed.Raise();
            _services.Bus.Tell(new NodeNews.Rooms());
            return room;
        }
        finally
        {
            _changing.Release();
        }
    }

    private Room Adopt(RoomRow row)
    {
        if (!RoomName.TryParse(row.Name, out var name, out var error))
            throw new StorageException($"The database holds a room with an impossible name: {error}");
        var room = new Room(_services, row.Id, name, row.Topic, new KeepRule(row.KeepDays, row.KeepBytes), row.LastNumber, row.MessageCount);
        _byId = _byId.Add(room.Id, room);
        _rooms = _rooms.Add(name.Key, room);
        return room;
    }

    /// <summary>Every open page looks through the rooms twice a second; they are sorted once for each new one.</summary>
    private sealed record InOrder(ImmutableSortedDictionary<string, Room> Of, Room[] Rooms);
}
