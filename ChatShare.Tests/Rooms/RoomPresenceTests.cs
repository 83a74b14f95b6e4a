using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Rooms;

public sealed class RoomPresenceTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Typing_appears_for_the_others_and_ends_with_the_message()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = new RoomReader(await host.EnterAsync("anna", token));
        await using var bert = await host.EnterAsync("bert", token);

        bert.SetTyping(true);
        bert.SetTyping(true);
        await anna.UntilAsync(Types("bert"), token);
        await bert.SayAsync("done", token);
        await anna.UntilAsync(
            events => events.SkipWhile(e => !Types("bert")(e)).FirstOrDefault(e => e is RoomEvent.TypingChanged { People.IsEmpty: true }), token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Typing_ends_by_itself_and_lasts_while_it_is_repeated()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = new RoomReader(await host.EnterAsync("anna", token));
        await using var bert = await host.EnterAsync("bert", token);

        var began = TimeProvider.System.GetTimestamp();
        bert.SetTyping(true);
        await anna.UntilAsync(Types("bert"), token);
        await TestClock.UntilAsync(TimeSpan.FromSeconds(2), token);
        var repeated = TimeProvider.System.GetTimestamp();
        bert.SetTyping(true);
        await anna.UntilAsync(
            events => events.SkipWhile(e => !Types("bert")(e)).FirstOrDefault(e => e is RoomEvent.TypingChanged { People.IsEmpty: true }), token);
        Assert.InRange(TimeProvider.System.GetElapsedTime(repeated), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(40));
        Assert.True(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(7));
        // That it was repeated is no news.
        Assert.Single(anna.Events, e => Types("bert")(e));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Ended_session_does_not_type()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = new RoomReader(await host.EnterAsync("anna", token));
        await using var bert = await host.EnterAsync("bert", token);
        await using var cleo = await host.EnterAsync("cleo", token);
        await host.Sessions.EndAsync(bert.Participant.Session.Id, null, token);
        bert.SetTyping(true);
        cleo.SetTyping(true);
        await anna.UntilAsync(Types("cleo"), token);
        Assert.DoesNotContain(anna.Events, e => Types("bert")(e));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task People_come_go_and_are_away_and_several_tabs_are_one_person()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var watcher = new RoomReader(await host.EnterAsync("watcher", token));
        var anna = await host.JoinAsync("anna", token);

        var first = await host.EnterAsync(anna, token);
        await UntilPeopleAsync("anna Online 1, watcher Online 1");
        var second = await host.Rooms.JoinAsync(host.Lobby, host.Connect(anna, Door.Cli), null, token);
        await UntilPeopleAsync("anna Online 2, watcher Online 1");
        first.Participant.SetState(PresenceState.Away);
        second.Participant.SetState(PresenceState.Away);
        await UntilPeopleAsync("anna Away 2, watcher Online 1");
        // Somebody with one living tab is here.
        second.Participant.SetState(PresenceState.Online);
        await UntilPeopleAsync("anna Online 2, watcher Online 1");
        await first.DisposeAsync();
        await UntilPeopleAsync("anna Online 1, watcher Online 1");
        await second.DisposeAsync();
        await UntilPeopleAsync("watcher Online 1");
        Assert.Equal(["watcher"], host.Lobby.People.Select(p => p.Nickname));

        Task UntilPeopleAsync(string expected) => watcher.UntilAsync(
            events => events.OfType<RoomEvent.PeopleChanged>().LastOrDefault() is { } last && Describe(last.People) == expected ? last : null, token);

        static string Describe(IEnumerable<PersonHere> people) =>
            string.Join(", ", people.Select(p => $"{p.Nickname} {p.State} {p.Doors.Length}"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Connected_users_list_rooms_while_somebody_is_in_them()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var garden = await host.CreateRoomAsync("Garden", anna, token);
        var participant = host.Connect(anna);
        var inLobby = await host.Rooms.JoinAsync(host.Lobby, participant, null, token);
        await using var inGarden = await host.Rooms.JoinAsync(garden, participant, null, token);
        // A page that changes over holds the room twice for a moment.
        var inLobbyAgain = await host.Rooms.JoinAsync(host.Lobby, participant, null, token);
        await inLobby.DisposeAsync();
        Assert.Equal(["Garden", "Lobby"], host.Connected.List().Single().Rooms);
        await inLobbyAgain.DisposeAsync();
        Assert.Equal(["Garden"], host.Connected.List().Single().Rooms);
        participant.Dispose();
        Assert.Empty(host.Connected.List());
    }

    private static Func<RoomEvent, bool> Types(string nickname) =>
        e => e is RoomEvent.TypingChanged typing && typing.People.Any(p => p.Nickname == nickname);
}
