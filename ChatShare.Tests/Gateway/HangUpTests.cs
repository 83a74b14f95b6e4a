using System.Net.Sockets;
using ChatShare.Core.People;
using ChatShare.Tests.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Gateway;

/// <summary>Those who connect and say nothing. By itself, because the memory of everything that runs beside it would be counted.</summary>
[Collection(nameof(SlowReaderTests))]
public sealed class HangUpTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_who_hang_up_in_the_handshake_leave_nothing_behind()
    {
        await using var browser = await fixture.EnterAsync("Doorman");
        await using var witness = await OldClient.JoinAsync(fixture.Address, "porter");
        var read = witness.Read.Count;
        // Whatever is kept for the next one is there before the measuring begins.
        await HangUpAsync(100);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var count = Make.IsLong ? 10_000 : 400;
        await HangUpAsync(count);

        // A connection that something holds on to is more.
        var most = before + (count * 5_000);
        await Eventually.TrueAsync(() => Task.FromResult(GC.GetTotalMemory(forceFullCollection: true) < most));
        Assert.Equal(read, witness.Read.Count);
        await browser.Session.SayAsync("still here", Cancel);
        await witness.SeesAsync("Doorman: still here");
    }

    private async Task HangUpAsync(int count)
    {
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 50, CancellationToken = Cancel }, async (number, cancel) =>
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(fixture.Address, cancel);
            // Some wait for the question, some break it off hard.
            if (number % 3 == 0)
                await socket.ReceiveAsync(new byte[16], cancel);
            if (number % 2 == 0)
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
        });
        await Eventually.TrueAsync(() => Task.FromResult(fixture.App.Get<ConnectedUsers>().List().Count(user => user.Door == Door.Tcp) == 1));
    }
}
