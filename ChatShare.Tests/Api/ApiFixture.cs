using System.Globalization;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Api;

/// <summary>One server for the tests of a class that use names and rooms of their own. One may send and ask as fast as one can.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    public const string Administrator = "Root";

    public const string Password = "correct horse battery";

    public static readonly string[] Settings =
    [
        "ChatShare:Limits:MessagesPerSecond=0", "ChatShare:Limits:ApiRequestsPerSecond=0", "ChatShare:Limits:JoinsPerMinutePerAddress=0",
        "ChatShare:Limits:SignInsPerMinutePerAddress=0", $"ChatShare:Admin:UserName={Administrator}", $"ChatShare:Admin:Password={Password}",
    ];

    private int _names;

    internal RunningApp App { get; private set; } = null!;

    /// <inheritdoc />
    public async ValueTask InitializeAsync() => App = await RunningApp.StartAsync(Settings);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => App.DisposeAsync();

    /// <summary>A nickname that nobody has here.</summary>
    internal string NewName() => string.Create(CultureInfo.InvariantCulture, $"Guest {Interlocked.Increment(ref _names)}");

    /// <summary>Somebody new who has joined through the form.</summary>
    internal Task<HttpClient> JoinAsync() => App.JoinAsync(NewName());
}
