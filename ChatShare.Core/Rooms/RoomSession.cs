using System.Collections.Immutable;
using System.Data.Common;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;

namespace ChatShare.Core.Rooms;

/// <summary>A message that is durable.</summary>
/// <param name="Message">As it is now.</param>
/// <param name="IsNew">False when an earlier try with the same client id had made it.</param>
public sealed record PostedMessage(ChatMessage Message, bool IsNew);

/// <summary>
/// A person's place in a room: what is there now, what comes later, and the way to say something. Browser circuits, the
/// API, the TCP gateway and tests hold this same type. Disposing it leaves the room.
/// </summary>
/// <remarks>
/// The reader keeps no queue of its own. The room keeps the newest changes in one ring for all readers, and a reader is a
/// position in it; one that falls behind the ring reads on from the log. So nobody waits for a slow reader, it costs
/// nothing, and it misses nothing.
/// </remarks>
public sealed class RoomSession : IAsyncDisposable, IValueTaskSource
{
    private static readonly TimeSpan ReadsAgain = TimeSpan.FromMilliseconds(500);

    private readonly RoomParts _services;
    private readonly CancellationTokenSource _left = new();
    private ManualResetValueTaskSourceCore<bool> _wake;
    private CancellationTokenRegistration _ended;
    private int _disposed;

    internal RoomSession(RoomParts services, Room room, Participant participant)
    {
        _services = services;
        Room = room;
        Participant = participant;
        Partition = services.FanOut.AssignPartition();
    }

    /// <summary>The room.</summary>
    public Room Room { get; }

    /// <summary>Whose place it is.</summary>
    public Participant Participant { get; }

    /// <summary>The room as it was when the session was made; what comes after is in <see cref="Events"/>.</summary>
    public Backlog Backlog { get; internal set; } = null!;

    /// <summary>
    /// Gives the memory of <see cref="Backlog"/> back to a reader that has looked at it. The list of a thousand people is more than all the
    /// rest of a connection.
    /// </summary>
    public void ForgetBacklog() => Backlog = Backlog with { Messages = [], Progress = [], People = [] };

    /// <summary>The least time between two batches under load; the first one after a pause comes at once. Default none.</summary>
    public TimeSpan FrameInterval
    {
        get => TimeSpan.FromSeconds(FrameTicks / (double)Stopwatch.Frequency);
        set => FrameTicks = (long)(value.TotalSeconds * Stopwatch.Frequency);
    }

    internal int Partition { get; }

    private PersonTyping Typing => new(Participant.Session.PersonId, Participant.Session.Nickname.Value);

    internal long FrameTicks { get; private set; }

    internal long LastWoken { get; set; }

    // Where this reader stands. Guarded by the room's lock.
    internal long LastNumber { get; set; }

    internal long ProgressVersion { get; set; }

    internal long PeopleVersion { get; set; }

    internal long TypingVersion { get; set; }

    internal KeepRule Keeps { get; set; } = KeepRule.Everything;

    internal bool Waiting { get; set; }

    /// <summary>
    /// Everything after <see cref="Backlog"/>, in batches: each change of a message once, in the order of its number. Ends
    /// when the session is disposed or the person's session is ended. To be read once, by one reader.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled while the log was being read.</exception>
    public async IAsyncEnumerable<IReadOnlyList<RoomEvent>> Events([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _left.Token, Participant.Session.Ended);
        await using var wakeAtEnd = until.Token.Register(() => Room.Wake(this));
        // Whoever comes back after a while begins by reading the log: that is no reader that has fallen behind.
        var readsLog = true;
        while (!until.IsCancellationRequested)
        {
            var taken = Room.Take(this);
            if (taken.Behind && !readsLog)
                _services.Metrics.FellBehind();
            readsLog = taken.Behind;
            if (taken.Behind)
            {
                var missed = await MissedAsync(until.Token);
                Room.CaughtUp(this, missed);
                if (missed.Length > 0)
                    yield return [.. missed.Select(message => new RoomEvent.MessageChanged(message))];
            }
            else if (taken.Events.Count > 0)
            {
                if (taken.Since != 0)
                    _services.Metrics.Delivered(Stopwatch.GetElapsedTime(taken.Since));
                yield return taken.Events;
                if (FrameTicks == 0)
                    continue;
                // A reader that is slower than the room always finds something new; it, too, keeps its frames.
                Room.Rest(this);
                await WokenAsync(until.Token);
            }
            else
            {
                await WokenAsync(until.Token);
            }
        }
    }

    /// <summary>Posts a message; returns when it is durable. The sender, too, sees it through <see cref="Events"/>.</summary>
    /// <param name="text">What to say.</param>
    /// <param name="clientId">1–64 characters that the sender chose; the same again returns the message that is there.</param>
    /// <param name="cancellationToken">Gives up waiting; the message may still be posted.</param>
    /// <exception cref="RefusedException">Ended session, too fast, bad client id, or the log cannot write.</exception>
    public async Task<ChatMessage> SendAsync(MessageText text, string clientId, CancellationToken cancellationToken) =>
        (await PostAsync(text, clientId, cancellationToken)).Message;

    /// <summary><see cref="SendAsync"/> for a door that tells its sender whether the message was there already.</summary>
    /// <exception cref="RefusedException">Ended session, too fast, bad client id, or the log cannot write.</exception>
    public async Task<PostedMessage> PostAsync(MessageText text, string clientId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        var who = Participant.Session;
        Permissions.Demand(Permissions.CanSend(who), who);
        _services.Limits.TakeMessage(who.PersonId);
        var entry = new LogEntry.Post(Room, who, Participant.Door, text.Value, ClientIds.Check(clientId), []);
        var message = await _services.Log.AppendAsync(entry, cancellationToken);
        Room.SetTyping(Typing, isTyping: false);
        return new PostedMessage(message, entry.IsNew);
    }

    /// <summary>Tells the others that this person is typing, for the next few seconds, or is not any more.</summary>
    public void SetTyping(bool isTyping)
    {
        if (!Permissions.CanSend(Participant.Session))
            return;
        Room.SetTyping(Typing, isTyping);
    }

    /// <summary>The newest <see cref="Room.PageLength"/> messages, ascending, out of memory.</summary>
    /// <exception cref="RefusedException">Ended session.</exception>
    public ImmutableArray<ChatMessage> ReadNewest()
    {
        Permissions.Demand(Permissions.CanRead(Participant.Session), Participant.Session);
        return Room.Newest(Room.PageLength);
    }

    /// <summary>Messages before a number, ascending; fewer than <paramref name="limit"/> mean that there are no older ones.</summary>
    public Task<ImmutableArray<ChatMessage>> ReadBeforeAsync(long number, int limit, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanRead(Participant.Session), Participant.Session);
        return _services.Log.BeforeAsync(Room, number, limit, cancellationToken);
    }

    /// <summary>Messages after a number, ascending; fewer than <paramref name="limit"/> mean that these are the newest.</summary>
    public Task<ImmutableArray<ChatMessage>> ReadAfterAsync(long number, int limit, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanRead(Participant.Session), Participant.Session);
        return _services.Log.AfterAsync(Room, number, limit, cancellationToken);
    }

    /// <summary>
    /// Catching up: every message that was posted or changed after a number, as it is now, in the order of the changes; fewer than
    /// <paramref name="limit"/> mean that these are all.
    /// </summary>
    public Task<ImmutableArray<ChatMessage>> ReadChangesAsync(long number, int limit, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanRead(Participant.Session), Participant.Session);
        return _services.Log.ChangedAfterAsync(Room, number, limit, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        await _ended.DisposeAsync();
        Room.Leave(this);
        await _left.CancelAsync();
    }

    /// <summary>Whoever was disconnected is not in the room any more, even while their page is still open.</summary>
    internal void LeaveWhenEnded() => _ended = Participant.Session.Ended.Register(() => Room.Leave(this));

    /// <summary>Lets the waiting reader run, on the caller's thread, until it waits again.</summary>
    internal void Release() => _wake.SetResult(true);

    /// <summary>The next page of what this reader has missed. A server of a database that is away comes back: its readers wait for it.</summary>
    private async Task<ImmutableArray<ChatMessage>> MissedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await _services.Log.ChangedAfterAsync(Room, LastNumber, Room.CatchUpPage, cancellationToken);
            }
            catch (Exception e) when (_services.Database.IsShared && e is DbException or TimeoutException)
            {
                await Task.Delay(ReadsAgain, cancellationToken);
            }
        }
    }

    private async ValueTask WokenAsync(CancellationToken until)
    {
        // An end that came between the last look at the token and the mark "waiting" found nobody to wake.
        if (until.IsCancellationRequested)
            Room.Wake(this);
        await new ValueTask(this, _wake.Version);
        _wake.Reset();
    }

    void IValueTaskSource.GetResult(short token) => _wake.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wake.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wake.OnCompleted(continuation, state, token, flags);
}
