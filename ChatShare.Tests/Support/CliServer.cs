using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Tests.Support;

/// <summary>One running application for the tests of a class, with an administrator, and without the limits that many people at one machine meet.</summary>
public sealed class CliServer : IAsyncLifetime
{
    public const string Administrator = "Root";
    public const string Password = "correct horse battery";

    internal RunningApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync() => App = await RunningApp.StartAsync(
        $"ChatShare:Admin:UserName={Administrator}",
        $"ChatShare:Admin:Password={Password}",
        "ChatShare:Limits:JoinsPerMinutePerAddress=0",
        "ChatShare:Limits:SignInsPerMinutePerAddress=0");

    /// <summary>Makes a room for one test, so that its numbers and files are its own.</summary>
    internal async Task<string> RoomAsync(string name)
    {
        var maker = await App.Get<SessionService>().JoinAsync(Make.Nickname($"Maker of {name}"), TestContext.Current.CancellationToken);
        await App.Get<RoomService>().CreateAsync(Make.RoomName(name), "", maker, TestContext.Current.CancellationToken);
        return name;
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
