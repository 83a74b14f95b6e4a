using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace ChatShare.Web.Components.Chat;

/// <summary>What became of a message that the browser handed over.</summary>
/// <param name="Error">A sentence for the person; null when the message is durable.</param>
/// <param name="Retryable">Whether trying again later makes sense.</param>
public sealed record SendResult(string? Error, bool Retryable);

public sealed partial class RoomView
{
    // Ten to twenty renders a second are what an eye can use; the first after a pause comes at once.
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(60);

    private readonly CancellationTokenSource _gone = new();
    private readonly TimelineView _view = new();
    private ElementReference _root;
    private Timeline _timeline = null!;
    private TypingLine _typing = null!;
    private PeoplePane _people = null!;
    private PeopleCount _count = null!;
    // Of the one type that all such references of a page have: the serializer of each circuit looks at each type anew.
    private DotNetObjectReference<ComponentBase>? _self;
    private IJSObjectReference? _handle;
    private RoomSession? _session;
    private TimelinePages? _pages;

    /// <summary>The room; a view never changes to another, the page makes a new one.</summary>
    [Parameter, EditorRequired]
    public required Room Room { get; set; }

    /// <summary>The message that the room is to be opened at, by its number; null for the newest.</summary>
    [Parameter]
    public long? At { get; set; }

    private LimitOptions Limits => Options.Value.Limits;

    private Guid Viewer => Connection.Participant.Session.PersonId;

    /// <summary>A message from the composer or the outbox. The same client id again is the same message.</summary>
    [JSInvokable]
    public async Task<SendResult> SendAsync(string? clientId, string? text)
    {
        if (_session is null)
            return new SendResult("The room is not open yet.", Retryable: true);
        if (!MessageText.TryParse(text, out var message, out var error))
            return new SendResult(error, Retryable: false);
        try
        {
            // Also what was written just before the room was left.
            await _session.SendAsync(message, clientId ?? "", _session.Participant.Session.Ended);
            return new SendResult(null, Retryable: false);
        }
        catch (RefusedException refused)
        {
            return new SendResult(refused.Message, refused.Kind is RefusalKind.TooFast or RefusalKind.DiskFull or RefusalKind.Conflict);
        }
    }

    /// <summary>The top of the log came near.</summary>
    /// <returns>False when there is nothing older.</returns>
    [JSInvokable]
    public async Task<bool> LoadOlderAsync()
    {
        if (_pages is null || await _pages.OlderAsync() is not { } mayBeMore)
            return true;
        _timeline.Draw();
        return mayBeMore;
    }

    /// <summary>The bottom of the log came near, and there is more below.</summary>
    [JSInvokable]
    public async Task LoadNewerAsync()
    {
        if (_pages is not null && await _pages.NewerAsync())
            _timeline.Draw();
    }

    /// <summary>Back to the end from somewhere in the history.</summary>
    [JSInvokable]
    public Task JumpToLatestAsync()
    {
        _pages?.Latest();
        if (_pages is not null)
            _timeline.Draw();
        return Task.CompletedTask;
    }

    /// <summary>To the line "New", which is further up than the page that the room was opened with.</summary>
    /// <returns>False when there is none.</returns>
    [JSInvokable]
    public async Task<bool> JumpToUnreadAsync()
    {
        if (_pages is null || !await _pages.UnreadAsync())
            return false;
        _timeline.Draw();
        return _timeline.Window!.HasShownLine;
    }

    /// <summary>The page is on the screen again, after others wrote while it was in the background.</summary>
    /// <returns>The number of the message that the line "New" stands at now; 0 when there is none among the rows.</returns>
    [JSInvokable]
    public async Task<long> ComeBackAsync()
    {
        if (_timeline.Window is not { } window)
            return 0;
        var seen = (await Marks.OfAsync(Viewer, _gone.Token))[Room];
        var first = window.ComeBack(seen.Number, Room.NewestMessage, Room.MessageCount - seen.Ordinal);
        _timeline.Draw();
        return first ?? 0;
    }

    /// <summary>The person went to the last row, or away from it to read further up.</summary>
    [JSInvokable]
    public Task FollowsEndAsync(bool followsEnd)
    {
        if (_timeline.Window is { } window)
            window.IsFollowed = followsEnd;
        return Task.CompletedTask;
    }

    /// <summary>The person has this message on the screen, and everything before.</summary>
    [JSInvokable]
    public Task SeenAsync(long number)
    {
        if (Permissions.CanRead(Connection.Participant.Session) && _timeline.Window?.Find(number) is { } message)
        {
            Marks.Mark(Viewer, message);
        }

        return Task.CompletedTask;
    }

    /// <summary>Keys were pressed in the composer; or what was typed is gone, without having been sent.</summary>
    [JSInvokable]
    public Task TypingAsync(bool isTyping)
    {
        _session?.SetTyping(isTyping);
        return Task.CompletedTask;
    }

    /// <summary>A button of a finished row was pressed.</summary>
    /// <param name="action">Which.</param>
    /// <param name="number">The message's number.</param>
    /// <param name="file">The id of the file on whose card it stands; null when it is of the message.</param>
    [JSInvokable]
    public async Task RowActionAsync(string? action, long number, string? file)
    {
        if (_timeline.Window?.Find(number) is not { } message)
            return;
        try
        {
            var on = FileId.TryParse(file, out var id) ? id : (FileId?)null;
            await Reads.OrRefuseAsync(() => Rows.ActAsync(action, Room, message, on, Connection.Participant.Session, _gone.Token));
        }
        catch (RefusedException refused)
        {
            await Overlays.ErrorAsync(refused.Message, _gone.Token);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        if (_session is not null)
        {
            // Their place in the room stays a while, and they write nothing there.
            _session.SetTyping(false);
            await Connection.StayAsync(_session);
        }

        if (_handle is not null)
            await Calls.StopAsync(_handle);
        _self?.Dispose();
    }

    /// <inheritdoc />
    protected override bool ShouldRender() => false;

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
            return;
        try
        {
            await OpenAsync();
        }
        catch (Exception e) when (e is JSDisconnectedException || (_gone.IsCancellationRequested && e is OperationCanceledException or JSException))
        {
            Logger.PageGone();
        }
    }

    private async Task OpenAsync()
    {
        var me = Connection.Participant.Session;
        var zone = await Calls.MakeAsync<string>("chatshare.chat.timeZone", _gone.Token);
        var marks = await Reads.UntilAnsweredAsync(() => Marks.OfAsync(me.PersonId, _gone.Token), _gone.Token);
        var session = await Reads.UntilAnsweredAsync(() => Rooms.JoinAsync(Room, Connection.Participant, afterNumber: null, _gone.Token), _gone.Token);
        if (_gone.IsCancellationRequested)
        {
            // The page was left while the room was read, and nobody else knows of it.
            await session.DisposeAsync();
            return;
        }

        _session = session;
        _session.FrameInterval = Frame;

        var backlog = _session.Backlog;
        var seen = marks[Room];
        var window = new TimelineWindow(Time)
        {
            // This machine may not know it.
            Zone = TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var known) ? known : TimeZoneInfo.Utc,
            Viewer = me.PersonId,
            Seen = seen.Number,
            Sought = At,
            Unread = backlog.Messages is [.., var newest] ? newest.Ordinal - seen.Ordinal : 0,
        };
        window.Reset(backlog.Messages);
        var pages = new TimelinePages(_session, window, _gone.Token);
        if (At is { } number)
            await Reads.UntilAnsweredAsync(() => pages.AtAsync(number), _gone.Token);
        _pages = pages;
        _timeline.Show(window, backlog.Progress);
        ShowPeople(backlog.People);
        _session.ForgetBacklog();

        _self = DotNetObjectReference.Create<ComponentBase>(this);
        // Not given up with the page: a script that has begun has to be stopped.
        _handle = await Calls.MakeAsync<IJSObjectReference>("chatshare.chat.start", CancellationToken.None, _root, _self, RoomScriptOptions.Json(Room, me, Limits));
        if (_gone.IsCancellationRequested)
            await Calls.StopAsync(_handle);
        _ = Task.Run(() => FollowAsync(_session, _gone.Token));
        _ = FollowDaysAsync(window, _gone.Token);
    }

    /// <summary>Runs on the room's fan-out workers; only applying and drawing happens on the circuit.</summary>
    private async Task FollowAsync(RoomSession session, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var batch in session.Events(cancellationToken).ConfigureAwait(false))
                await InvokeAsync(() => Apply(batch)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ObjectDisposedException || (e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            // Also when the circuit ended between two batches.
            Logger.PageGone();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            await DispatchExceptionAsync(exception).ConfigureAwait(false);
        }
    }

    private void Apply(IReadOnlyList<RoomEvent> batch)
    {
        var (draw, drawAll) = (false, false);
        foreach (var change in batch)
        {
            switch (change)
            {
                case RoomEvent.MessageChanged { Message: var message }:
                    draw |= _timeline.Window!.Apply(message);
                    _timeline.Forget(message);
                    break;
                case RoomEvent.UploadProgressed { Progress: var progress }:
                    _timeline.Report(progress);
                    break;
                case RoomEvent.KeepRuleChanged:
                    // The log names the rule, and the browser counts down by it.
                    drawAll = true;
                    break;
                case RoomEvent.PeopleChanged { People: var people }:
                    ShowPeople(people);
                    break;
                case RoomEvent.TypingChanged { People: var people }:
                    _typing.Show(people);
                    break;
            }
        }

        if (drawAll)
            _timeline.DrawAll();
        else if (draw)
            _timeline.Draw();
        _timeline.Settle();
    }

    /// <summary>"Today" is not today for ever, also in a room where nobody says anything.</summary>
    private async Task FollowDaysAsync(TimelineWindow window, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                // A timer may be a moment early.
                await Task.Delay(window.UntilDayMayEnd() + TimeSpan.FromSeconds(1), Time, cancellationToken).ConfigureAwait(false);
                await InvokeAsync(() =>
                {
                    if (window.TurnDay())
                        _timeline.Draw();
                }).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            Logger.PageGone();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            await DispatchExceptionAsync(exception).ConfigureAwait(false);
        }
    }

    private void ShowPeople(System.Collections.Immutable.ImmutableArray<PersonHere> people)
    {
        _people.Show(people);
        _count.Show(people.Length);
    }
}
