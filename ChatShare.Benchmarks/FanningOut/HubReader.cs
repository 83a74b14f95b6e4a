using System.Diagnostics;
using System.Net.WebSockets;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>
/// One connection to <see cref="HubServer"/>. Speaks the hub protocol itself (HubProtocol.md of ASP.NET Core): with SignalR's own client the
/// generator was busy all the time in a burst.
/// </summary>
internal sealed class HubReader : IReader
{
    // What a client has to say: how it speaks, and, lest it be taken for dead, that it is there. A length, then an array of one: type 6.
    private static readonly byte[] Handshake = [.. """{"protocol":"messagepack","version":1}"""u8, 0x1e];
    private static readonly byte[] Ping = [0x02, 0x91, 0x06];
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);

    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly RowReader _rows;
    private readonly Lock _gate = new();
    private readonly List<(int Index, TaskCompletionSource Done)> _waiting = [];
    private long _lastRowAt = Stopwatch.GetTimestamp();
    private string? _fault;
    private Task _running = Task.CompletedTask;

    private HubReader(RowReader rows) => _rows = rows;

    public TimeSpan Quiet => Stopwatch.GetElapsedTime(Volatile.Read(ref _lastRowAt));

    public IEnumerable<string> Faults => (_fault ?? _rows.Fault) is { } fault ? [fault] : [];

    public static async Task<HubReader> OpenAsync(Uri server, RowReader rows, CancellationToken cancellationToken)
    {
        var reader = new HubReader(rows);
        var address = new UriBuilder(new Uri(server, HubServer.Path)) { Scheme = Uri.UriSchemeWs };
        await reader._socket.ConnectAsync(address.Uri, cancellationToken);
        await reader._socket.SendAsync(Handshake, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        reader._running = Task.WhenAll(reader.ReadAsync(), reader.PingAsync());
        return reader;
    }

    public Task ReadUntil(int index)
    {
        lock (_gate)
        {
            // Who came later never gets what was before.
            if (index <= _rows.Newest || _rows.Newest < 0)
                return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((index, done));
            return done.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        await _running;
        _socket.Dispose();
        _closed.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[4096];
        var length = 0;
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(length), _closed.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                    throw new WebSocketException("The hub closed the connection.");
                length += part.Count;
                if (part.EndOfMessage)
                {
                    Read(buffer.AsSpan(0, length));
                    length = 0;
                }
                else if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, 2 * length);
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException)
        {
            if (!_closed.IsCancellationRequested)
                _fault = $"A connection to the hub broke: {exception.Message}";
        }
    }

    private async Task PingAsync()
    {
        using var timer = new PeriodicTimer(PingInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_closed.Token))
                await _socket.SendAsync(Ping, WebSocketMessageType.Binary, endOfMessage: true, _closed.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException)
        {
            if (!_closed.IsCancellationRequested)
                _fault ??= $"A connection to the hub broke: {exception.Message}";
        }
    }

    /// <summary>What is sent at a time may hold several calls, and each of them one row.</summary>
    private void Read(ReadOnlySpan<byte> calls)
    {
        var mark = "<article class=\"message\""u8;
        lock (_gate)
        {
            for (var at = calls.IndexOf(mark); at >= 0; at = calls.IndexOf(mark))
            {
                calls = calls[at..];
                var next = calls[mark.Length..].IndexOf(mark);
                _rows.ReadRow(next < 0 ? calls : calls[..(mark.Length + next)]);
                Volatile.Write(ref _lastRowAt, Stopwatch.GetTimestamp());
                calls = calls[mark.Length..];
            }

            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].Index > _rows.Newest)
                    continue;
                _waiting[i].Done.SetResult();
                _waiting.RemoveAt(i);
            }
        }
    }
}
