using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Gateway;

/// <summary>How fast one file goes to old clients, beside a bare loop in the same run, and what idle ones cost.</summary>
internal static class GatewayBenchmark
{
    private const int ManyClients = 20;
    private const double OfOneLoopToReach = 1;
    private const double OfManyLoopsToReach = 0.5;
    private const double IdleKilobytesToReach = 30;

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        var isShort = options.Has("--short");
        var rounds = options.Number("--rounds", isShort ? 2 : 7);
        var only = options.Text("--only");
        Machine.Print();
        if (only is null or "speed")
        {
            await SpeedAsync(1, isShort ? 128 : 1024, rounds, OfOneLoopToReach, cancellationToken);
            await SpeedAsync(ManyClients, isShort ? 16 : 128, rounds, OfManyLoopsToReach, cancellationToken);
        }

        if (only is null or "memory")
            await MemoryAsync(isShort ? 200 : 1000, cancellationToken);
        return 0;
    }

    private static async Task SpeedAsync(int clients, int mebibytes, int rounds, double toReach, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var (server, gateway) = await StartAsync(folder, cancellationToken);
        await using var chat = server;
        using var sender = await ChatClient.JoinAsync(chat.Address, "sender", cancellationToken);
        await using var bare = ChildProcess.StartSelf([BareLoop.Mode], new Dictionary<string, string>());
        var loop = new IPEndPoint(IPAddress.Loopback, (await bare.ListeningAtAsync(cancellationToken)).Port);
        var readers = await ManyAsync(clients, number => OldReader.JoinAsync(gateway, $"reader-{number}", cancellationToken));
        var bareReaders = await ManyAsync(clients, _ => OldReader.ConnectAsync(loop, cancellationToken));
        List<(double Gateway, double Loop)> found = [];
        for (var round = 0; round <= rounds; round++)
        {
            var length = (mebibytes * 1024L * 1024) - round;
            var (mine, its) = (0.0, 0.0);
            // In turns, and every other round the other way round.
            if (round % 2 == 0)
                (mine, its) = (await GatewayAsync(), await LoopAsync());
            else
                (its, mine) = (await LoopAsync(), await GatewayAsync());
            Console.Error.WriteLine($"{clients} clients: gateway {Show(mine, "0")} MiB/s, bare loop {Show(its, "0")} MiB/s{(round == 0 ? ", not counted" : "")}");
            if (round > 0)
                found.Add((mine, its));

            async Task<double> GatewayAsync()
            {
                var id = await sender.CreateAsync($"file-{round}.bin", length, cancellationToken);
                // The first one is hashed; in the others that would be what is measured.
                var runs = readers.Select(reader => reader.FileAsync(isHashed: round == 0, cancellationToken)).ToList();
                var sha256 = await sender.SendAsync(id, round + (clients * 1000), length, cancellationToken);
                var files = await Task.WhenAll(runs);
                if (round == 0 && files.Any(file => file.Sha256 != sha256))
                    throw new InvalidOperationException("The gateway delivered other bytes than it was given.");
                return Speed(files, length);
            }

            async Task<double> LoopAsync() => Speed(await Task.WhenAll(bareReaders.Select(reader => reader.BytesAsync(length, cancellationToken))), length);
        }

        foreach (var reader in readers.Concat(bareReaders))
            reader.Dispose();
        var table = new Table("one file to", "each", "gateway MiB/s", "bare loop MiB/s", "gateway beside it");
        table.Add(
            clients == 1 ? "1 client" : $"{clients} clients", $"{mebibytes} MiB", MedianAndSpread([.. found.Select(f => f.Gateway)], "0"),
            MedianAndSpread([.. found.Select(f => f.Loop)], "0"), MedianAndSpread([.. found.Select(f => f.Gateway / f.Loop)], "0.00"));
        table.Print();
        Race.Verdict($"of a bare loop that sends 4,096 bytes at a time, {clients} at once", Median(found.Select(f => f.Gateway / f.Loop)), toReach);
        Console.WriteLine();
    }

    private static async Task MemoryAsync(int clients, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var (server, gateway) = await StartAsync(folder, cancellationToken);
        await using var chat = server;
        List<OldReader> idle = [];
        var table = new Table("idle clients", "live heap", "anonymous memory");
        List<(int Count, double Heap, double Anonymous)> found = [];
        foreach (var count in new[] { clients / 5, clients })
        {
            idle.AddRange(await ManyAsync(count - idle.Count, number => OldReader.JoinAsync(gateway, $"idle-{count}-{number}", cancellationToken)));
            var heap = (await chat.HeapAsync(cancellationToken)).LiveBytes / 1024.0;
            found.Add((count, heap, chat.Process.AnonymousBytes / 1024.0));
            table.Add($"{count}", $"{Show(heap / 1024, "0.0")} MB", $"{Show(found[^1].Anonymous / 1024, "0.0")} MB");
        }

        table.Print();
        var more = found[1].Count - found[0].Count;
        Console.WriteLine($"Each of {more} more: {Show((found[1].Heap - found[0].Heap) / more, "0.0")} KB live, {Show((found[1].Anonymous - found[0].Anonymous) / more, "0.0")} KB of memory");
        var each = (found[1].Heap - found[0].Heap) / more;
        Console.WriteLine($"To reach: less than {Show(IdleKilobytesToReach, "0")} KB each: {Show(each, "0.0")} ({(each < IdleKilobytesToReach ? "met" : "missed")}).");
        foreach (var reader in idle)
            reader.Dispose();
    }

    /// <summary>On an address of its own, so that it is not taken for that of the pages.</summary>
    private static async Task<(MeasuredServer Server, IPEndPoint Gateway)> StartAsync(TemporaryFolder folder, CancellationToken cancellationToken)
    {
        var gateway = FreeEndpoint();
        var server = await MeasuredServer.StartChatAsync(
            folder, cancellationToken,
            KeyValuePair.Create("ChatShare__Gateway__Endpoint", gateway.ToString()),
            KeyValuePair.Create("ChatShare__Limits__TcpConnectionsPerAddress", "0"));
        return (server, gateway);
    }

    private static async Task<List<OldReader>> ManyAsync(int count, Func<int, Task<OldReader>> make)
    {
        List<OldReader> readers = [];
        // Not all at once: each is told of those who come after it.
        foreach (var part in Enumerable.Range(0, count).Chunk(20))
            readers.AddRange(await Task.WhenAll(part.Select(make)));
        return readers;
    }

    /// <summary>All clients' bytes from the first byte of the first to the last byte of the last.</summary>
    private static double Speed(OldReader.Run[] runs, long length) =>
        length * runs.Length / 1024.0 / 1024 / Stopwatch.GetElapsedTime(runs.Min(run => run.Begin), runs.Max(run => run.End)).TotalSeconds;

    private static IPEndPoint FreeEndpoint()
    {
        using var listener = new TcpListener(IPAddress.Parse("127.0.0.2"), 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }
}
