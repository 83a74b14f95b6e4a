using ChatShare.Tests.Support;

namespace ChatShare.Tests.EndToEnd;

/// <summary>The classes of few tests have one server together. Their rooms and nicknames are their own, too.</summary>
[CollectionDefinition(Name)]
public sealed class FewTests : ICollectionFixture<ServerFixture>
{
    public const string Name = "Classes of few tests in a browser";
}

/// <summary>
/// One server for the tests of a class that do not disturb each other; they use rooms and names of their own. It has an administrator,
/// and one may send as fast as one can.
/// </summary>
public sealed class ServerFixture(Chromium chromium) : IAsyncLifetime
{
    /// <summary>The administrator's user name.</summary>
    public const string Administrator = "Root";

    /// <summary>The administrator's password.</summary>
    public const string Password = "correct horse battery";

    private Person? _onlooker;

    /// <summary>The server.</summary>
    public ServerProcess Server { get; private set; } = null!;

    /// <inheritdoc />
    public async ValueTask InitializeAsync() => Server = await ServerProcess.StartInAsync(
        // The machine may stand anywhere; times and numbers are those of an English page all the same.
        new Dictionary<string, string> { ["LANG"] = "fi_FI.UTF-8", ["LC_ALL"] = "fi_FI.UTF-8" }, CancellationToken.None, "ChatShare:Limits:MessagesPerSecond=0", $"ChatShare:Admin:UserName={Administrator}", $"ChatShare:Admin:Password={Password}");

    /// <summary>
    /// Somebody who has Lobby open through all tests of the class and sees there what others do: to join costs more than most tests do
    /// otherwise. They stay where they are, and find everything by names that are the test's own.
    /// </summary>
    public async Task<Person> OnlookerAsync() =>
        _onlooker ??= await Person.JoinAsync(await chromium.OpenToStayAsync(Server), Server, "Onlooker", "/rooms/Lobby");

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_onlooker is not null)
            await _onlooker.Page.Context.CloseAsync();
        await Server.DisposeAsync();
    }
}
