using ChatShare.Tests.Support;

namespace ChatShare.Tests.EndToEnd;

/// <summary>
/// One server for the tests of a class that do not disturb each other; they use rooms and names of their own. It has an administrator,
/// and one may send as fast as one can.
/// </summary>
public sealed class ServerFixture : IAsyncLifetime
{
    /// <summary>The administrator's user name.</summary>
    public const string Administrator = "Root";

    /// <summary>The administrator's password.</summary>
    public const string Password = "correct horse battery";

    /// <summary>The server.</summary>
    public ServerProcess Server { get; private set; } = null!;

    /// <inheritdoc />
    public async ValueTask InitializeAsync() => Server = await ServerProcess.StartMigratedAsync(
        CancellationToken.None, "ChatShare:Limits:MessagesPerSecond=0", $"ChatShare:Admin:UserName={Administrator}", $"ChatShare:Admin:Password={Password}");

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
