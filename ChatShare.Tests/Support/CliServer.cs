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

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
