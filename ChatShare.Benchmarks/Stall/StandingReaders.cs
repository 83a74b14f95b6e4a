using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatShare.Benchmarks.Circuits;

namespace ChatShare.Benchmarks.Stall;

/// <summary>People in the Lobby who take nothing: pages that do not acknowledge, TCP clients that do not read.</summary>
internal sealed class StandingReaders : IAsyncDisposable
{
    private readonly List<BareCircuit> _pages = [];
    private readonly List<Socket> _clients = [];
    private static int _names;

    private StandingReaders()
    {
    }

    /// <summary>Whether one of the pages was cut off. A TCP client is dropped after a minute, which is longer than a round.</summary>
    public bool HasEnded => _pages.Exists(page => page.Ended.IsCompleted);

    public static async Task<StandingReaders> OpenAsync(Uri server, IPEndPoint gateway, int count, CancellationToken cancellationToken)
    {
        var readers = new StandingReaders();
        for (var number = 0; number < count; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"Stander{++_names}");
            if (number % 2 == 0)
            {
                var page = await BareCircuit.OpenAsync(await Visitor.JoinAsync(server, name, cancellationToken), "/rooms/Lobby", cancellationToken);
                page.Acknowledges = false;
                readers._pages.Add(page);
            }
            else
            {
                readers._clients.Add(await ConnectAsync(gateway, name, cancellationToken));
            }
        }

        return readers;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var page in _pages)
            await page.DisposeAsync();
        foreach (var client in _clients)
            client.Dispose();
    }

    /// <summary>Answers the question for a name, and reads nothing from then on.</summary>
    private static async Task<Socket> ConnectAsync(IPEndPoint gateway, string name, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(gateway, cancellationToken);
        await socket.ReceiveAsync(new byte[4], cancellationToken);
        await socket.SendAsync(Encoding.UTF8.GetBytes(name), cancellationToken);
        return socket;
    }
}
