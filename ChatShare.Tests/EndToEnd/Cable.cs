using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ChatShare.Tests.EndToEnd;

/// <summary>Between a browser and a server: it can be pulled, which breaks every connection, and put back.</summary>
internal sealed class Cable : IAsyncDisposable
{
    private const int TicksPerSecond = 50;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> _open = new();
    private readonly int _port;
    private readonly Task _accepting;
    private readonly CancellationTokenSource _held = new();
    private volatile bool _isPulled;
    private long _sent;
    private long _brought;
    private long _holdAfter = long.MaxValue;
    private volatile int _slowTo;

    public Cable(string address)
    {
        _port = new Uri(address).Port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The server's address through it.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Bytes that the browser has sent through it so far.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Bytes that the server has sent through it so far.</summary>
    public long Brought => Interlocked.Read(ref _brought);

    public void Pull()
    {
        _isPulled = true;
        foreach (var connection in _open.Keys)
            Reset(connection);
    }

    public void PutBack() => _isPulled = false;

    /// <summary>Each connection brings no more bytes a second to the browser from now on; 0 for as many as it can.</summary>
    public void SlowTo(int bytesPerSecond) => _slowTo = bytesPerSecond;

    /// <summary>Once so many bytes were sent through it, the connections that send more say nothing any more, and do not break.</summary>
    public void HoldAfter(long bytes) => Interlocked.Exchange(ref _holdAfter, bytes);

    public async ValueTask DisposeAsync()
    {
        Pull();
        _listener.Stop();
        await _held.CancelAsync();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                _ = CarryAsync(await _listener.AcceptTcpClientAsync());
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(TcpClient near)
    {
        // Small, so that what is on its way is little.
        using var far = new TcpClient { ReceiveBufferSize = 64 * 1024 };
        using (near)
        {
            _open[near] = _open[far] = 0;
            try
            {
                // Pulled before it was in the list, it would stay.
                if (_isPulled)
                    return;
                await far.ConnectAsync(IPAddress.Loopback, _port);
                var (one, other) = (near.GetStream(), far.GetStream());
                await Task.WhenAny(SendAsync(one, other), BringAsync(other, one));
            }
            catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                // What breaks here is what a cable is pulled for. A reset stays a reset: a clean end would say something else.
                Reset(near);
            }
            finally
            {
                _open.TryRemove(near, out _);
                _open.TryRemove(far, out _);
            }
        }
    }

    private async Task SendAsync(NetworkStream one, NetworkStream other)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await one.ReadAsync(buffer)) > 0)
        {
            if (Interlocked.Add(ref _sent, count) > Interlocked.Read(ref _holdAfter))
                await Task.Delay(Timeout.InfiniteTimeSpan, _held.Token);
            await other.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    private static void Reset(TcpClient connection)
    {
        try
        {
            if (connection.Client is { } socket)
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has ended by itself.
            return;
        }

        connection.Dispose();
    }

    /// <summary>A slow line carries so many bytes with each tick, and no more.</summary>
    private async Task BringAsync(NetworkStream from, NetworkStream to)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / TicksPerSecond));
        var buffer = new byte[16 * 1024];
        int count;
        do
        {
            var most = buffer.Length;
            if (_slowTo is > 0 and var slow)
            {
                await tick.WaitForNextTickAsync();
                most = Math.Clamp(slow / TicksPerSecond, 1, buffer.Length);
            }

            count = await from.ReadAsync(buffer.AsMemory(0, most));
            Interlocked.Add(ref _brought, count);
            await to.WriteAsync(buffer.AsMemory(0, count));
        }
        while (count > 0);
    }
}
