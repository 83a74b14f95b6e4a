using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using ChatShare.Tests.Support;
using Npgsql;

namespace ChatShare.Tests.Cluster;

/// <summary>
/// People who write into rooms and read them, by programs that do what the API's page says: whatever has no answer is sent again under the same id, and
/// a stream that broke goes on after its last event. What breaks meanwhile is the test's business.
/// </summary>
internal sealed class Traffic : IAsyncDisposable
{
    // So many send as fast as that; more of them share it.
    private const int FastWriters = 8;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    // A web server takes a node that was away for ten seconds for one that is away still, and a node tries for ten to reach its database.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(20);
    private static int _runs;

    private readonly NodeProcesses _rig;
    private readonly string[] _rooms;
    private readonly int _run = Interlocked.Increment(ref _runs);
    private readonly List<HttpClient> _clients = [];
    private readonly CancellationTokenSource _enough = new();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly ConcurrentDictionary<(string Room, string ClientId), long> _acknowledged = new();
    private readonly Dictionary<(string Room, string Who), ConcurrentQueue<Had>> _views = [];
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly List<Task> _writing = [];
    private readonly List<Task> _reading = [];
    private int[] _sent = [];
    private int _people;
    private int _again;

    private Traffic(NodeProcesses rig, int rooms)
    {
        _rig = rig;
        _rooms = [.. Enumerable.Range(1, rooms).Select(room => string.Create(CultureInfo.InvariantCulture, $"Room {_run}.{room}"))];
    }

    /// <summary>The first of its rooms.</summary>
    public string Room => _rooms[0];

    /// <summary>How many messages were acknowledged, and how many requests for that were made more than once.</summary>
    public (int Acknowledged, int Again) Count => (_acknowledged.Count, Volatile.Read(ref _again));

    /// <summary>Returns when everybody writes and reads.</summary>
    public static async Task<Traffic> StartAsync(NodeProcesses rig, int rooms = 1, int writers = 4)
    {
        var traffic = new Traffic(rig, rooms);
        try
        {
            await traffic.OpenRoomsAsync();
            foreach (var room in traffic._rooms)
            {
                // One who comes by the web server as everybody does, one who asks for pages, and one at each node, wherever the web server sends the others.
                traffic.Follow(room, "A stream", await traffic.SignInAsync(rig.Front.NewClient()));
                traffic.Ask(room, await traffic.SignInAsync(rig.Front.NewClient()));
                foreach (var (node, number) in rig.Nodes.Select((node, i) => (node, i + 1)))
                {
                    traffic.Follow(
                        room, string.Create(CultureInfo.InvariantCulture, $"A stream at node {number}"), await traffic.SignInAsync(traffic.At(node)));
                }
            }

            traffic._sent = new int[writers];
            for (var writer = 0; writer < writers; writer++)
                traffic.Write(writer, await traffic.SignInAsync(rig.Front.NewClient()));
            await traffic.MoreAsync();
            return traffic;
        }
        catch
        {
            await traffic.DisposeAsync();
            throw;
        }
    }

    /// <summary>Until everybody has sent some more.</summary>
    public async Task MoreAsync()
    {
        const int some = 5;
        var before = _sent.ToArray();
        await UntilAsync(() => _sent.Zip(before).All(pair => pair.First >= pair.Second + some));
    }

    /// <summary>Everybody finishes what they are sending, reads what is there, and has what everybody else has.</summary>
    /// <param name="pages">What pages show that have the first room open; asked when the last message is there.</param>
    public async Task EndWellAsync(params Func<Task<IReadOnlyList<Had>>>[] pages)
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_writing).WaitAsync(Patience);
        foreach (var room in _rooms)
        {
            var (stored, files) = await StoredAsync(room);
            var last = stored.Count > 0 ? stored[^1].Number : 0;
            var views = _views.Where(view => view.Key.Room == room).ToDictionary(view => view.Key.Who, view => view.Value);
            await UntilAsync(() => views.Values.All(view => view.LastOrDefault() is var had && (had?.Number ?? 0) >= last));
            var all = views.ToDictionary(view => view.Key, view => new View([.. view.Value]));
            foreach (var page in room == Room ? pages : [])
            {
                IReadOnlyList<Had> shown = [];
                await Eventually.TrueAsync(async () => (shown = await page()) is [.., var newest] && newest.Number >= last, Patience);
                all.Add(string.Create(CultureInfo.InvariantCulture, $"Page {all.Count}"), new View(shown, IsWhole: false));
            }

            var told = _acknowledged.Where(message => message.Key.Room == room).ToDictionary(message => message.Key.ClientId, message => message.Value);
            // What pages have sent themselves they were told by the page.
            foreach (var message in stored.Where(message => !message.ClientId.StartsWith("t.", StringComparison.Ordinal)))
                told.TryAdd(message.ClientId, message.Number);
            Assert.Empty(OnceInOrder.Faults(told, stored, all, files));
        }

        Assert.Empty(_faults);
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await _stop.CancelAsync();
        await Task.WhenAll([.. _writing, .. _reading]);
        _clients.ForEach(client => client.Dispose());
        _enough.Dispose();
        _stop.Dispose();
    }

    private HttpClient At(ServerProcess node)
    {
        var client = new HttpClient { BaseAddress = new Uri(node.Address) };
        _clients.Add(client);
        return client;
    }

    private async Task<HttpClient> SignInAsync(HttpClient client)
    {
        client.Timeout = AnswersWithin;
        var token = "";
        // A database that was restarted a moment ago ends the connections that a node still had.
        await AgainAsync(async () =>
        {
            var nickname = string.Create(CultureInfo.InvariantCulture, $"Somebody {_run}.{++_people}");
            using var opened = await client.PostAsJsonAsync("/api/session", new { nickname }, _stop.Token);
            Demand(opened);
            token = (await opened.Content.ReadFromJsonAsync<JsonElement>(_stop.Token)).GetProperty("accessToken").GetString();
        });
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    private async Task OpenRoomsAsync()
    {
        var owner = await SignInAsync(At(_rig.Nodes[0]));
        foreach (var name in _rooms)
        {
            await AgainAsync(async () =>
            {
                using var made = await owner.PostAsJsonAsync("/api/rooms", new { name }, _stop.Token);
                if (made.StatusCode != HttpStatusCode.Conflict)
                    Demand(made);
            });
        }

        foreach (var node in _rig.Nodes)
        {
            var guest = await SignInAsync(At(node));
            await Eventually.TrueAsync(async () =>
            {
                using var known = await guest.GetAsync($"/api/rooms/{_rooms[^1]}/messages?limit=1", _stop.Token);
                return known.IsSuccessStatusCode;
            });
        }
    }

    private void Write(int writer, HttpClient client) => _writing.Add(Task.Run(async () =>
    {
        using var pace = new PeriodicTimer(Pace * Math.Max(1, _sent.Length / FastWriters));
        for (var i = 0; !_enough.IsCancellationRequested; i++)
        {
            var room = _rooms[(writer + i) % _rooms.Length];
            var clientId = string.Create(CultureInfo.InvariantCulture, $"t.{writer}.{i}");
            await AgainAsync(async () =>
            {
                using var answer = await client.PostAsJsonAsync($"/api/rooms/{room}/messages", new { text = clientId, clientId }, _stop.Token);
                Demand(answer);
                var number = (await answer.Content.ReadFromJsonAsync<JsonElement>(_stop.Token)).GetProperty("number").GetInt64();
                if (!_acknowledged.TryAdd((room, clientId), number))
                    _faults.Enqueue($"{clientId} was acknowledged twice.");
            });
            Interlocked.Increment(ref _sent[writer]);
            await pace.WaitForNextTickAsync(_stop.Token);
        }
    }).ContinueWith(Note, TaskScheduler.Default));

    private void Follow(string room, string who, HttpClient client)
    {
        var view = _views[(room, who)] = new();
        string? last = null;
        _reading.Add(Task.Run(() => AgainAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/rooms/{room}/events" + (last is null ? "?after=0" : ""));
            if (last is not null)
                request.Headers.Add("Last-Event-ID", last);
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
            Demand(answer);
            await foreach (var item in SseParser.Create(await answer.Content.ReadAsStreamAsync(_stop.Token)).EnumerateAsync(_stop.Token))
            {
                last = item.EventId;
                if (item.EventType == "message")
                    Take(view, JsonDocument.Parse(item.Data).RootElement);
                else if (item.EventType == "reset")
                    _faults.Enqueue($"{who} was told that the database is another one.");
            }

            throw new IOException("The stream has ended.");
        })).ContinueWith(Note, TaskScheduler.Default));
    }

    private void Ask(string room, HttpClient client)
    {
        var view = _views[(room, "Who asks for pages")] = new();
        _reading.Add(Task.Run(async () =>
        {
            using var pace = new PeriodicTimer(Pace * 3 * _rooms.Length);
            var last = 0L;
            while (await pace.WaitForNextTickAsync(_stop.Token))
            {
                await AgainAsync(async () =>
                {
                    foreach (var message in (await client.GetFromJsonAsync<JsonElement>(
                        string.Create(CultureInfo.InvariantCulture, $"/api/rooms/{room}/messages?after={last}&limit=200"), _stop.Token)).EnumerateArray())
                    {
                        Take(view, message);
                        last = message.GetProperty("changed").GetInt64();
                    }
                });
            }
        }).ContinueWith(Note, TaskScheduler.Default));
    }

    /// <summary>As a program does that knows that servers are away at times: the same again until there is an answer.</summary>
    private async Task AgainAsync(Func<Task> ask)
    {
        using var pause = new PeriodicTimer(Pace * 2);
        while (true)
        {
            try
            {
                await ask();
                return;
            }
            catch (Exception e) when (!_stop.IsCancellationRequested && IsPassing(e))
            {
                Interlocked.Increment(ref _again);
                await pause.WaitForNextTickAsync(_stop.Token);
            }
        }
    }

    private static void Demand(HttpResponseMessage answer) => answer.EnsureSuccessStatusCode();

    /// <summary>The server or the way to it is away. What it refuses for good is a fault: a session that is not known any more, above all.</summary>
    private static bool IsPassing(Exception e) => e switch
    {
        HttpRequestException { StatusCode: { } status } => status >= HttpStatusCode.InternalServerError || status is HttpStatusCode.TooManyRequests or HttpStatusCode.Locked,
        HttpRequestException or HttpIOException or IOException or OperationCanceledException or JsonException => true,
        _ => false,
    };

    private void Note(Task task)
    {
        if (task.Exception?.GetBaseException() is { } fault && !_stop.IsCancellationRequested)
            _faults.Enqueue(fault.Message);
    }

    /// <summary>One with files comes again with each change of them, and late to whoever was away.</summary>
    private static void Take(ConcurrentQueue<Had> view, JsonElement message)
    {
        if (message.GetProperty("files").GetArrayLength() == 0)
            view.Enqueue(new Had(message.GetProperty("number").GetInt64(), message.GetProperty("clientId").GetString()!));
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        try
        {
            await Eventually.TrueAsync(
                () =>
                {
                    Assert.Empty(_faults);
                    return Task.FromResult(condition());
                },
                Patience);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"It does not go on. Sent: {string.Join(", ", _sent)}. Seen: " + string.Join(
                ", ", _views.Select(view => $"{view.Key.Room}, {view.Key.Who}: {view.Value.Count}")));
        }
    }

    /// <returns>The messages without files, and the numbers that the others have taken.</returns>
    private async Task<(IReadOnlyList<Had> Messages, IReadOnlySet<long> Files)> StoredAsync(string room)
    {
        var (stored, files) = (new List<Had>(), new HashSet<long>());
        await using var connection = new NpgsqlConnection(_rig.Database + ";Pooling=false");
        await connection.OpenAsync(_stop.Token);
        await using var command = new NpgsqlCommand(
            """
            SELECT m."Number", m."Changed", m."ClientId", EXISTS (SELECT 1 FROM "Files" f WHERE f."RoomId" = m."RoomId" AND f."MessageNumber" = m."Number")
            FROM "Messages" m JOIN "Rooms" r ON r."Id" = m."RoomId" WHERE r."Name" = $1 ORDER BY m."Number"
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = room });
        await using var rows = await command.ExecuteReaderAsync(_stop.Token);
        while (await rows.ReadAsync(_stop.Token))
        {
            if (rows.GetBoolean(3))
                files.UnionWith([rows.GetInt64(0), rows.GetInt64(1)]);
            else
                stored.Add(new Had(rows.GetInt64(0), rows.GetString(2)));
        }

        return (stored, files);
    }
}
