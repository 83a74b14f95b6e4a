using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Gateway;

/// <summary>Somebody at a socket, as with netcat: reads when told to, and not before.</summary>
internal sealed class RawClient : IDisposable
{
    // Small, so that one who reads nothing soon takes nothing.
    private const int ReceiveBuffer = 8192;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>For what the other members do not do.</summary>
    public Socket Socket { get; } = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBuffer };

    public static async Task<RawClient> ConnectAsync(IPEndPoint address)
    {
        var client = new RawClient();
        await client.Socket.ConnectAsync(address, Cancel);
        return client;
    }

    /// <summary>Answers the question, and reads nothing from then on.</summary>
    public static async Task<RawClient> JoinAsync(IPEndPoint address, string nickname)
    {
        var client = await ConnectAsync(address);
        await client.Socket.ReceiveAsync(new byte[4], Cancel);
        await client.SayAsync(nickname);
        return client;
    }

    /// <summary>Sends it in one piece.</summary>
    public async Task SayAsync(string text) => await Socket.SendAsync(Encoding.UTF8.GetBytes(text), Cancel);

    /// <summary>Has said everything, and listens on, as a program at the end of its pipe.</summary>
    public void SaysNoMore() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>What comes until the server hangs up.</summary>
    public Task<string> ReadToEndAsync() => ReadAsync(end: null);

    /// <summary>What comes until it contains this.</summary>
    public Task<string> ReadUntilAsync(string end) => ReadAsync(end);

    public void Dispose() => Socket.Dispose();

    private async Task<string> ReadAsync(string? end)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Make.PatienceForOne);
        var read = new StringBuilder();
        var decoder = Encoding.UTF8.GetDecoder();
        var (bytes, characters) = (new byte[4096], new char[4096]);
        try
        {
            while (end is null || !read.ToString().Contains(end, StringComparison.Ordinal))
            {
                // Not by a stream, which takes a socket that says no more for one that is closed.
                if (await Socket.ReceiveAsync(bytes, patience.Token) is not (> 0 and var length))
                    return end is null ? read.ToString() : throw new EndOfStreamException($"“{end}” did not come, only: {read}");
                read.Append(characters, 0, decoder.GetChars(bytes, 0, length, characters, 0));
            }
        }
        catch (OperationCanceledException e) when (!Cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"{(end is null ? "The end" : $"“{end}”")} did not come, only: {read}", e);
        }

        return read.ToString();
    }
}
