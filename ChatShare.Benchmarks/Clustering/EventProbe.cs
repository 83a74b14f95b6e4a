using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using ChatShare.Benchmarks.Sharing;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>
/// Somebody at a node who is told of each message at once, over <c>/api/rooms/Lobby/events</c>. Pages are not: they are drawn 20 times a second at most, each node in
/// its own time, and what one node's pages have later than another's is mostly that.
/// </summary>
internal sealed class EventProbe : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;
    private readonly Dictionary<long, long> _arrived = [];
    private readonly Lock _gate = new();
    private Task _reading = Task.CompletedTask;

    private EventProbe(HttpClient http) => _http = http;

    public static async Task<EventProbe> OpenAsync(Uri node, string nickname, CancellationToken cancellationToken)
    {
        using var person = await ChatClient.JoinAsync(node, nickname, cancellationToken);
        var http = new HttpClient { BaseAddress = node, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", person.Token);
        var probe = new EventProbe(http);
        var stream = await http.GetStreamAsync(new Uri("/api/rooms/Lobby/events", UriKind.Relative), cancellationToken);
        probe._reading = probe.ReadAsync(stream);
        return probe;
    }

    /// <summary>How much later messages were here than at another one, in milliseconds and in order; each is told of once.</summary>
    public List<double> LaterThan(EventProbe other)
    {
        var there = other.Take();
        var later = Take().Where(message => there.ContainsKey(message.Key))
            .Select(message => Stopwatch.GetElapsedTime(there[message.Key], message.Value).TotalMilliseconds).ToList();
        later.Sort();
        return later;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _http.Dispose();
        _stop.Dispose();
    }

    private Dictionary<long, long> Take()
    {
        lock (_gate)
        {
            Dictionary<long, long> taken = new(_arrived);
            _arrived.Clear();
            return taken;
        }
    }

    private async Task ReadAsync(Stream stream)
    {
        try
        {
            using var lines = new StreamReader(stream);
            while (await lines.ReadLineAsync(_stop.Token) is { } line)
            {
                // id: {epoch}-{number of the change}
                if (!line.StartsWith("id:", StringComparison.Ordinal))
                    continue;
                lock (_gate)
                    _arrived[long.Parse(line.AsSpan(line.LastIndexOf('-') + 1), CultureInfo.InvariantCulture)] = Stopwatch.GetTimestamp();
            }
        }
        catch (OperationCanceledException)
        {
            // Enough was heard.
            return;
        }
    }
}
