using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>One connection to <see cref="HubServer"/>.</summary>
internal sealed class HubReader : IReader
{
    private readonly HubConnection _connection;
    private readonly RowReader _rows;
    private readonly Lock _gate = new();
    private readonly List<(int Index, TaskCompletionSource Done)> _waiting = [];
    private long _lastRowAt = Stopwatch.GetTimestamp();

    private HubReader(Uri server, RowReader rows)
    {
        _rows = rows;
        _connection = new HubConnectionBuilder()
            .WithUrl(new Uri(server, HubServer.Path), options =>
            {
                options.Transports = HttpTransportType.WebSockets;
                options.SkipNegotiation = true;
            })
            .AddMessagePackProtocol().Build();
        _connection.On<string>(HubServer.Row, Read);
    }

    public TimeSpan Quiet => Stopwatch.GetElapsedTime(Volatile.Read(ref _lastRowAt));

    public IEnumerable<string> Faults => _rows.Fault is { } fault ? [fault] : [];

    public static async Task<HubReader> OpenAsync(Uri server, RowReader rows, CancellationToken cancellationToken)
    {
        var reader = new HubReader(server, rows);
        await reader._connection.StartAsync(cancellationToken);
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

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private void Read(string row)
    {
        lock (_gate)
        {
            Volatile.Write(ref _lastRowAt, Stopwatch.GetTimestamp());
            _rows.ReadRow(Encoding.UTF8.GetBytes(row));
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
