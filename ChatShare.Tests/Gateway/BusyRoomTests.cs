using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web.Gateway;
using Microsoft.AspNetCore.Connections;

namespace ChatShare.Tests.Gateway;

/// <summary>What a client says while the server is busy with what it said before.</summary>
public sealed class BusyRoomTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_comes_while_a_file_is_looked_at_is_still_each_by_itself()
    {
        using var scanner = new StandInScanner();
        await using var app = await RunningApp.StartAsync([.. GatewayFixture.Settings, $"ChatShare:Scan:Command={scanner.Command}"]);
        await using var watcher = await GatewayFixture.EnterAsync(app, "Watcher");
        // What is written has been read when it is written: the client's pauses, without a clock.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var client = RunAsync(app, pipe.Reader, over.Token);

        scanner.Hold();
        await SayAsync("FILE_TRANSFER:a.bin:5");
        await SayAsync("AAAAA");
        await scanner.CalledAsync(1);
        await SayAsync("hello all");
        await SayAsync("second line");
        await SayAsync("FILE_TRANSFER:b.bin:5");
        var rest = SayAsync("BBBBB");
        scanner.Release();
        await rest;

        await watcher.UntilMessageAsync(m => m.Files is [{ Name: "b.bin", State: FileState.Ready }], Cancel);
        Assert.Equal(["hello all", "second line"], watcher.Messages.Select(m => m.Text).Where(text => text.Length > 0).Distinct());
        Assert.Contains(watcher.Messages, m => m.Files is [{ Name: "a.bin", State: FileState.Ready }]);
        await over.CancelAsync();
        await ((Task)client).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        async Task SayAsync(string text) => await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text), Cancel).AsTask().WaitAsync(TimeSpan.FromMilliseconds(Make.Patience), Cancel);
    }

    /// <summary>A client that is in, without the connection that it says things by.</summary>
    private static async Task RunAsync(RunningApp app, PipeReader says, CancellationToken cancellationToken)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var hears = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await hears.ConnectAsync(listener.LocalEndPoint!, cancellationToken);
        using var socket = await listener.AcceptAsync(cancellationToken);
        var (pace, time) = (app.Get<GatewayPace>(), app.Get<TimeProvider>());
        var session = await app.Get<SessionService>().JoinAsync(Make.Nickname("window"), cancellationToken);
        using var participant = app.Get<ConnectedUsers>().Connect(session, Door.Tcp, "10.0.0.2");
        await using var room = await app.Get<RoomService>().JoinAsync(app.Get<RoomService>().Find(RoomService.Lobby)!, participant, null, cancellationToken);
        var guest = new Guest(session, "window");
        var input = new ClientInput(says, pace, time);
        var line = new ClientLine(new DefaultConnectionContext(), socket, pace, TimeSpan.Zero, time);
        var outbox = new ClientOutbox(line, input.Ready, guest, _ => "", app.Get<GatewayFiles>());
        await new GatewayClient(room, input, outbox, new RoomFeed(guest, room), app.Get<ClientUploads>(), pace, time).RunAsync(cancellationToken);
    }
}
