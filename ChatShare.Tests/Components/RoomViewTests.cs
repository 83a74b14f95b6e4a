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
        var said = await anna.SendAsync(Make.Text("good night"), Make.ClientId(), token);
        var clock = new StillClock(new DateTimeOffset(said.SentAt.UtcDateTime.Date, TimeSpan.Zero).AddHours(23.5));
        await using var circuit = new Circuit(core, await core.JoinAsync("Bo", token), clock);

        var room = circuit.ShowRoom(core.Lobby);
        await room.WaitForAssertionAsync(() => Assert.Equal("Today", room.Find(".day").TextContent.Trim()));
        await Eventually.TrueAsync(() => Task.FromResult(clock.Awaited.Any(left => left > TimeSpan.FromMinutes(29))));
        clock.Advance(TimeSpan.FromMinutes(31));

        await room.WaitForAssertionAsync(() => Assert.Equal("Yesterday", room.Find(".day").TextContent.Trim()));
    }
}
