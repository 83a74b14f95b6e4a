using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace ChatShare.Benchmarks.Uploading;

/// <summary>A long line: what comes in goes out after a while, in each direction, as fast as it came. Takes a port and milliseconds for one way.</summary>
internal static class DelayProxy
{
    public const string Mode = "delay";

    private const int PieceLength = 64 * 1024;

    // What may be on the way at the same time in one direction: 64 MiB, more than a sender here fills in the time.
    private const int MostPieces = 1024;

    public static async Task<int> RunAsync(int port, int milliseconds, CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        while (true)
            _ = CarryAsync(await listener.AcceptSocketAsync(cancellationToken), port, TimeSpan.FromMilliseconds(milliseconds), cancellationToken);
    }

    private static async Task CarryAsync(Socket near, int port, TimeSpan delay, CancellationToken cancellationToken)
    {
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (near)
        {
            near.NoDelay = true;
            await far.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            await Task.WhenAll(OneWayAsync(near, far, delay, cancellationToken), OneWayAsync(far, near, delay, cancellationToken));
        }
    }

    private static async Task OneWayAsync(Socket from, Socket to, TimeSpan delay, CancellationToken cancellationToken)
    {
        var line = Channel.CreateBounded<(byte[] Bytes, int Count, long DueAt)>(MostPieces);
        await Task.WhenAll(ReadAsync(), WriteAsync());

        async Task ReadAsync()
        {
            try
            {
                while (true)
                {
                    var bytes = ArrayPool<byte>.Shared.Rent(PieceLength);
                    var count = await from.ReceiveAsync(bytes, cancellationToken);
                    await line.Writer.WriteAsync((bytes, count, Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency)), cancellationToken);
                    if (count == 0)
                        return;
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // A connection that was reset ends at the other side as well.
                line.Writer.TryComplete();
            }
        }

        async Task WriteAsync()
        {
            try
            {
                await foreach (var (bytes, count, dueAt) in line.Reader.ReadAllAsync(cancellationToken))
                {
                    var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), dueAt);
                    if (early > TimeSpan.Zero)
                        await Task.Delay(early, cancellationToken);
                    if (count == 0)
                        break;
                    for (var sent = 0; sent < count;)
                        sent += await to.SendAsync(bytes.AsMemory(sent, count - sent), cancellationToken);
                    ArrayPool<byte>.Shared.Return(bytes);
                }

                to.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Nobody takes it any more, and whoever still sends has to learn that.
                from.Close();
            }
        }
    }
}
