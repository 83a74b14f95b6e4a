using Bunit;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;
using Microsoft.Extensions.DependencyInjection;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class RoomsPaneTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Unread_counts_appear_with_messages_and_go_when_they_are_seen()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        await using var bo = await core.EnterAsync("Bo", token, await NewRoomAsync(core, "Workshop", token));
        var pane = circuit.Render<RoomsPane>();
        Assert.Equal(["Lobby", "Workshop"], pane.Lines("Rooms"));

        await bo.SayAsync("one", token);
        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby", "Workshop 1 unread"], pane.Lines("Rooms")));
        var second = await bo.SayAsync("two", token);
        await bo.SayAsync("three", token);
        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby", "Workshop 3 unread"], pane.Lines("Rooms")));

        See(second);
        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby", "Workshop 1 unread"], pane.Lines("Rooms")));
        See(await bo.SayAsync("four", token));
        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby", "Workshop"], pane.Lines("Rooms")));

        // What the room's page does when the person has a message on the screen.
        void See(ChatMessage message) => core.Marks.Mark(circuit.Participant.Session.PersonId, message);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_was_read_in_one_tab_is_read_in_the_other()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var ann = await core.JoinAsync("Ann", token);
        await using var circuit = new Circuit(core, ann);
        await using var other = new Circuit(core, ann);
        await using var bo = await core.EnterAsync("Bo", token);
        var pane = circuit.Render<RoomsPane>();
        var paneOfOther = other.Render<RoomsPane>();
        var message = await bo.SayAsync("one", token);
        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby 1 unread"], pane.Lines("Rooms")));
        await paneOfOther.WaitForAssertionAsync(() => Assert.Equal(["Lobby 1 unread"], paneOfOther.Lines("Rooms")));

        core.Marks.Mark(ann.PersonId, message);

        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby"], pane.Lines("Rooms")));
        await paneOfOther.WaitForAssertionAsync(() => Assert.Equal(["Lobby"], paneOfOther.Lines("Rooms")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task More_than_a_hundred_unread_are_99_and_more()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        await using var bo = await core.EnterAsync("Bo", token);
        var pane = circuit.Render<RoomsPane>();

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => bo.SayAsync($"{i}", token)));

        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby 99+ unread"], pane.Lines("Rooms")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task The_open_room_is_marked_and_follows_the_address()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        await using var bo = await core.EnterAsync("Bo", token, await NewRoomAsync(core, "Größe 9", token));
        // Any case opens a room, with or without a slash at its end.
        circuit.Navigation.NavigateTo("/rooms/lobby/");
        var pane = circuit.Render<RoomsPane>();
        await bo.SayAsync("hello", token);
        Assert.Equal("Lobby", Current());
        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby", "Größe 9 1 unread"], pane.Lines("Rooms")));

        circuit.Navigation.NavigateTo(bo.Room.Name.UrlPath);

        await pane.WaitForAssertionAsync(() => Assert.Equal("Größe 9", Current()));
        // The room that is open says by itself what is new in it.
        Assert.Equal(["Lobby", "Größe 9"], pane.Lines("Rooms"));

        // On the page of its files nobody reads.
        circuit.Navigation.NavigateTo($"{bo.Room.Name.UrlPath}/files");
        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby", "Größe 9 1 unread"], pane.Lines("Rooms")));
        Assert.Equal("Größe 9 1 unread", Current());

        circuit.Navigation.NavigateTo("/admin");
        await pane.WaitForAssertionAsync(() => Assert.Empty(pane.FindAll("[aria-current]")));

        string Current() => pane.Find("[aria-label=Rooms] [aria-current=page]").Words();
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_room_that_somebody_makes_appears_in_its_place()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        await NewRoomAsync(core, "Workshop", token);
        var pane = circuit.Render<RoomsPane>();

        await core.CreateRoomAsync("archive", await core.JoinAsync("Cy", token), token);

        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby", "archive", "Workshop"], pane.Lines("Rooms")));
        Assert.Equal("/rooms/archive", pane.Named("a", "archive").GetAttribute("href"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task The_title_counts_what_is_unread_in_the_other_rooms()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        await using var bo = await core.EnterAsync("Bo", token);
        var who = bo.Participant.Session;
        await using var workshop = await core.EnterAsync(who, token, await core.CreateRoomAsync("Workshop", who, token));
        await using var garden = await core.EnterAsync(who, token, await core.CreateRoomAsync("Garden", who, token));
        circuit.Navigation.NavigateTo("/rooms/Lobby");
        var pane = circuit.Render<RoomsPane>();
        await pane.WaitForAssertionAsync(() => Assert.Equal("Lobby — ChatShare", Title()));

        await bo.SayAsync("seen at once", token);
        await workshop.SayAsync("one", token);
        await garden.SayAsync("two", token);
        await garden.SayAsync("three", token);
        await pane.WaitForAssertionAsync(() => Assert.Equal("(3) Lobby — ChatShare", Title()));

        circuit.Navigation.NavigateTo("/rooms/Garden");
        await pane.WaitForAssertionAsync(() => Assert.StartsWith("(2) Garden — ", Title(), StringComparison.Ordinal));

        string Title() => pane.Find("page-title").GetAttribute("text")!;
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_new_room_is_opened_when_the_dialog_has_made_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var pane = circuit.Render<RoomsPane>();

        // Ends with the dialog, and is not waited for.
        var pressed = pane.PressAsync("New room");
        // The dialog's parts come over the line, and whoever waits for them presses again.
        await pane.PressAsync("New room");
        await circuit.Dialogs.WaitForStateAsync(() => circuit.Dialogs.AllNamed("input", "Room name").Count == 1);
        await circuit.Dialogs.TypeAsync("Room name", "Garden");
        await circuit.Dialogs.InvokeAsync(() => circuit.Dialogs.Find("form").SubmitAsync());
        await pressed;
        Assert.Empty(circuit.Dialogs.FindAll("form"));

        Assert.EndsWith("/rooms/Garden", circuit.Navigation.Uri, StringComparison.Ordinal);
        await pane.WaitForAssertionAsync(() => Assert.Equal(["Lobby", "Garden"], pane.Lines("Rooms")));
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_way_to_the_administration_is_shown_to_administrators_alone(bool isAdministrator)
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var session = isAdministrator ? await core.AdministratorAsync(token) : await core.JoinAsync("Ann", token);
        await using var circuit = new Circuit(core, session);

        var pane = circuit.Render<RoomsPane>();

        Assert.Equal(isAdministrator ? 1 : 0, pane.AllNamed("a", "Administration").Count);
        Assert.Single(pane.AllNamed("button", "Leave"));
    }

    private static async Task<Room> NewRoomAsync(CoreHost core, string name, CancellationToken cancellationToken) =>
        await core.CreateRoomAsync(name, await core.JoinAsync("Maker", cancellationToken), cancellationToken);
}
