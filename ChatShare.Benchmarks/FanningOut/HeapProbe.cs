using System.Net.Sockets;
using System.Text.Json;

namespace ChatShare.Benchmarks.FanningOut;

/// <param name="LiveBytes">What is reachable, after a full collection.</param>
/// <param name="IsServerGc">How the measured process collects.</param>
internal sealed record HeapSize(long LiveBytes, bool IsServerGc);

/// <summary>Asks the hook inside the measured server, see <see cref="StartupHook"/>.</summary>
internal static class HeapProbe
{
    public const string SocketVariable = "CHATSHARE_BENCHMARK_PROBE";

    public static async Task<HeapSize> MeasureAsync(string socket, CancellationToken cancellationToken)
    {
        using var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await caller.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
        await using var stream = new NetworkStream(caller);
        return await JsonSerializer.DeserializeAsync<HeapSize>(stream, cancellationToken: cancellationToken)
            ?? throw new InvalidOperationException("The measured process said nothing.");
    }
}
