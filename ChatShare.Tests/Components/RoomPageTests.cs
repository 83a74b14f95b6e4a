using Bunit;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Pages;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class RoomPageTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task A_room_that_is_missing_can_be_made()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = NewCircuit(core, await core.JoinAsync("Ann", token));
        var page = circuit.Render<RoomPage>(parameters => parameters.Add(room => room.Address, "Garden"));
        Assert.Contains("There is no room “Garden”", page.Markup, StringComparison.Ordinal);

        await page.PressAsync("Create Garden");

        await page.WaitForAssertionAsync(() => page.Named("div[role=log]", "Messages"));
        Assert.NotNull(core.Rooms.Find(Make.RoomName("garden")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Somebody_who_makes_it_at_the_same_time_is_met_there()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = NewCircuit(core, await core.JoinAsync("Ann", token));
        var page = circuit.Render<RoomPage>(parameters => parameters.Add(room => room.Address, "garden"));
        await core.CreateRoomAsync("Garden", await core.JoinAsync("Bo", token), token);

        await page.PressAsync("Create garden");

        await page.WaitForAssertionAsync(() => Assert.Equal("Garden", page.Find("h1").Words()));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_name_that_cannot_be_is_said_and_nothing_is_offered_but_the_lobby()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = NewCircuit(core, await core.JoinAsync("Ann", token));

        var page = circuit.Render<RoomPage>(parameters => parameters.Add(room => room.Address, "a<b"));

        Assert.Contains("A room name cannot contain “&lt;”", page.Markup, StringComparison.Ordinal);
        Assert.Equal(RoomService.Lobby.UrlPath, page.Named("a", "Go to Lobby").GetAttribute("href"));
        Assert.DoesNotContain(page.FindAll("button"), button => button.Words().StartsWith("Create", StringComparison.Ordinal));
    }

    /// <summary>A room that is opened asks the browser for its zone.</summary>
    private static Circuit NewCircuit(CoreHost core, Core.People.PersonSession session)
    {
        var circuit = new Circuit(core, session);
        circuit.JSInterop.Setup<string>("chatshare.chat.timeZone").SetResult("UTC");
        return circuit;
    }
}
