using Bunit;
using ChatShare.Tests.Support;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class RoomViewTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Today_is_yesterday_after_midnight_also_where_nobody_says_anything()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var anna = await core.EnterAsync("Anna", token);
        await anna.SendAsync(Make.Text("good night"), Make.ClientId(), token);
        var clock = new ForwardClock(new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero).AddDays(1).AddSeconds(-2));
        await using var circuit = new Circuit(core, await core.JoinAsync("Bo", token), clock);

        var room = circuit.ShowRoom(core.Lobby);

        await room.WaitForAssertionAsync(() => Assert.Equal("Today", room.Find(".day").TextContent.Trim()));
        await room.WaitForAssertionAsync(() => Assert.Equal("Yesterday", room.Find(".day").TextContent.Trim()));
    }
}
