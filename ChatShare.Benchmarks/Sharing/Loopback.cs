using System.Net;
using System.Net.Sockets;
using ChatShare.Benchmarks.FanningOut;

namespace ChatShare.Benchmarks.Sharing;

/// <summary>Ports for servers that others wrote, which do not say where they listen.</summary>
internal static class Loopback
{
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Done when a server takes connections at a port.</summary>
    /// <param name="port">Where.</param>
    /// <param name="server">As long as it runs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task ListensAsync(int port, ChildProcess server, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                using var caller = new TcpClient();
                await caller.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return;
            }
            catch (SocketException) when (!server.HasEnded)
            {
                await Task.Delay(20, cancellationToken);
            }
        }
    }
}
