using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ChatShare.Benchmarks.FanningOut;
using Microsoft.AspNetCore.SignalR.Client;

namespace ChatShare.Benchmarks.Circuits;

/// <summary>
/// One open page without a screen: starts a circuit as blazor.web.js does, acknowledges every batch, answers the page's
/// scripts, and says what it has seen as a visible tab does.
/// </summary>
internal sealed class Browser : IReader
{
    private static readonly TimeSpan SeenInterval = TimeSpan.FromSeconds(3);

    private readonly HubConnection _connection;
    private readonly Visitor _visitor;
    private readonly RowReader _rows;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement>> _calls = new();
    private TaskCompletionSource _roomOpened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly List<(int? Index, string? Marker, TaskCompletionSource Done)> _waiting = [];
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly HashSet<string> _markersSeen = [];
    private long _room;
    private long _lastCall;
    private long _lastObject;
    private long _lastBatchAt = Stopwatch.GetTimestamp();
    private long _lastSeenAt;
    private bool _isClosing;
    private string _circuit = "";

    private Browser(Visitor visitor, RowReader rows)
    {
        _visitor = visitor;
        _rows = rows;
        _connection = CircuitConnection.Make(visitor, new CircuitHandlers(DrawAsync, RunScriptAsync, EndCall, error =>
        {
            // What was under way when the window was closed finds no circuit any more.
            if (!_isClosing)
                _errors.Enqueue($"The circuit broke: {error}");
        }));
        _connection.Closed += exception =>
        {
            if (!_isClosing)
                _errors.Enqueue($"The connection was lost: {exception?.Message ?? "closed by the server"}");
            return Task.CompletedTask;
        };
    }

    /// <summary>Done when the room's script was started, so that the room can be talked to.</summary>
    public Task RoomOpened => _roomOpened.Task;

    /// <summary>How long nothing has been drawn.</summary>
    public TimeSpan Quiet => Stopwatch.GetElapsedTime(Volatile.Read(ref _lastBatchAt));

    /// <summary>What was not as it should be.</summary>
    public IEnumerable<string> Faults => _rows.Fault is { } fault ? [.. _errors, fault] : _errors;

    /// <summary>The same without what the rows say.</summary>
    public IEnumerable<string> CircuitFaults => _errors;

    public static async Task<Browser> OpenAsync(Visitor visitor, string path, RowReader rows, CancellationToken cancellationToken)
    {
        var page = await visitor.OpenAsync(path, cancellationToken);
        var browser = new Browser(visitor, rows);
        await browser._connection.StartAsync(cancellationToken);
        browser._circuit = await browser._connection.StartCircuitAsync(visitor, path, page, cancellationToken);
        return browser;
    }

    Task IReader.ReadUntil(int index) => ReadUntil(index, marker: null);

    /// <summary>Done when a message has arrived or, with a marker, when a batch contained it.</summary>
    /// <param name="index">Of the message in the sender's count; null to wait for the marker.</param>
    /// <param name="marker">Looked for when there is no index.</param>
    public Task ReadUntil(int? index, string? marker)
    {
        lock (_gate)
        {
            if (index <= _rows.Newest || (index is null && _markersSeen.Contains(marker!)))
                return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((index, marker, done));
            return done.Task;
        }
    }

    /// <summary>Calls a method of the room component, as its script does.</summary>
    public async Task<JsonElement> CallRoomAsync(string method, object[] args, CancellationToken cancellationToken)
    {
        var call = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = Interlocked.Increment(ref _lastCall).ToString(CultureInfo.InvariantCulture);
        _calls[id] = call;
        await _connection.SendAsync("BeginInvokeDotNetFromJS", id, null, method, _room, JsonSerializer.Serialize(args), cancellationToken);
        return await call.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Follows a link to another room, as a click in the page does. Done when that one's script was started.</summary>
    public async Task GoAsync(string path, CancellationToken cancellationToken)
    {
        _room = 0;
        _roomOpened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _connection.SendAsync("OnLocationChanged", new Uri(_visitor.Server, path).ToString(), null, false, cancellationToken);
        await _roomOpened.Task.WaitAsync(cancellationToken);
    }

    /// <summary>From now on the end of the circuit is what is wanted.</summary>
    public void ExpectEnd() => _isClosing = true;

    /// <summary>The window is closed, and the server is told so.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        ExpectEnd();
        await _visitor.TellClosedAsync(_circuit, cancellationToken);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _isClosing = true;
        await _connection.DisposeAsync();
    }

    private async Task DrawAsync(long id, byte[] bytes)
    {
        lock (_gate)
        {
            Volatile.Write(ref _lastBatchAt, Stopwatch.GetTimestamp());
            var batch = new RenderBatch(bytes);
            _rows.Read(batch);
            WakeThoseWhoWait(batch);
        }

        await _connection.SendAsync("OnRenderCompleted", id, null);
        await SaySeenAsync();
    }

    private void WakeThoseWhoWait(RenderBatch batch)
    {
        if (batch.Contains(Encoding.UTF8.GetBytes(EmptyPageServer.Greeting)))
            _markersSeen.Add(EmptyPageServer.Greeting);
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            var (index, marker, done) = _waiting[i];
            if (index is { } wanted ? wanted > _rows.Newest : !_markersSeen.Contains(marker!))
                continue;
            _waiting.RemoveAt(i);
            done.SetResult();
        }
    }

    /// <summary>As timeline.js: the newest number on the screen, at most every three seconds.</summary>
    private async Task SaySeenAsync()
    {
        if (_room == 0 || _rows.NewestNumber == 0 || Stopwatch.GetElapsedTime(_lastSeenAt) < SeenInterval)
            return;
        _lastSeenAt = Stopwatch.GetTimestamp();
        var id = Interlocked.Increment(ref _lastCall).ToString(CultureInfo.InvariantCulture);
        await _connection.SendAsync("BeginInvokeDotNetFromJS", id, null, "SeenAsync", _room, $"[{_rows.NewestNumber}]");
    }

    private async Task RunScriptAsync(ScriptCall call)
    {
        if (call.Identifier == "chatshare.chat.start" && CircuitConnection.ObjectIn(call) is { } given)
            _room = given;
        if (call.Handle != 0)
        {
            var result = Scripts.Answer(call.Identifier, call.ResultType, () => Interlocked.Increment(ref _lastObject));
            await _connection.ReturnAsync(call, result, CancellationToken.None);
        }

        if (_room != 0)
            _roomOpened.TrySetResult();
    }

    private void EndCall(string id, bool succeeded, string result)
    {
        if (!succeeded)
            _errors.Enqueue($"A call failed: {result}");
        if (!_calls.TryRemove(id, out var call))
            return;
        using var json = JsonDocument.Parse(succeeded ? result : "null");
        call.SetResult(json.RootElement.Clone());
    }
}
