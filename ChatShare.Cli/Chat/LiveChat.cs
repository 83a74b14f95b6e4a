using System.Globalization;
using ChatShare.Cli.Commands;
using ChatShare.Cli.Http;
using ChatShare.Cli.State;
using ChatShare.Cli.Terminal;
using ChatShare.Cli.Transfers;

namespace ChatShare.Cli.Chat;

/// <summary>A chat from entering the first room to leaving: does what is typed, one line after the other.</summary>
internal sealed class LiveChat : IAsyncDisposable
{
    private static readonly string[] HelpLines =
    [
        "Write and press Enter. Besides:",
        "  file:/path/to/file  shares a file",
        "  get 3               fetches file 3 into downloads/",
        "  /rooms, /who        list the rooms, and who is here",
        "  /join Room          goes to another room",
        "  /say /text          sends what looks like a command",
        "  quit                leaves",
        "  Ctrl+C              cancels transfers; without any, twice leaves",
    ];

    // A second Ctrl+C means the first one for so long.
    private static readonly TimeSpan WarningLasts = TimeSpan.FromSeconds(10);

    // What was typed just before leaving is still sent, if the server takes it.
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(10);

    private readonly ChatShareClient _client;
    private readonly SavedSignIn _who;
    private readonly ILiveTerminal _terminal;
    private readonly Output _output;
    private readonly TimeProvider _time;
    private readonly RunningTransfers _transfers;
    private readonly Outbox _outbox;
    private readonly bool _autoDownload;
    private readonly CancellationTokenSource _over;
    private RoomView? _room;
    private CancellationTokenSource? _roomOver;
    private Task _following = Task.CompletedTask;
    private long? _warnedAt;

    /// <param name="signedIn">Stays the caller's.</param>
    /// <param name="terminal">Stays the caller's.</param>
    /// <param name="context">For where results, notes and the clock are.</param>
    /// <param name="autoDownload">Whether files of others are fetched by themselves.</param>
    /// <param name="cancellationToken">Leaves at once.</param>
    public LiveChat(SignedIn signedIn, ILiveTerminal terminal, CommandContext context, bool autoDownload, CancellationToken cancellationToken)
    {
        (_client, _who) = (signedIn.Client, signedIn.Who);
        _terminal = terminal;
        _output = context.Output;
        _time = context.Time;
        _autoDownload = autoDownload;
        _over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _transfers = new(new Uploader(_client, context.Uploads, _time), new Downloader(_client, _time), terminal, _output, "downloads", _time);
        _outbox = new(_client, terminal, _time);
    }

    /// <summary>Until somebody leaves.</summary>
    /// <exception cref="Failure">The session has ended, or the first room is none.</exception>
    public async Task<ExitCode> RunAsync(string room, CancellationToken cancellationToken)
    {
        await EnterAsync(room, cancellationToken);
        var sending = _outbox.RunAsync(_over.Token);
        while (true)
        {
            var input = _terminal.Inputs.ReadAsync(_over.Token).AsTask();
            var first = await Task.WhenAny(input, _following, sending);
            if (first != input)
            {
                // It has failed: both go on for as long as the chat does.
                await first;
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            switch (await input)
            {
                case TerminalInput.Entered { Text: var line }:
                    _warnedAt = null;
                    if (await DoAsync(line, cancellationToken))
                        return await LeaveAsync(sending, cancellationToken);
                    break;
                case TerminalInput.Ended:
                    return await LeaveAsync(sending, cancellationToken);
                case TerminalInput.Interrupted:
                    if (Interrupt())
                        return BreakOff();
                    break;
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _transfers.StopAll();
        await _over.CancelAsync();
        await StopFollowingAsync();
        await _transfers.WhenNoneAsync();
    }

    /// <returns>Whether to leave.</returns>
    private bool Interrupt()
    {
        // Those that are being stopped do not count: a server that stands still would keep whoever wants to leave.
        var isSecond = _warnedAt is { } warned && _time.GetElapsedTime(warned) < WarningLasts;
        _warnedAt = _time.GetTimestamp();
        if (_transfers.StopAll())
            return false;
        if (isSecond || !_terminal.HasPerson)
            return true;
        Remark("Ctrl+C once more leaves; so does quit.");
        return false;
    }

    private ExitCode BreakOff()
    {
        if (_outbox.Unsent is > 0 and var unsent)
            _terminal.Error(new Failure(ExitCode.Cancelled, unsent == 1 ? "1 message was not sent." : string.Create(CultureInfo.InvariantCulture, $"{unsent} messages were not sent.")));
        return ExitCode.Cancelled;
    }

    /// <returns>Whether to leave.</returns>
    private async Task<bool> DoAsync(string line, CancellationToken cancellationToken)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        try
        {
            switch (ChatInput.Parse(line, home))
            {
                case ChatInput.Say { Text: var text }:
                    _outbox.Send(_room!.Room, text);
                    break;
                case ChatInput.Share { Path: var path }:
                    _transfers.Share(path, _who.Nickname, _room!.Room, _over.Token);
                    break;
                case ChatInput.Get { Number: var number }:
                    Get(number);
                    break;
                case ChatInput.Join { Room: var room }:
                    await EnterAsync(room, cancellationToken);
                    break;
                case ChatInput.Who:
                    await _room!.AnswerWhoAsync(cancellationToken);
                    break;
                case ChatInput.Rooms:
                    await AnswerRoomsAsync(cancellationToken);
                    break;
                case ChatInput.Help:
                    Help();
                    break;
                case ChatInput.Unknown { Sentence: var sentence }:
                    throw new Failure(ExitCode.Usage, sentence);
                case ChatInput.Quit:
                    return true;
            }
        }
        catch (Failure failure) when (failure.Code != ExitCode.NotSignedIn)
        {
            _terminal.Error(failure);
        }

        return false;
    }

    private async Task AnswerRoomsAsync(CancellationToken cancellationToken)
    {
        var rooms = await _client.RoomsAsync(cancellationToken);
        _output.Json(new RoomsAnswer(rooms), OutputJson.Default.RoomsAnswer);
        foreach (var room in rooms)
            _terminal.Answer(Line.Of("      ").Add(room.Name, Tone.Strong).Add(string.Create(CultureInfo.InvariantCulture, $"  {room.People} here  {room.Topic}"), Tone.Dim));
    }

    private void Get(int number)
    {
        if (_room!.File(number) is not { } file)
            throw new Failure(ExitCode.Refused, string.Create(CultureInfo.InvariantCulture, $"There is no file {number} here."));
        if (!FileStates.CanBeFetched(file.State))
            throw new Failure(ExitCode.Refused, $"{file.Name} cannot be had.");
        _transfers.Get(file, _over.Token);
    }

    private async Task EnterAsync(string name, CancellationToken cancellationToken)
    {
        var room = new RoomView(_client, name, _terminal, _output, _time, FileCame);
        // Before the old one is left: a name that is wrong leaves everything as it is.
        var at = await room.EnterAsync(cancellationToken);
        await StopFollowingAsync();
        _room = room;
        _roomOver = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        _following = room.FollowAsync(at, _roomOver.Token);
        _terminal.SetPrompt(Line.Of(room.Room, Tone.Strong).Add("> "));
    }

    private async Task StopFollowingAsync()
    {
        if (_roomOver is null)
            return;
        await _roomOver.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _roomOver.Dispose();
        _roomOver = null;
    }

    private void FileCame(FileInMessage file, Message message)
    {
        if (_autoDownload && message.Sender != _who.Nickname)
            _transfers.Get(file, _over.Token);
    }

    /// <summary>Lets out what is on its way; Ctrl+C ends that, too.</summary>
    private async Task<ExitCode> LeaveAsync(Task sending, CancellationToken cancellationToken)
    {
        _outbox.Close();
        if (_transfers.Any)
            Remark("Waiting for the transfers; Ctrl+C cancels them.");
        var rest = Task.WhenAll(SendRestAsync(sending, cancellationToken), _transfers.WhenNoneAsync());
        while (!rest.IsCompleted)
        {
            var input = _terminal.Inputs.WaitToReadAsync(_over.Token).AsTask();
            await Task.WhenAny(rest, input);
            while (_terminal.Inputs.TryRead(out var next))
            {
                if (next is TerminalInput.Interrupted && Interrupt())
                    return BreakOff();
            }
        }

        await rest;
        return ExitCode.Ok;
    }

    private async Task SendRestAsync(Task sending, CancellationToken cancellationToken)
    {
        try
        {
            await sending.WaitAsync(FarewellPatience, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            _terminal.Error(new Failure(ExitCode.NoServer, "Not everything was sent: the server does not answer."));
        }
    }

    private void Remark(string text) => _terminal.Note(Line.Of(text, Tone.Dim));

    private void Help()
    {
        _output.Json(new HelpAnswer(HelpLines), OutputJson.Default.HelpAnswer);
        foreach (var line in HelpLines)
            _terminal.Answer(Line.Of(line, Tone.Dim));
    }
}
