using System.Collections.Concurrent;
using System.Globalization;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Rooms;

/// <summary>How far somebody has read a room.</summary>
/// <param name="Number">The newest message they saw; 0 when none.</param>
/// <param name="Ordinal">Its place in the room, for counting what came after.</param>
public readonly record struct ReadMark(long Number, long Ordinal);

/// <summary>What one person has read, in all rooms. Shared by all their pages.</summary>
public sealed class PersonReadMarks
{
    private readonly ConcurrentDictionary<int, ReadMark> _rooms;

    internal PersonReadMarks(IEnumerable<KeyValuePair<int, ReadMark>> rooms) => _rooms = new(rooms);

    /// <summary>Raised when they read on, on whichever page.</summary>
    public ChangeSignal Changed { get; } = new();

    /// <summary>The mark in a room; the default value where they have seen nothing.</summary>
    public ReadMark this[Room room]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(room);
            return this[room.Id];
        }
    }

    internal ReadMark this[int roomId] => _rooms.GetValueOrDefault(roomId);

    internal void Raise(int roomId, ReadMark mark)
    {
        var before = _rooms.GetValueOrDefault(roomId);
        ReadMarks.Raise(_rooms, roomId, mark);
        if (_rooms[roomId] != before)
            Changed.Raise();
    }
}

/// <summary>
/// What everybody has read, kept in memory while they are here and written down every few seconds: losing the last ones in a
/// crash means that a line "New" stands a little too high.
/// </summary>
public sealed class ReadMarks : BackgroundService
{
    private static readonly TimeSpan WriteInterval = TimeSpan.FromSeconds(3);

    // A crowd that comes at once leaves thousands, and whoever else writes waits for one statement.
    private const int MostInOneStatement = 200;

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly RoomService _rooms;
    private readonly ConnectedUsers _connected;
    private readonly TimeProvider _time;
    private readonly ILogger<ReadMarks> _logger;
    private readonly EndlessRound _writing;
    private readonly ConcurrentDictionary<Guid, PersonReadMarks> _people = new();
    private readonly ConcurrentDictionary<(Guid Person, int Room), ReadMark> _unwritten = new();

    internal ReadMarks(
        IDbContextFactory<ChatShareDbContext> contexts, RoomService rooms, MessageLog log, ConnectedUsers connected, TimeProvider time,
        ILogger<ReadMarks> logger)
    {
        _contexts = contexts;
        _rooms = rooms;
        _connected = connected;
        _time = time;
        _logger = logger;
        _writing = new EndlessRound(logger.ReadMarksNotWritten);
        log.Posted = OnPosted;
    }

    /// <summary>
    /// All marks of a person. Whoever has none is new here and is taken to have read everything: what was said before they
    /// came is history, not news.
    /// </summary>
    public async Task<PersonReadMarks> OfAsync(Guid personId, CancellationToken cancellationToken)
    {
        if (_people.TryGetValue(personId, out var known))
            return known;
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.ReadMarks.AsNoTracking().Where(m => m.PersonId == personId).ToListAsync(cancellationToken);
        if (rows.Count == 0 && !_unwritten.Keys.Any(key => key.Person == personId))
        {
            foreach (var room in _rooms.Rooms)
                Raise(_unwritten, (personId, room.Id), room.ReadToTheEnd);
        }

        var marks = _people.GetOrAdd(personId, new PersonReadMarks(
            rows.Select(row => KeyValuePair.Create(row.RoomId, new ReadMark(row.Number, row.Ordinal)))));
        // Marks that came while nobody had asked, or during the reading.
        foreach (var ((person, room), mark) in _unwritten)
        {
            if (person == personId)
                marks.Raise(room, mark);
        }

        return marks;
    }

    /// <summary>They have seen this message; marks only move forward.</summary>
    public void Mark(Guid personId, ChatMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var mark = new ReadMark(message.Number, message.Ordinal);
        // Noted first, so that whoever loads this person's marks now finds it in one of the two.
        Raise(_unwritten, (personId, message.RoomId), mark);
        if (_people.TryGetValue(personId, out var loaded))
            loaded.Raise(message.RoomId, mark);
    }

    /// <summary>
    /// One's own message is no news to oneself, whichever door it came by; but what others said before it and was not seen yet still
    /// is. Of those who are not here nobody counts what is unread.
    /// </summary>
    private void OnPosted(ChatMessage message)
    {
        if (_people.TryGetValue(message.PersonId, out var marks) && marks[message.RoomId].Ordinal == message.Ordinal - 1)
            Mark(message.PersonId, message);
    }

    /// <inheritdoc />
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await WriteAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DbUpdateException or System.Data.Common.DbException or RefusedException or OperationCanceledException)
        {
            _logger.ReadMarksNotWritten(exception);
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(WriteInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await _writing.RunAsync(WriteAsync, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // StopAsync writes the last ones.
            return;
        }
    }

    internal static void Raise<TKey>(ConcurrentDictionary<TKey, ReadMark> marks, TKey key, ReadMark mark)
        where TKey : notnull =>
        marks.AddOrUpdate(key, mark, (_, before) => before.Number >= mark.Number ? before : mark);

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (_unwritten.IsEmpty)
            return;
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        foreach (var some in _unwritten.ToArray().Chunk(MostInOneStatement))
        {
            await db.Database.ExecuteSqlRawAsync(
                StatementFor(some.Length),
                some.SelectMany(mark => (object[])[mark.Key.Person, mark.Key.Room, mark.Value.Number, mark.Value.Ordinal]),
                cancellationToken);
            foreach (var written in some)
                _unwritten.TryRemove(written);
        }

        var wanted = _connected.PersonIds();
        wanted.UnionWith(_unwritten.Keys.Select(key => key.Person));
        foreach (var person in _people.Keys.Where(person => !wanted.Contains(person)))
        {
            // Who has come meanwhile may have been given them, and looks at them for as long as the page is there.
            if (_people.TryRemove(person, out var marks) && _connected.IsHere(person))
                _people.TryAdd(person, marks);
        }
    }

    /// <summary>What was stored is not known to whoever marks without having asked; it may be further on.</summary>
    private static string StatementFor(int marks)
    {
        var rows = Enumerable.Range(0, marks).Select(i => 4 * i)
            .Select(first => string.Create(CultureInfo.InvariantCulture, $"({{{first}}}, {{{first + 1}}}, {{{first + 2}}}, {{{first + 3}}})"));
        return $"""
            INSERT INTO "ReadMarks" ("PersonId", "RoomId", "Number", "Ordinal") VALUES {string.Join(", ", rows)}
            ON CONFLICT ("PersonId", "RoomId") DO UPDATE SET "Number" = excluded."Number", "Ordinal" = excluded."Ordinal"
            WHERE excluded."Number" > "ReadMarks"."Number"
            """;
    }
}
