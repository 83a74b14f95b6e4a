using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ChatShare.Benchmarks.Sharing;

/// <param name="Id">Of the last file.</param>
/// <param name="Seconds">From the first byte to the last file.</param>
/// <param name="LagSeconds">How long a reader who took part from the beginning still read when the upload had ended.</param>
internal sealed record Fed(string Id, double Seconds, double LagSeconds);

/// <summary>
/// A process of its own that sends files it makes up. Orders, one a line, each answered with a line of JSON: <c>send COUNT MEBIBYTES</c> (so
/// many at a time), <c>relay MEBIBYTES</c> (with a reader beside it). All hashes are compared.
/// </summary>
internal static class Feeder
{
    public const string Mode = "feed";

    private static int _seed = 1_000_000;

    public static async Task<int> RunAsync(Uri server, CancellationToken cancellationToken)
    {
        using var client = await ChatClient.JoinAsync(server, "Feeder", cancellationToken);
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            var words = line.Split(' ');
            var numbers = words[1..].Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToArray();
            var answer = words[0] switch
            {
                "send" => await SendAsync(client, numbers[0], numbers[1], cancellationToken),
                "relay" => await RelayAsync(client, numbers[0], cancellationToken),
                _ => throw new InvalidOperationException($"No such order: {line}"),
            };
            Console.WriteLine(JsonSerializer.Serialize(answer));
        }

        return 0;
    }

    private static async Task<Fed> SendAsync(ChatClient client, int count, int mebibytes, CancellationToken cancellationToken)
    {
        var at = Stopwatch.GetTimestamp();
        var ids = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(() => SendOneAsync(client, mebibytes, cancellationToken), cancellationToken)));
        return new Fed(ids[^1], Stopwatch.GetElapsedTime(at).TotalSeconds, 0);
    }

    private static async Task<string> SendOneAsync(ChatClient client, int mebibytes, CancellationToken cancellationToken)
    {
        var (id, seed, length) = await BeginAsync(client, mebibytes, cancellationToken);
        var sent = await client.SendAsync(id, seed, length, cancellationToken);
        Demand(sent, await client.Sha256Async(id, cancellationToken));
        return id;
    }

    private static async Task<Fed> RelayAsync(ChatClient client, int mebibytes, CancellationToken cancellationToken)
    {
        var (id, seed, length) = await BeginAsync(client, mebibytes, cancellationToken);
        var at = Stopwatch.GetTimestamp();
        // Begun before the first byte: it is a reader of an upload and not of a file.
        var reading = Task.Run(async () => (Sha256: await client.ReadAsync(id, cancellationToken), EndedAt: Stopwatch.GetTimestamp()), cancellationToken);
        var sent = await client.SendAsync(id, seed, length, cancellationToken);
        var endedAt = Stopwatch.GetTimestamp();
        var read = await reading;
        Demand(sent, read.Sha256);
        return new Fed(id, Stopwatch.GetElapsedTime(at, endedAt).TotalSeconds, Stopwatch.GetElapsedTime(endedAt, read.EndedAt).TotalSeconds);
    }

    private static async Task<(string Id, int Seed, long Length)> BeginAsync(ChatClient client, int mebibytes, CancellationToken cancellationToken)
    {
        var seed = Interlocked.Increment(ref _seed);
        var length = mebibytes * 1024L * 1024;
        return (await client.CreateAsync($"fed-{seed}.bin", length, cancellationToken), seed, length);
    }

    private static void Demand(string sent, string? arrived)
    {
        if (sent != arrived)
            throw new InvalidOperationException($"What was sent hashes to {sent}, what arrived to {arrived}.");
    }
}
