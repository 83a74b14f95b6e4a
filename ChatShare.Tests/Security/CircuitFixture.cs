using System.Globalization;
using ChatShare.Benchmarks.Circuits;
using ChatShare.Benchmarks.Stall;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

/// <summary>One server with two people who talk by their pages, and must not notice what the tests of a class do to it.</summary>
public sealed class CircuitFixture : IAsyncLifetime
{
    private BareCircuit _speaker = null!;
    private BareCircuit _listener = null!;
    private int _names;

    internal RunningApp App { get; private set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        App = await RunningApp.StartAsync("ChatShare:Limits:JoinsPerMinutePerAddress=0", "ChatShare:Limits:MessagesPerSecond=0", "ChatShare:Limits:CircuitsPerAddress=0");
        _speaker = await OpenAsync("Speaker");
        _listener = await OpenAsync("Listener");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _speaker.DisposeAsync();
        await _listener.DisposeAsync();
        await App.DisposeAsync();
    }

    /// <summary>Nobody has it yet.</summary>
    internal string NewName(string name) => string.Create(CultureInfo.InvariantCulture, $"{name} {Interlocked.Increment(ref _names)}");

    /// <summary>Somebody who has the Lobby open.</summary>
    internal async Task<BareCircuit> OpenAsync(string name) =>
        await BareCircuit.OpenAsync(await Visitor.JoinAsync(new Uri(App.Address), NewName(name), Cancel), "/rooms/Lobby", Cancel);

    /// <summary>The two have noticed nothing, and what one says comes to the other.</summary>
    internal async Task StillTalkAsync()
    {
        var text = Guid.NewGuid().ToString();
        var (succeeded, result) = await _speaker.SendAsync(text, Cancel);
        Assert.True(succeeded, result);
        await _listener.SeesAsync(text, Cancel);
        Assert.Equal((null, null), (_speaker.Error, _listener.Error));
    }
}
