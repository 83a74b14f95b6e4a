using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ChatShare.Benchmarks.Downloading;

/// <param name="Address">Of the file.</param>
/// <param name="Token">Null for none.</param>
/// <param name="Length">The file's.</param>
/// <param name="Ranges">So many requests, one after the other over one connection; 1 asks for the file without a range.</param>
/// <param name="IsHashed">Whether the bytes are hashed, which takes longer than to receive them.</param>
internal sealed record ReadOrder(Uri Address, string? Token, long Length, int Ranges, bool IsHashed);

/// <param name="Seconds">From the connection to the last byte.</param>
/// <param name="Sha256">Empty when it was not asked for.</param>
internal sealed record ReadAnswer(double Seconds, string Sha256);

/// <summary>A process of its own that reads with a socket and does nothing with what it reads. Orders and answers are lines of JSON.</summary>
internal sealed class Reader
{
    public const string Mode = "read";

    private const int BufferLength = 1024 * 1024;

    private readonly byte[] _buffer = new byte[BufferLength];

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var reader = new Reader();
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
            Console.WriteLine(JsonSerializer.Serialize(reader.Read(JsonSerializer.Deserialize<ReadOrder>(line)!)));
        return 0;
    }

    private ReadAnswer Read(ReadOrder order)
    {
        using var hash = order.IsHashed ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        var at = Stopwatch.GetTimestamp();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(order.Address.Host, order.Address.Port);
        var part = (order.Length + order.Ranges - 1) / order.Ranges;
        for (var from = 0L; from < order.Length; from += part)
        {
            var last = Math.Min(from + part, order.Length) - 1;
            Ask(socket, order, order.Ranges == 1 ? null : (from, last));
            Take(socket, order.Ranges == 1 ? "200" : "206", last - from + 1, hash);
        }

        return new ReadAnswer(Stopwatch.GetElapsedTime(at).TotalSeconds, hash is null ? "" : Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static void Ask(Socket socket, ReadOrder order, (long From, long Last)? range)
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"GET {order.Address.PathAndQuery} HTTP/1.1\r\nHost: {order.Address.Authority}\r\n");
        if (order.Token is not null)
            head.Append(CultureInfo.InvariantCulture, $"Authorization: Bearer {order.Token}\r\n");
        if (range is var (from, last))
            head.Append(CultureInfo.InvariantCulture, $"Range: bytes={from}-{last}\r\n");
        socket.Send(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
    }

    /// <summary>Reads an answer to its last byte, and not beyond.</summary>
    private void Take(Socket socket, string status, long length, IncrementalHash? hash)
    {
        var here = 0;
        int end;
        while ((end = _buffer.AsSpan(0, here).IndexOf("\r\n\r\n"u8)) < 0)
            here += Receive(socket, _buffer.AsSpan(here));
        var head = Encoding.ASCII.GetString(_buffer, 0, end);
        if (!head.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal)
            || !head.Contains(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length}"), StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidOperationException($"Another answer was expected:\n{head}");
        }

        var body = _buffer.AsSpan((end + 4)..here);
        hash?.AppendData(body);
        for (var left = length - body.Length; left > 0;)
        {
            var count = Receive(socket, _buffer.AsSpan(0, (int)Math.Min(BufferLength, left)));
            hash?.AppendData(_buffer, 0, count);
            left -= count;
        }
    }

    private static int Receive(Socket socket, Span<byte> buffer) =>
        socket.Receive(buffer) is > 0 and var count ? count : throw new InvalidOperationException("The server closed the connection too early.");
}
