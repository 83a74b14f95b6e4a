using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ChatShare.Benchmarks.Circuits;
using Microsoft.AspNetCore.SignalR.Client;

namespace ChatShare.Benchmarks.Stall;

/// <summary>
/// A circuit that can misbehave: it answers the page's scripts, acknowledges what is drawn only as long as it is told to, and says to the
/// server whatever its owner wants.
/// </summary>
internal sealed class BareCircuit : IAsyncDisposable
{
    /// <summary>The scripts that the page talks to; see <see cref="CallAsync"/>.</summary>
    public const string Room = "chatshare.chat.start";

    private readonly HubConnection _connection;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<(bool Succeeded, string Result)>> _calls = new();
    private readonly ConcurrentDictionary<string, long> _objects = new();
    private readonly ConcurrentQueue<long> _unacknowledged = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableList<string> _rows = [];
    private ImmutableHashSet<string> _texts = [];
    private long _lastCall;
    private long _lastObject;

    private BareCircuit(Visitor visitor)
    {
        _connection = CircuitConnection.Make(visitor, new CircuitHandlers(DrawAsync, RunScriptAsync, EndCall, error =>
        {
            Error = error;
            Move();
        }));
        _connection.Closed += exception =>
        {
            _ended.TrySetResult();
            Move();
            return Task.CompletedTask;
        };
    }

    /// <summary>Whether what is drawn is acknowledged. What was left out before is said by <see cref="AcknowledgeAsync"/>.</summary>
    public bool Acknowledges { get; set; } = true;

    /// <summary>Asked before the usual answers what a script returns, as JSON, by its name and arguments; null for the usual one.</summary>
    public Func<string, string?, string?>? Answers { get; set; }

    /// <summary>Batches that were drawn and not acknowledged.</summary>
    public int Unacknowledged => _unacknowledged.Count;

    /// <summary>The oldest of them.</summary>
    public long FirstUnacknowledged => _unacknowledged.TryPeek(out var batch) ? batch : throw new InvalidOperationException("Everything was acknowledged.");

    /// <summary>The rows of messages, as they came.</summary>
    public ImmutableList<string> Rows => Volatile.Read(ref _rows);

    /// <summary>Everything else that was drawn: words, markup, names and values.</summary>
    public ImmutableHashSet<string> Texts => Volatile.Read(ref _texts);

    /// <summary>What the server says went wrong; null when it has not said so.</summary>
    public string? Error { get; private set; }

    /// <summary>Done when the connection has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The scripts that have been given an object of the server to call.</summary>
    public IReadOnlyCollection<string> Scripts => [.. _objects.Keys];

    /// <summary>Opens a page and waits until its room can be used.</summary>
    public static async Task<BareCircuit> OpenAsync(Visitor visitor, string path, CancellationToken cancellationToken)
    {
        var circuit = await ConnectAsync(visitor, cancellationToken);
        await circuit.StartAsync(visitor, path, cancellationToken);
        await circuit.UntilAsync(() => circuit._objects.ContainsKey(Room), cancellationToken);
        return circuit;
    }

    /// <summary>The connection alone, without a page.</summary>
    public static async Task<BareCircuit> ConnectAsync(Visitor visitor, CancellationToken cancellationToken)
    {
        var circuit = new BareCircuit(visitor);
        await circuit._connection.StartAsync(cancellationToken);
        return circuit;
    }

    /// <summary>Asks for a page's components, as blazor.web.js does.</summary>
    public async Task StartAsync(Visitor visitor, string path, CancellationToken cancellationToken) =>
        await _connection.StartCircuitAsync(visitor, path, await visitor.OpenAsync(path, cancellationToken), cancellationToken);

    /// <summary>Says something to the hub, whether a page would or not.</summary>
    public Task SayAsync(string method, object?[] args, CancellationToken cancellationToken) => _connection.SendCoreAsync(method, args, cancellationToken);

    /// <summary>Asks the hub something, whether a page would or not.</summary>
    public Task<T> AskAsync<T>(string method, object?[] args, CancellationToken cancellationToken) => _connection.InvokeCoreAsync<T>(method, args, cancellationToken);

    /// <summary>Calls a method of the object that a script was given.</summary>
    /// <returns>Whether it went well, and the result or the fault as JSON.</returns>
    public async Task<(bool Succeeded, string Result)> CallAsync(string script, string method, object?[] args, CancellationToken cancellationToken)
    {
        var call = new TaskCompletionSource<(bool, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = Interlocked.Increment(ref _lastCall).ToString(CultureInfo.InvariantCulture);
        _calls[id] = call;
        await SayAsync("BeginInvokeDotNetFromJS", [id, null, method, _objects[script], JsonSerializer.Serialize(args)], cancellationToken);
        return await call.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Sends a message, as the composer does.</summary>
    public Task<(bool Succeeded, string Result)> SendAsync(string text, CancellationToken cancellationToken) =>
        CallAsync(Room, "SendAsync", [Guid.NewGuid().ToString("N"), text], cancellationToken);

    /// <summary>Acknowledges what was left out, and everything from now on.</summary>
    public async Task AcknowledgeAsync(CancellationToken cancellationToken)
    {
        Acknowledges = true;
        while (_unacknowledged.TryDequeue(out var batch))
            await SayAsync("OnRenderCompleted", [batch, null], cancellationToken);
    }

    /// <summary>Waits until a row contains this.</summary>
    public Task SeesAsync(string text, CancellationToken cancellationToken) =>
        UntilAsync(() => Rows.Exists(row => row.Contains(text, StringComparison.Ordinal)), cancellationToken);

    /// <summary>Waits until something is so, looking whenever the server has said something.</summary>
    public async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
                moved = _moved.Task;
            if (condition())
                return;
            if (Ended.IsCompleted)
                throw new InvalidOperationException($"The connection has ended. {Error}");
            await moved.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits until the circuit is no more, whether or not its connection is.</summary>
    public async Task UntilGoneAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
                moved = _moved.Task;
            if (Ended.IsCompleted || Error is not null)
                return;
            await moved.WaitAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task DrawAsync(long id, byte[] bytes)
    {
        foreach (var text in new RenderBatch(bytes))
        {
            if (text.StartsWith("<article class=\"message\""u8))
                _rows = _rows.Add(Encoding.UTF8.GetString(text));
            else
                _texts = _texts.Add(Encoding.UTF8.GetString(text));
        }

        if (Acknowledges)
            await SayAsync("OnRenderCompleted", [id, null], CancellationToken.None);
        else
            _unacknowledged.Enqueue(id);
        Move();
    }

    private async Task RunScriptAsync(ScriptCall call)
    {
        if (CircuitConnection.ObjectIn(call) is { } given)
            _objects[call.Identifier] = given;
        if (call.Handle != 0)
        {
            var result = Answers?.Invoke(call.Identifier, call.Args)
                ?? Circuits.Scripts.Answer(call.Identifier, call.ResultType, () => Interlocked.Increment(ref _lastObject));
            await _connection.ReturnAsync(call, result, CancellationToken.None);
        }

        Move();
    }

    private void EndCall(string id, bool succeeded, string result)
    {
        if (_calls.TryRemove(id, out var call))
            call.SetResult((succeeded, result));
    }

    private void Move()
    {
        TaskCompletionSource moved;
        lock (_gate)
        {
            moved = _moved;
            _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        moved.SetResult();
    }
}
