using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ChatShare.Benchmarks.Circuits;
using ChatShare.Benchmarks.Stall;
using ChatShare.Tests.Gateway;
using ChatShare.Tests.Support;
using ChatShare.Web.Gateway;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Reliability;

/// <summary>
/// Readers that stand still, each by another door: a page that acknowledges nothing, a process that is stopped, a TCP client that does not read.
/// All others have every message while they stand, what waits for them is bounded, and they catch up.
/// </summary>
public sealed class StalledReaderTests
{
    private const int MostBatches = 10;

    // In the long form more than the kernel's buffers of any connection hold, so that the server can write on to none of them.
    private static readonly int Posted = Make.IsLong ? 2000 : 150;
    private static readonly string Padding = new('x', 15_000);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Make.Patience)]
    public async Task Everybody_else_has_every_message_while_readers_stand_still_and_they_catch_up()
    {
        var token = TestContext.Current.CancellationToken;
        // That a TCP client which takes nothing for a minute is dropped is shown elsewhere; the others may take longer than that here.
        await using var app = await RunningApp.StartAsync(
            builder => builder.Services.AddSingleton(new GatewayPace { Patience = TimeSpan.FromMinutes(10) }),
            "ChatShare:Gateway:Endpoint=127.0.0.1:0", "ChatShare:Gateway:MessageGapMilliseconds=1", "ChatShare:Limits:MessagesPerSecond=0", "ChatShare:Limits:JoinsPerMinutePerAddress=0");
        await using var writer = await GatewayFixture.EnterAsync(app, "Writer");
        await using var reader = await GatewayFixture.EnterAsync(app, "Reader");
        await using var page = await OpenAsync(app, "Page");
        await using var client = await OldClient.JoinAsync(app.Gateway!, "client");
        await using var stalledPage = await OpenAsync(app, "Stalled page");
        using var home = new CliHome(app.Address);
        await using var stopped = home.Start("join", "--nick", "Stopped");
        using var silent = await ConnectAsync(app, "silent");
        await writer.Session.SayAsync("before", token);
        await stopped.SeesAsync("before");
        await stalledPage.SeesAsync("before", token);
        await StandStillAsync(stalledPage);
        await stopped.StopAsync();

        foreach (var part in Enumerable.Range(0, Posted).Chunk(50))
            await Task.WhenAll(part.Select(number => writer.Session.SayAsync(TextOf(number) + Padding, token)));
        await writer.Session.SayAsync("the end", token);

        // They stand still, and everybody else has everything.
        await reader.UntilMessageAsync(message => message.Text == "the end", token);
        await page.SeesAsync("the end", token);
        await client.SeesAsync(text => text.Contains("the end", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(0, Posted).Select(TextOf), reader.Messages.Select(message => message.Text.Replace(Padding, "", StringComparison.Ordinal)).Where(IsNumbered));
        AssertAll(string.Concat(client.Read));
        Assert.False(stalledPage.Ended.IsCompleted);
        Assert.Equal(MostBatches, stalledPage.Unacknowledged);
        Assert.DoesNotContain(stalledPage.Rows, row => row.Contains("the end", StringComparison.Ordinal));
        Assert.DoesNotContain("the end", stopped.Output, StringComparison.Ordinal);

        // And go on: the page with what its window holds, the others with everything.
        await stalledPage.AcknowledgeAsync(token);
        await stalledPage.SeesAsync("the end", token);
        await stopped.GoOnAsync();
        await stopped.SeesAsync("the end");
        AssertAll(stopped.Output);
        AssertAll(await ReadToAsync(silent, "the end"));
    }

    private static string TextOf(int number) => string.Create(CultureInfo.InvariantCulture, $"number {number:D5} ");

    private static bool IsNumbered(string text) => text.StartsWith("number ", StringComparison.Ordinal);

    /// <summary>Each of them once, in order.</summary>
    private static void AssertAll(string text)
    {
        var at = 0;
        for (var number = 0; number < Posted; number++)
        {
            var found = text.IndexOf(TextOf(number), at, StringComparison.Ordinal);
            Assert.True(found >= 0, string.Create(CultureInfo.InvariantCulture, $"{number} is missing, or out of order."));
            at = found + 1;
        }

        Assert.Equal(Posted, text.Split("number ").Length - 1);
    }

    private static async Task<BareCircuit> OpenAsync(RunningApp app, string nickname) =>
        await BareCircuit.OpenAsync(await Visitor.JoinAsync(new Uri(app.Address), nickname, Cancel), "/rooms/Lobby", Cancel);

    /// <summary>Until as many batches wait as the server keeps: from then on it draws nothing more.</summary>
    private static async Task StandStillAsync(BareCircuit page)
    {
        page.Acknowledges = false;
        while (page.Unacknowledged < MostBatches)
            await page.CallAsync(BareCircuit.Room, "JumpToLatestAsync", [], Cancel);
    }

    /// <summary>Answers the question, and reads nothing from then on.</summary>
    private static async Task<Socket> ConnectAsync(RunningApp app, string nickname)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8192 };
        await socket.ConnectAsync(app.Gateway!, Cancel);
        await socket.ReceiveAsync(new byte[4], Cancel);
        await socket.SendAsync(Encoding.UTF8.GetBytes(nickname), Cancel);
        return socket;
    }

    private static async Task<string> ReadToAsync(Socket socket, string end)
    {
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        while (await socket.ReceiveAsync(buffer, Cancel) is > 0 and var length)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, length));
            if (text.ToString(Math.Max(0, text.Length - 200), Math.Min(200, text.Length)).Contains(end, StringComparison.Ordinal))
                break;
        }

        return text.ToString();
    }
}
