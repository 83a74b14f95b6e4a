using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatShare.Tests.Rooms;

public sealed class ReadMarksTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Marks_of_several_rooms_survive_a_restart()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var session = await host.EnterAsync("anna", token);
        var anna = session.Participant.Session;
        await using var garden = await host.EnterAsync(anna, token, await host.CreateRoomAsync("garden", anna, token));
        await session.SayAsync("1", token);
        host.Marks.Mark(anna.PersonId, await session.SayAsync("2", token));
        host.Marks.Mark(anna.PersonId, await garden.SayAsync("g", token));

        await host.RestartAsync(token);
        var marks = await host.Marks.OfAsync(anna.PersonId, token);
        Assert.Equal(new ReadMark(2, 2), marks[host.Lobby]);
        Assert.Equal(new ReadMark(1, 1), marks[host.Rooms.Find(garden.Room.Id)!]);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Whoever_is_new_has_read_what_was_there_and_nothing_that_comes_after()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var session = await host.EnterAsync("anna", token);
        await session.SayAsync("before", token);
        var newcomer = Guid.NewGuid();

        Assert.Equal(new ReadMark(1, 1), (await host.Marks.OfAsync(newcomer, token))[host.Lobby]);
        await session.SayAsync("after", token);
        var later = await host.CreateRoomAsync("later", session.Participant.Session, token);

        await host.RestartAsync(token);
        var marks = await host.Marks.OfAsync(newcomer, token);
        Assert.Equal(new ReadMark(1, 1), marks[host.Lobby]);
        Assert.Equal(default, marks[host.Rooms.Find(later.Id)!]);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Marks_only_move_forward_also_when_an_older_one_comes_after_a_restart()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var session = await host.EnterAsync("anna", token);
        var person = session.Participant.Session.PersonId;
        var older = await session.SayAsync("older", token);
        var newer = await session.SayAsync("newer", token);
        host.Marks.Mark(person, newer);
        host.Marks.Mark(person, older);
        Assert.Equal(newer.Number, (await host.Marks.OfAsync(person, token))[host.Lobby].Number);

        await host.RestartAsync(token);
        // Nobody has asked for this person's marks in this life.
        host.Marks.Mark(person, older);
        Assert.Equal(newer.Number, (await host.Marks.OfAsync(person, token))[host.Lobby].Number);
        await host.RestartAsync(token);
        Assert.Equal(newer.Number, (await host.Marks.OfAsync(person, token))[host.Lobby].Number);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Ones_own_messages_are_read_as_long_as_nothing_before_them_is_unread()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bo = await host.EnterAsync("bo", token);
        var marks = await host.Marks.OfAsync(anna.Participant.Session.PersonId, token);

        await Task.WhenAll(anna.SayAsync("a", token), anna.SayAsync("b", token), anna.SayAsync("c", token));
        Assert.Equal(3, marks[host.Lobby].Ordinal);

        var unseen = await bo.SayAsync("d", token);
        await anna.SayAsync("e", token);
        Assert.Equal(3, marks[host.Lobby].Ordinal);

        host.Marks.Mark(anna.Participant.Session.PersonId, unseen);
        Assert.Equal(4, marks[host.Lobby].Ordinal);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_mark_in_one_room_does_not_hide_the_stored_marks_of_others()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var session = await host.EnterAsync("anna", token);
        var anna = session.Participant.Session;
        await using var garden = await host.EnterAsync(anna, token, await host.CreateRoomAsync("garden", anna, token));
        var inLobby = await session.SayAsync("l", token);
        host.Marks.Mark(anna.PersonId, inLobby);
        var inGarden = await garden.SayAsync("g", token);

        await host.RestartAsync(token);
        host.Marks.Mark(anna.PersonId, inGarden);
        var marks = await host.Marks.OfAsync(anna.PersonId, token);
        Assert.Equal(1, marks[host.Rooms.Find(inLobby.RoomId)!].Number);
        Assert.Equal(1, marks[host.Rooms.Find(inGarden.RoomId)!].Number);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Marks_of_a_crowd_are_written_some_at_a_time_and_what_could_not_be_written_is_tried_again()
    {
        const int people = 1000;
        const int room = 500;
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Storage:Provider", "Sqlite"));
        await using var session = await host.EnterAsync("anna", token);
        var message = await session.SayAsync("1", token);
        await using var db = await host.OpenDatabaseAsync(token);
        await db.Database.ExecuteSqlAsync(
            $"""CREATE TRIGGER "Full" BEFORE INSERT ON "ReadMarks" WHEN (SELECT count(*) FROM "ReadMarks") >= 500 BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END""", token);

        for (var i = 0; i < people; i++)
            host.Marks.Mark(Guid.NewGuid(), message);
        await Eventually.TrueAsync(async () => await db.ReadMarks.AnyAsync(token));
        Assert.InRange(await db.ReadMarks.CountAsync(token), 1, room);
        await db.Database.ExecuteSqlAsync($"""DROP TRIGGER "Full" """, token);

        await Eventually.TrueAsync(async () => await db.ReadMarks.CountAsync(m => m.Number == 1, token) >= people);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_write_that_gives_up_by_itself_does_not_end_the_writing()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var session = await host.EnterAsync("anna", token);
        var message = await session.SayAsync("1", token);
        var contexts = new CancelledOnce(host.Get<IDbContextFactory<ChatShareDbContext>>());
        using var marks = new ReadMarks(contexts, host.Rooms, host.Log, host.Connected, new HurriedClock(), NullLogger<ReadMarks>.Instance);
        await marks.StartAsync(token);
        var reader = Guid.NewGuid();

        marks.Mark(reader, message);

        await using var db = await host.OpenDatabaseAsync(token);
        await Eventually.TrueAsync(() => db.ReadMarks.AnyAsync(m => m.PersonId == reader, token));
        await marks.StopAsync(token);
    }
}
