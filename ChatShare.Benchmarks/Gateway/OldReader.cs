using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace ChatShare.Benchmarks.Gateway;

/// <summary>Receives as fast as it can, from the gateway as a client of the old protocol or from <see cref="BareLoop"/>.</summary>
internal sealed class OldReader : IDisposable
{
    // More than an old client reads at a time, so that the sender is what is measured.
    private const int ReadLength = 64 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[ReadLength];

    /// <param name="Begin">When the first byte came.</param>
    /// <param name="End">When the last one came.</param>
    /// <param name="Sha256">Of all of them; null when they were not hashed.</param>
    public readonly record struct Run(long Begin, long End, string? Sha256);

    /// <summary>Only connects.</summary>
    public static async Task<OldReader> ConnectAsync(EndPoint server, CancellationToken cancellationToken)
    {
        var reader = new OldReader();
        await reader._socket.ConnectAsync(server, cancellationToken);
        return reader;
    }

    /// <summary>Joins the gateway.</summary>
    public static async Task<OldReader> JoinAsync(EndPoint gateway, string nickname, CancellationToken cancellationToken)
    {
        var reader = await ConnectAsync(gateway, cancellationToken);
        await reader.UntilAsync(text => text == "NICK", cancellationToken);
        await reader._socket.SendAsync(Encoding.UTF8.GetBytes(nickname), cancellationToken);
        await reader.UntilAsync(text => text.EndsWith("Connected to the server!", StringComparison.Ordinal), cancellationToken);
        return reader;
    }

    /// <summary>Waits for a file of the gateway and reads it.</summary>
    public async Task<Run> FileAsync(bool isHashed, CancellationToken cancellationToken)
    {
        var announced = await UntilAsync(text => text.StartsWith("FILE_INCOMING:", StringComparison.Ordinal), cancellationToken);
        var size = long.Parse(announced.Split(':')[2], CultureInfo.InvariantCulture);
        await _socket.SendAsync("READY"u8.ToArray(), cancellationToken);
        var run = await Task.Factory.StartNew(() => Read(size, isHashed), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await UntilAsync(text => text.StartsWith("FILE_TRANSFER_COMPLETE:", StringComparison.Ordinal), cancellationToken);
        return run;
    }

    /// <summary>Asks the bare loop for bytes and reads them.</summary>
    public Task<Run> BytesAsync(long count, CancellationToken cancellationToken) => Task.Factory.StartNew(
        () =>
        {
            _socket.Send(BitConverter.GetBytes(count));
            return Read(count, isHashed: false);
        },
        cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose() => _socket.Dispose();

    private Run Read(long count, bool isHashed)
    {
        using var hash = isHashed ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        var begin = 0L;
        while (count > 0)
        {
            var read = _socket.Receive(_buffer, (int)Math.Min(_buffer.Length, count), SocketFlags.None);
            if (read == 0)
                throw new EndOfStreamException("The server hung up.");
            if (begin == 0)
                begin = Stopwatch.GetTimestamp();
            hash?.AppendData(_buffer.AsSpan(0, read));
            count -= read;
        }

        return new Run(begin, Stopwatch.GetTimestamp(), hash is null ? null : Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private async Task<string> UntilAsync(Predicate<string> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(0, 4096), cancellationToken);
            if (read == 0)
                throw new EndOfStreamException("The server hung up.");
            var text = Encoding.UTF8.GetString(_buffer.AsSpan(0, read));
            if (condition(text))
                return text;
        }
    }
}
