using System.Buffers;
using System.Net.Sockets;
using System.Text;
using ChatShare.Core.Files;
using Microsoft.AspNetCore.Connections;
using Microsoft.Win32.SafeHandles;

namespace ChatShare.Web.Gateway;

/// <summary>A client has taken nothing for too long.</summary>
internal sealed class ClientStalledException() : Exception("The client takes nothing any more.");

/// <summary>
/// The way to one client. What is sent goes to the socket itself and not through the server's pipe, which would join two messages whenever the
/// first still waits there. One caller at a time.
/// </summary>
internal sealed class ClientLine(ConnectionContext connection, Socket socket, GatewayPace pace, TimeSpan gap, TimeProvider time)
{
    // One call to the system for each; between 64 KiB and 1 MiB it makes no difference.
    private const int BlockLength = 256 * 1024;
    private const int LooksPerPatience = 12;
    private const int ControlGaps = 4;

    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(200);

    private readonly GatewayPace _pace = pace;
    private readonly TimeProvider _time = time;
    private readonly long _ackedBefore = TcpInfo.Of(socket)?.BytesAcked ?? 0;
    private long _written;
    private long? _lastMessage;

    /// <summary>True from a file's offer until its last byte was read: a line that is said now would be part of it.</summary>
    public bool IsInFile { get; private set; }

    /// <summary>
    /// Sends one message by one write and leaves it alone until it was surely read by itself: it has arrived, and the gap is over.
    /// </summary>
    /// <exception cref="ClientStalledException">The client has taken nothing for too long.</exception>
    /// <exception cref="SocketException">The connection is gone.</exception>
    public async Task SendAsync(string message, CancellationToken cancellationToken)
    {
        // The wait behind the message before may have been broken off: what ends a session is told at such a moment.
        await ReadAloneAsync(cancellationToken);
        await WriteAsync(Encoding.UTF8.GetBytes(message), cancellationToken);
        _lastMessage = _time.GetTimestamp();
        await ReadAloneAsync(cancellationToken);
    }

    /// <summary>
    /// Sends a message that the client acts upon, with more quiet on both sides: joined with a line, it would be shown as text, and the bytes of a
    /// file after it, or its sender would wait for ever.
    /// </summary>
    public async Task ControlAsync(string message, CancellationToken cancellationToken)
    {
        await Task.Delay(gap * ControlGaps, _time, cancellationToken);
        await SendAsync(message, cancellationToken);
        await Task.Delay(gap * ControlGaps, _time, cancellationToken);
    }

    /// <summary>Offers a file by a message of the same kind. From here on the client takes whatever comes for the file's bytes.</summary>
    public async Task OfferAsync(string message, CancellationToken cancellationToken)
    {
        await Task.Delay(gap * ControlGaps, _time, cancellationToken);
        IsInFile = true;
        await SendAsync(message, cancellationToken);
        await Task.Delay(gap * ControlGaps, _time, cancellationToken);
    }

    /// <summary>Sends text for people, in as many messages as it takes.</summary>
    public async Task SayAsync(string text, CancellationToken cancellationToken)
    {
        foreach (var part in OldProtocol.Parts(text))
            await SendAsync(part, cancellationToken);
    }

    /// <summary>Sends the bytes of the file that was offered, and returns when the client's program has surely read them all.</summary>
    /// <exception cref="EndOfStreamException">The file is shorter than it was; the client still waits for the rest.</exception>
    public async Task SendFileAsync(SafeFileHandle file, Download download)
    {
        var delivery = new Delivery(_time);
        delivery.Note(TcpInfo.Of(socket));
        await CopyAsync(file, download, delivery);
        await TakenAsync(download.Stopped);
        delivery.Note(TcpInfo.Of(socket), isLast: true);
        await Task.Delay(delivery.Pause(download.Length), _time, download.Stopped);
        IsInFile = false;
    }

    /// <summary>Returns when the last message was surely read by itself.</summary>
    private async Task ReadAloneAsync(CancellationToken cancellationToken)
    {
        if (_lastMessage is { } last && gap - _time.GetElapsedTime(last) is var rest && rest > TimeSpan.Zero)
            await Task.Delay(rest, _time, cancellationToken);
        await TakenAsync(cancellationToken);
    }

    private async Task CopyAsync(SafeFileHandle file, Download download, Delivery delivery)
    {
        var block = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(download.Length, 1, BlockLength));
        try
        {
            for (var offset = 0L; offset < download.Length;)
            {
                // Not asynchronous: Linux has no such read, it would be the same call on another thread.
                var read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(block.Length, download.Length - offset)), offset);
                if (read == 0)
                    throw new EndOfStreamException("A stored file is shorter than it was.");
                await WriteAsync(block.AsMemory(0, read), download.Stopped);
                offset += read;
                delivery.Note(TcpInfo.Of(socket));
                await download.PassAsync(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var sending = socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
            var sent = sending.IsCompleted ? await sending : await WatchedAsync(sending.AsTask(), cancellationToken);
            _written += sent;
            bytes = bytes[sent..];
        }
    }

    /// <summary>A send that the kernel has no room for: it goes on for as long as the client takes something now and then.</summary>
    private async Task<int> WatchedAsync(Task<int> sending, CancellationToken cancellationToken)
    {
        var progress = new Progress(this);
        try
        {
            while (await Task.WhenAny(sending, Task.Delay(_pace.Patience / LooksPerPatience, _time, cancellationToken)) != sending)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress.Demand();
            }
        }
        catch
        {
            // Its bytes are in memory that somebody else will write to: it has to have ended.
            connection.Abort();
            await Task.WhenAny(sending);
            throw;
        }

        return await sending;
    }

    /// <summary>Returns when the client's kernel has acknowledged every byte.</summary>
    /// <exception cref="SocketException">The connection is gone.</exception>
    private async Task TakenAsync(CancellationToken cancellationToken)
    {
        var progress = new Progress(this);
        for (var wait = ShortestLook;
             TcpInfo.Of(socket) is { } info && info.BytesAcked - _ackedBefore < _written;
             wait = wait < LongestLook ? wait * 2 : wait)
        {
            // Nobody else notices it: what a client has said before it went is still read.
            if (info.IsClosed)
                throw new SocketException((int)SocketError.ConnectionReset);
            progress.Demand();
            await Task.Delay(wait, _time, cancellationToken);
        }
    }

    private long? Acked() => TcpInfo.Of(socket)?.BytesAcked - _ackedBefore;

    /// <summary>Looks whether a client takes anything at all.</summary>
    private sealed class Progress(ClientLine line)
    {
        private long _acked = line.Acked() ?? 0;
        private long _since = line._time.GetTimestamp();

        public void Demand()
        {
            var acked = line.Acked() ?? 0;
            if (acked > _acked)
                (_acked, _since) = (acked, line._time.GetTimestamp());
            else if (line._time.GetElapsedTime(_since) >= line._pace.Patience)
                throw new ClientStalledException();
        }
    }
}
