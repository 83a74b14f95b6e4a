using ChatShare.Tests.Support;

namespace ChatShare.Tests.EndToEnd;

/// <summary>One server for the tests of a class that do not disturb each other; they use rooms and names of their own.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    /// <summary>The server.</summary>
    public ServerProcess Server { get; private set; } = null!;

    /// <inheritdoc />
    public async ValueTask InitializeAsync() => Server = await ServerProcess.StartAsync(CancellationToken.None);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
