using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ChatShare.Benchmarks.Gateway;

/// <summary>What the gateway is compared with: a program that sends bytes out of memory, 4,096 at a time, to each client on a thread of its own.</summary>
internal static class BareLoop
{
    public const string Mode = "--bare-loop";

    private const int PieceLength = 4096;

    /// <summary>Each client says how many bytes it wants, in eight bytes, as often as it likes.</summary>
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(backlog: 100);
        // As web servers say it: that is what the benchmark waits for.
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        while (true)
        {
            var client = await listener.AcceptSocketAsync(cancellationToken);
            client.NoDelay = true;
            new Thread(() => Serve(client)) { IsBackground = true }.Start();
        }
    }

    private static void Serve(Socket client)
    {
        using (client)
        {
            var piece = new byte[PieceLength];
            var wanted = new byte[sizeof(long)];
            while (client.Receive(wanted) == wanted.Length)
            {
                for (var left = BitConverter.ToInt64(wanted); left > 0; left -= piece.Length)
                    client.Send(piece.AsSpan(0, (int)Math.Min(piece.Length, left)));
            }
        }
    }
}
