using ChatShare.Core;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Rooms;

public sealed class RoomServiceTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Lobby_is_always_there_and_first_and_made_once()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        foreach (var name in new[] { "zoo", "Attic", "beach" })
            await host.CreateRoomAsync(name, anna, token);
        var lobby = host.Lobby.Id;
        Assert.Equal(["Lobby", "Attic", "beach", "zoo"], host.Rooms.Rooms.Select(room => room.Name.Value));

        await host.RestartAsync(token);
        Assert.Equal(["Lobby", "Attic", "beach", "zoo"], host.Rooms.Rooms.Select(room => room.Name.Value));
        Assert.Equal(lobby, host.Lobby.Id);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Created_room_is_found_by_any_case_and_by_id_and_is_there_after_a_restart()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var seen = host.Rooms.Changed.Version;
        var room = await host.Rooms.CreateAsync(Make.RoomName("New ideas"), "  what\nnext ", anna, token);
        await host.Rooms.Changed.WaitAsync(seen, token);
        Assert.Same(room, host.Rooms.Find(Make.RoomName("NEW IDEAS")));
        Assert.Same(room, host.Rooms.Find(room.Id));
        Assert.Equal("what next", room.Topic);
        Assert.Null(host.Rooms.Find(Make.RoomName("no such room")));

        await host.RestartAsync(token);
        var again = host.Rooms.Find(Make.RoomName("new ideas"))!;
        Assert.Equal((room.Id, "New ideas", "what next"), (again.Id, again.Name.Value, again.Topic));
        Assert.Same(again, host.Rooms.Find(room.Id));
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData("LOBBY")]
    [InlineData("lobby")]
    [InlineData("Ｌobby")] // A full-width letter: the same in its compatibility form.
    public async Task Name_that_is_taken_in_another_case_is_refused(string name)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => host.CreateRoomAsync(name, anna, token));
        Assert.Equal(RefusalKind.Taken, refused.Kind);
        Assert.Single(host.Rooms.Rooms);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Same_name_at_the_same_time_one_wins_and_the_others_are_told()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var tries = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            try
            {
                await host.CreateRoomAsync(i % 2 == 0 ? "race" : "RACE", anna, token);
                return RefusalKind.Invalid;
            }
            catch (RefusedException refused)
            {
                return refused.Kind;
            }
        }, token)));
        Assert.Single(tries, RefusalKind.Invalid);
        Assert.Equal(15, tries.Count(kind => kind == RefusalKind.Taken));
        Assert.Equal(2, host.Rooms.Rooms.Count);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Different_names_at_the_same_time_all_are_there()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => host.CreateRoomAsync($"room {i}", anna, token), token)));
        Assert.Equal(17, host.Rooms.Rooms.Count);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Topic_may_have_its_most_characters_and_no_control_character()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var longest = new string('t', RoomService.MaxTopicLength);
        Assert.Equal(longest, (await host.Rooms.CreateAsync(Make.RoomName("long"), longest, anna, token)).Topic);
        foreach (var topic in new[] { longest + "t", "a\0b", "a\u001bb", "a\tb", "a\u009fb" })
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(
                () => host.Rooms.CreateAsync(Make.RoomName("bad"), topic, anna, token));
            Assert.Equal(RefusalKind.Invalid, refused.Kind);
        }

        Assert.Null(host.Rooms.Find(Make.RoomName("bad")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Too_many_rooms_in_an_hour_are_refused()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:RoomsPerHour", "3"));
        var anna = await host.JoinAsync("anna", token);
        for (var i = 0; i < 3; i++)
            await host.CreateRoomAsync($"room {i}", anna, token);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => host.CreateRoomAsync("one more", anna, token));
        Assert.Equal(RefusalKind.TooFast, refused.Kind);
        await host.CreateRoomAsync("one more", await host.JoinAsync("bert", token), token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Changed_is_raised_when_something_is_posted_anywhere()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var session = await host.EnterAsync("anna", token);
        var seen = host.Rooms.Changed.Version;
        await session.SayAsync("x", token);
        await host.Rooms.Changed.WaitAsync(seen, token);
        Assert.Equal(1, host.Lobby.MessageCount);
    }
}
