using System.Collections.Immutable;
using ChatShare.Core;
using ChatShare.Core.Rooms;

namespace ChatShare.Tests.Support;

/// <summary>Reads a session's events as fast as they come, keeps them, and lets a test wait for what it expects.</summary>
internal sealed class RoomReader : IAsyncDisposable
{
    private readonly RoomSession _session;
    private readonly CancellationTokenSource _stop = new();
    private readonly ChangeSignal _changed = new();
    private readonly Lock _gate = new();
    private ImmutableList<RoomEvent> _events = [];

    public RoomReader(RoomSession session)
    {
        _session = session;
        Ended = Task.Run(ReadAsync);
    }

    public RoomSession Session => _session;

    /// <summary>Completes when the events end.</summary>
    public Task Ended { get; }

    public ImmutableList<RoomEvent> Events
    {
        get
        {
            lock (_gate)
                return _events;
        }
    }

    /// <summary>All changes of messages, as they came.</summary>
    public IReadOnlyList<ChatMessage> Messages => [.. Events.OfType<RoomEvent.MessageChanged>().Select(e => e.Message)];

    /// <summary>Returns what <paramref name="find"/> gives, as soon as it is not null.</summary>
    public async Task<T> UntilAsync<T>(Func<IReadOnlyList<RoomEvent>, T?> find, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            var seen = _changed.Version;
            if (find(Events) is { } found)
                return found;
            await _changed.WaitAsync(seen, cancellationToken);
        }
    }

    public Task<RoomEvent> UntilAsync(Func<RoomEvent, bool> condition, CancellationToken cancellationToken) =>
        UntilAsync(events => events.FirstOrDefault(condition), cancellationToken);

    public Task<ChatMessage> UntilMessageAsync(Func<ChatMessage, bool> condition, CancellationToken cancellationToken) =>
        UntilAsync(
            events => events.OfType<RoomEvent.MessageChanged>().Select(e => e.Message).FirstOrDefault(condition), cancellationToken);

    /// <summary>Until the change of this number has come.</summary>
    public Task UntilChangeAsync(long number, CancellationToken cancellationToken) =>
        UntilMessageAsync(message => message.Changed >= number, cancellationToken);

    public Task<RoomEvent> UntilProgressAsync(Func<Core.Files.UploadProgress, bool> condition, CancellationToken cancellationToken) =>
        UntilAsync(e => e is RoomEvent.UploadProgressed { Progress: var progress } && condition(progress), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Ended;
        await _session.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (var batch in _session.Events(_stop.Token))
            {
                lock (_gate)
                    _events = _events.AddRange(batch);
                _changed.Raise();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested || !_session.Participant.Session.IsAlive)
        {
            // Stopped in the middle of a page of the log, which Events says by throwing.
            return;
        }
    }
}
