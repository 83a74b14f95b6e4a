using System.Reflection;
using System.Text.Json;
using ChatShare.Benchmarks.Stall;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web;
using Microsoft.JSInterop;

namespace ChatShare.Tests.Security;

/// <summary>
/// What a browser can call is called by somebody who wants what is not theirs, and by somebody who was disconnected and whose page does
/// not know it yet. A method that is new fails here until somebody says how it is called.
/// </summary>
public sealed class PageMethodTests(CircuitFixture fixture) : IClassFixture<CircuitFixture>
{
    private const string Picker = "chatshare.picker.start";
    private const string Downloads = "chatshare.downloads.start";
    private const string WhoHasIt = "chatshare.whoHasIt.start";

    /// <summary>By component and name (and what it is to do, where it is several things): the script that has its object, and arguments that aim at what is somebody else's.</summary>
    private static readonly Dictionary<string, (string Script, Func<Target, object?[]> Arguments)> Methods = new(StringComparer.Ordinal)
    {
        ["RoomView.SendAsync"] = (BareCircuit.Room, _ => [Make.ClientId(), "said by somebody who may not"]),
        ["RoomView.LoadOlderAsync"] = (BareCircuit.Room, _ => []),
        ["RoomView.LoadNewerAsync"] = (BareCircuit.Room, _ => []),
        ["RoomView.JumpToLatestAsync"] = (BareCircuit.Room, _ => []),
        ["RoomView.JumpToUnreadAsync"] = (BareCircuit.Room, _ => []),
        ["RoomView.ComeBackAsync"] = (BareCircuit.Room, _ => []),
        ["RoomView.FollowsEndAsync"] = (BareCircuit.Room, _ => [true]),
        ["RoomView.SeenAsync"] = (BareCircuit.Room, target => [target.Message]),
        ["RoomView.TypingAsync"] = (BareCircuit.Room, _ => [true]),
        ["RoomView.RowActionAsync"] = (BareCircuit.Room, target => ["keep", target.Message, target.File.Id.ToString()]),
        ["RoomView.RowActionAsync/take-back"] = (BareCircuit.Room, target => ["take-back", target.Message, null]),
        ["UploadPicker.Expect"] = (Picker, _ => ["Lobby", Array.Empty<string>()]),
        ["DownloadFeed.PauseAsync"] = (Downloads, target => [target.Download.Id]),
        ["DownloadFeed.ResumeAsync"] = (Downloads, target => [target.Download.Id]),
        ["DownloadFeed.CancelAsync"] = (Downloads, target => [target.Download.Id]),
        ["TakenFeed.CountAsync"] = (WhoHasIt, target => [new[] { target.File.Id.ToString() }]),
        ["TakenFeed.NamesAsync"] = (WhoHasIt, target => [target.File.Id.ToString()]),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_method_that_a_browser_can_call_is_known() => Assert.Equal(
        Methods.Keys.Select(Known).Distinct().Order(StringComparer.Ordinal),
        typeof(ChatShareApp).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(method => method.GetCustomAttribute<JSInvokableAttribute>() is not null)
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}").Order(StringComparer.Ordinal));

    [Fact(Timeout = Make.Patience)]
    public async Task Nobody_gets_at_what_is_somebody_elses()
    {
        var token = TestContext.Current.CancellationToken;
        var target = await PutTargetAsync();
        await using var stranger = await fixture.OpenAsync("Stranger");
        await stranger.UntilAsync(() => Methods.Values.All(method => stranger.Scripts.Contains(method.Script)), token);

        foreach (var (name, (script, arguments)) in Methods)
        {
            var (succeeded, result) = await stranger.CallAsync(script, Known(name).Split('.')[1], arguments(target), token);
            Assert.True(succeeded, $"{name}: {result}");
            if (script == WhoHasIt)
                Assert.Empty(Result(result).EnumerateArray());
        }

        await AssertUntouchedAsync(target);
        await fixture.StillTalkAsync();
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Whoever_was_disconnected_can_do_nothing_even_with_a_page_that_will_not_go_away()
    {
        var token = TestContext.Current.CancellationToken;
        var target = await PutTargetAsync();
        await using var revoked = await fixture.OpenAsync("Revoked");
        await revoked.UntilAsync(() => Methods.Values.All(method => revoked.Scripts.Contains(method.Script)), token);
        var session = fixture.App.Get<ConnectedUsers>().List().Single(user => user.Nickname.StartsWith("Revoked", StringComparison.Ordinal));
        // A page that acknowledges nothing is not drawn any more, and so its components stay after the session has ended.
        revoked.Acknowledges = false;
        while (revoked.Unacknowledged < 10)
            await revoked.CallAsync(BareCircuit.Room, "JumpToLatestAsync", [], token);
        var before = await NewestAsync();

        await fixture.App.Get<SessionService>().EndPersonAsync(session.PersonId, "Enough.", token);
        // All at once: the connection is about to be cut.
        var calls = Methods.ToDictionary(method => method.Key, method => TryAsync(revoked, method.Value.Script, Known(method.Key).Split('.')[1], method.Value.Arguments(target)));
        await revoked.Ended.WaitAsync(TimeSpan.FromSeconds(20), token);

        // They were heard, so it is the method itself that refuses.
        Assert.Equal("Enough.", Result((await calls["RoomView.SendAsync"])!.Value.Result).GetProperty("error").GetString());
        Assert.NotEqual(true, (await calls["RoomView.LoadOlderAsync"])?.Succeeded);
        Assert.NotEqual(true, (await calls["RoomView.JumpToLatestAsync"])?.Succeeded);
        Assert.Equal(before, await NewestAsync());
        var marks = await fixture.App.Get<ReadMarks>().OfAsync(session.PersonId, token);
        Assert.NotEqual(target.Message, marks[Lobby].Number);
        await AssertUntouchedAsync(target);
        await fixture.StillTalkAsync();
    }

    /// <summary>Null when the connection was cut before there was an answer.</summary>
    private static async Task<(bool Succeeded, string Result)?> TryAsync(BareCircuit circuit, string script, string method, object?[] arguments)
    {
        try
        {
            var call = circuit.CallAsync(script, method, arguments, Cancel);
            return await Task.WhenAny(call, circuit.Ended) == call || call.IsCompleted ? await call : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string Known(string key) => key.Split('/')[0];

    private Room Lobby => fixture.App.Get<RoomService>().Find(RoomService.Lobby)!;

    private static JsonElement Result(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    /// <summary>A file of somebody, in a message that everybody sees, and their own download of it.</summary>
    private async Task<Target> PutTargetAsync()
    {
        var owner = await fixture.App.Get<SessionService>().JoinAsync(Make.Nickname(fixture.NewName("Owner")), Cancel);
        var upload = (await fixture.App.Get<UploadService>().BeginAsync(Lobby, owner, Door.Api, [Make.File("target.txt", 3)], Make.ClientId(), Cancel))[0];
        await upload.AppendAsync(0, new MemoryStream([1, 2, 3]), Cancel);
        await upload.Ended.WaitAsync(Cancel);
        var message = (await NewestMessagesAsync()).Last(message => message.Files.Any(file => file.Id == upload.Id));
        await fixture.App.Get<WhoHasIt>().TookAsync([upload.Id], owner);
        return new Target(message.Number, message.Files[0], fixture.App.Get<ActiveDownloads>().Begin(message.Files[0], owner, Door.Browser, 3, isShown: false, CancellationToken.None));
    }

    private async Task AssertUntouchedAsync(Target target)
    {
        Assert.Equal(DownloadState.Running, target.Download.State);
        var message = (await NewestMessagesAsync()).Single(message => message.Number == target.Message);
        Assert.False(message.Deleted);
        Assert.False(message.Files[0].Kept);
        target.Download.Dispose();
    }

    private Task<System.Collections.Immutable.ImmutableArray<ChatMessage>> NewestMessagesAsync() => fixture.App.Get<MessageLog>().AfterAsync(Lobby, 0, int.MaxValue, Cancel);

    private async Task<long> NewestAsync() => (await NewestMessagesAsync())[^1].Changed;

    private sealed record Target(long Message, SharedFile File, Download Download);
}
