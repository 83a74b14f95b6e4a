using System.Collections.Immutable;
using Bunit;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class PeoplePaneTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Oneself_comes_first_then_the_others_by_name_with_who_is_away()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var me = await core.JoinAsync("Maria", token);
        await using var circuit = new Circuit(core, me);
        await using var mine = await core.EnterAsync(me, token);
        await using var zoe = await core.EnterAsync("Zoe", token);
        await using var adam = await core.EnterAsync("adam", token);
        zoe.Participant.SetState(PresenceState.Away);
        await StateAsync(core, "Zoe", PresenceState.Away);
        var pane = Render(circuit);

        await ShowAsync(pane, core.Lobby.People);

        Assert.Equal(["Maria (you) here", "adam here", "Zoe away"], pane.Lines("People"));

        zoe.Participant.SetState(PresenceState.Online);
        await StateAsync(core, "Zoe", PresenceState.Online);
        await ShowAsync(pane, core.Lobby.People);

        Assert.Equal(["Maria (you) here", "adam here", "Zoe here"], pane.Lines("People"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Of_many_people_thirty_are_shown_and_the_rest_when_asked_for()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var me = await core.JoinAsync("Zora", token);
        await using var circuit = new Circuit(core, me);
        ImmutableArray<PersonHere> people =
        [
            .. Enumerable.Range(1, 35).Select(i => new PersonHere(Guid.NewGuid(), $"Guest {i:00}", PresenceState.Online, [Door.Browser])),
            new PersonHere(me.PersonId, "Zora", PresenceState.Online, [Door.Browser]),
        ];
        var pane = Render(circuit);

        await ShowAsync(pane, people);

        Assert.Equal(30, pane.Lines("People").Count);
        Assert.StartsWith("Zora", pane.Lines("People")[0], StringComparison.Ordinal);

        await pane.PressAsync("Show 6 more");
        Assert.Equal(36, pane.Lines("People").Count);
        Assert.Equal("Guest 35 here", pane.Lines("People")[^1]);
        Assert.DoesNotContain(pane.FindAll("button"), button => button.TextContent.Contains("more", StringComparison.Ordinal));

        // Whoever asked for all keeps seeing all.
        await ShowAsync(pane, people.Add(new PersonHere(Guid.NewGuid(), "Zuri", PresenceState.Away, [Door.Tcp])));
        Assert.Equal("Zuri TCP away", pane.Lines("People")[^1]);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Thirty_people_are_shown_without_a_button()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var pane = Render(circuit);

        await ShowAsync(
            pane, [.. Enumerable.Range(1, 30).Select(i => new PersonHere(Guid.NewGuid(), $"Guest {i}", PresenceState.Online, [Door.Browser]))]);

        Assert.Equal(30, pane.Lines("People").Count);
        Assert.DoesNotContain("more", pane.Markup, StringComparison.Ordinal);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Who_is_connected_but_not_in_this_room_stands_below_once()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var me = await core.JoinAsync("Ann", token);
        await using var circuit = new Circuit(core, me);
        await using var mine = await core.EnterAsync(me, token);
        var bo = await core.JoinAsync("Bo", token);
        await using var elsewhere = await core.EnterAsync(bo, token, await core.CreateRoomAsync("Workshop", bo, token));
        core.Connect(bo, Door.Cli);
        var cy = core.Connect(await core.JoinAsync("Cy", token));
        cy.SetState(PresenceState.Away);
        var pane = Render(circuit);

        await ShowAsync(pane, core.Lobby.People);

        Assert.Equal(["Ann (you) here"], pane.Lines("People"));
        Assert.Equal(["Bo here", "Cy away"], pane.Lines("Elsewhere"));

        elsewhere.Participant.Dispose();
        await core.Sessions.EndPersonAsync(bo.PersonId, null, token);
        cy.Dispose();
        await pane.WaitForAssertionAsync(() => Assert.Empty(pane.Lines("Elsewhere")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Who_is_away_at_one_door_and_online_at_another_is_here()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var bo = await core.JoinAsync("Bo", token);
        core.Connect(bo).SetState(PresenceState.Away);
        core.Connect(bo, Door.Cli);
        var pane = circuit.Render<PeoplePane>();

        await pane.InvokeAsync(() => pane.Instance.Show([]));

        Assert.Contains("Bo here", pane.Lines("Elsewhere"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Who_comes_and_goes_elsewhere_is_followed()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var ann = await core.JoinAsync("Ann", token);
        await using var circuit = new Circuit(core, ann);
        var room = circuit.ShowRoom(core.Lobby);
        await room.WaitForAssertionAsync(() => Assert.Equal(["Ann (you) here"], room.Lines("People")));
        // The newcomer's own arrival is told with the next flush; that is over when somebody else's was told.
        await using var cy = await core.EnterAsync("Cy", token);
        await room.WaitForAssertionAsync(() => Assert.Equal(2, room.Lines("People").Count));

        core.Connect(await core.JoinAsync("Bo", token));

        await room.WaitForAssertionAsync(() => Assert.Equal(["Bo here"], room.Lines("Elsewhere")));
    }

    private static IRenderedComponent<PeoplePane> Render(Circuit circuit) =>
        circuit.Render<PeoplePane>(parameters => parameters.Add(p => p.Viewer, circuit.Participant.Session.PersonId));

    /// <summary>Waits until the room, which collects such changes, says so.</summary>
    private static Task StateAsync(CoreHost core, string nickname, PresenceState state) =>
        Eventually.TrueAsync(() => Task.FromResult(core.Lobby.People.Any(person => person.Nickname == nickname && person.State == state)));

    private static Task ShowAsync(IRenderedComponent<PeoplePane> pane, ImmutableArray<PersonHere> people) =>
        pane.InvokeAsync(() => pane.Instance.Show(people));
}
