using System.Net;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Gateway;

/// <summary>One server with the gateway for the tests of a class; they use names of their own. Rates are not limited.</summary>
public class GatewayFixture : IAsyncLifetime
{
    internal static readonly string[] Settings =
    [
        "ChatShare:Gateway:Endpoint=127.0.0.1:0",
        // Twice as long as usual: on a busy machine a client may not get to read each message before the next one.
        "ChatShare:Gateway:MessageGapMilliseconds=80",
        "ChatShare:Limits:JoinsPerMinutePerAddress=0",
        "ChatShare:Limits:TcpConnectionsPerAddress=0",
        "ChatShare:Limits:MessagesPerSecond=0",
        "ChatShare:Limits:UploadsPerMinute=0",
    ];

    internal RunningApp App { get; private set; } = null!;

    internal IPEndPoint Address => App.Gateway!;

    /// <inheritdoc />
    public async ValueTask InitializeAsync() => App = await RunningApp.StartAsync([.. Settings, .. More]);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Settings beside those of all.</summary>
    private protected virtual string[] More => [];

    /// <summary>Somebody in the Lobby by another door.</summary>
    internal Task<RoomReader> EnterAsync(string nickname) => EnterAsync(App, nickname);

    internal static async Task<RoomReader> EnterAsync(RunningApp app, string nickname)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        return await EnterAsync(app, await app.Get<SessionService>().JoinAsync(Make.Nickname(nickname), cancellationToken));
    }

    private static async Task<RoomReader> EnterAsync(RunningApp app, PersonSession session)
    {
        var participant = app.Get<ConnectedUsers>().Connect(session, Door.Browser, "10.0.0.1");
        var lobby = app.Get<RoomService>().Find(RoomService.Lobby)!;
        return new RoomReader(await app.Get<RoomService>().JoinAsync(lobby, participant, null, TestContext.Current.CancellationToken));
    }

    /// <summary>Somebody who has a session already, in the Lobby by another door.</summary>
    internal async Task<RoomReader> EnterAsync(PersonSession session) => await EnterAsync(App, session);

    /// <summary>Somebody shares a file by another door.</summary>
    internal async Task<Upload> ShareAsync(RoomReader sender, string name, byte[] content)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var upload = (await App.Get<UploadService>().BeginAsync(sender.Session, [Make.File(name, content.Length)], Make.ClientId(), cancellationToken))[0];
        await upload.AppendAsync(0, new MemoryStream(content), cancellationToken);
        return upload;
    }
}

/// <summary>For tests that look at each read by itself, and at few of them: on a machine that runs all tests at once a client may be late by a tenth of a second.</summary>
public sealed class UnhurriedGatewayFixture : GatewayFixture
{
    private protected override string[] More => ["ChatShare:Gateway:MessageGapMilliseconds=200"];
}
