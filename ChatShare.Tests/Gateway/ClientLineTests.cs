using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatShare.Tests.Support;
using ChatShare.Web.Gateway;
using Microsoft.AspNetCore.Connections;

namespace ChatShare.Tests.Gateway;

/// <summary>The quiet around what is sent to a client: a real connection, and a clock that stands still.</summary>
public sealed class ClientLineTests : IAsyncLifetime
{
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(40);

    private readonly StillClock _clock = new();
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _read = new byte[4096];
    private Socket _server = null!;
    private ClientLine _line = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        await _client.ConnectAsync(listener.LocalEndPoint!, Cancel);
        _server = await listener.AcceptAsync(Cancel);
        _line = new ClientLine(new DefaultConnectionContext(), _server, new GatewayPace(), Gap, _clock);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _server.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Message_behind_one_whose_quiet_was_broken_off_waits_for_the_rest_of_it()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var first = _line.SendAsync("first", over.Token);
        Assert.Equal("first", await ReadAsync());
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var reason = _line.SayAsync("reason", Cancel);
        Assert.Equal(0, _client.Available);
        var reading = ReadAsync();
        // It may also wait for the acknowledgement of the first, which the system sends when it likes.
        while (!reading.IsCompleted)
        {
            _clock.Advance(Gap);
            await Task.WhenAny(reading, TestClock.UntilAsync(TimeSpan.FromMilliseconds(10), Cancel));
        }

        Assert.Equal("reason", await reading);
        Assert.False(reason.IsFaulted);
    }

    [Fact]
    public async Task File_has_begun_with_its_offer()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var offer = _line.OfferAsync("FILE_INCOMING:a.bin:5:ann", over.Token);
        Assert.False(_line.IsInFile);
        _clock.Advance(Gap * 4);
        Assert.Equal("FILE_INCOMING:a.bin:5:ann", await ReadAsync());
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => offer);

        Assert.True(_line.IsInFile);
    }

    [Fact]
    public void Pause_behind_a_file_that_is_taken_at_once_leaves_its_reader_more_than_a_second()
    {
        var delivery = new Delivery(_clock);
        delivery.Note(new TcpInfo(0, SendWindow: 65_536, IsClosed: false));
        _clock.Advance(TimeSpan.FromMilliseconds(2));
        delivery.Note(new TcpInfo(50_000, SendWindow: 15_536, IsClosed: false), isLast: true);

        Assert.Equal(TimeSpan.FromSeconds(1.5), delivery.Pause(50_000));
    }

    [Fact]
    public void Pause_behind_a_long_file_is_as_long_as_its_reader_may_need_for_its_buffer()
    {
        // Ten megabytes a second.
        var delivery = new Delivery(_clock);
        for (var acked = 0; acked <= 30_000_000; acked += 1_000_000)
        {
            delivery.Note(new TcpInfo(acked, SendWindow: 3_000_000, IsClosed: false));
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(delivery.Pause(30_000_000), TimeSpan.FromMilliseconds(400), TimeSpan.FromMilliseconds(500));
    }

    private async Task<string> ReadAsync() => Encoding.UTF8.GetString(_read, 0, await _client.ReceiveAsync(_read, Cancel));
}
