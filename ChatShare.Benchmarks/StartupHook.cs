using System.Net.Sockets;
using System.Runtime;
using System.Text.Json;
using ChatShare.Benchmarks.FanningOut;

/// <summary>
/// Loaded into the measured server by <c>DOTNET_STARTUP_HOOKS</c>, which asks for this name and no namespace. Whoever
/// connects to the socket gets the size of the heap after a full collection; the product itself has no such door.
/// </summary>
#pragma warning disable MA0047 // The runtime looks for it here.
internal static class StartupHook
#pragma warning restore MA0047
{
    /// <summary>Called before the server's Main.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(HeapProbe.SocketVariable) is { Length: > 0 } path)
            new Thread(() => Serve(path)) { IsBackground = true, Name = "heap probe" }.Start();
    }

    private static void Serve(string path)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        while (true)
        {
            using var caller = listener.Accept();
            // One in the background, so that the runtime's thread for it is there whenever threads are counted.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
            // Twice: what the finalizers of the first one let go of is gone after the second.
            for (var i = 0; i < 2; i++)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            var size = new HeapSize(GC.GetTotalMemory(forceFullCollection: false), GCSettings.IsServerGC);
            caller.Send(JsonSerializer.SerializeToUtf8Bytes(size));
        }
    }
}
