using ChatShare.Cli.Commands;
using ChatShare.Cli.Http;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Chat;

/// <summary>One room as a chat shows it: what was said last, what is said now, who comes and goes.</summary>
internal sealed class RoomView(ChatShareClient client, string room, ILiveTerminal terminal, Output output, TimeProvider time, Action<FileInMessage, Message> fileCame)
{
    private const int Backlog = 30;

    // The people of a room are no events; this is how late somebody is noticed at most.
    private static readonly TimeSpan PeopleInterval = TimeSpan.FromSeconds(5);

    private readonly MessageLines _lines = new(showsNumbers: true);
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _people = [];

    /// <summary>Its name: as it was typed, and as the server writes it when it was entered.</summary>
    public string Room { get; private set; } = room;

    /// <summary>The file with this number; null when there is none.</summary>
    public FileInMessage? File(int number) => _lines.File(number);

    /// <summary>Shows what was said last and who is here; throws what a wrong room or a server that is away throws.</summary>
    /// <returns>After what was shown.</returns>
    public async Task<Position> EnterAsync(CancellationToken cancellationToken)
    {
        var (messages, at) = await client.NewestAsync(Room, Backlog, cancellationToken);
        foreach (var message in messages)
            Show(message, isNew: false);
        try
        {
            // The last change may be of a message that was said long before these: it is no news, and neither is what has happened meanwhile.
            for (var isMore = true; isMore;)
            {
                var (changes, next) = await client.ChangedAfterAsync(Room, at, cancellationToken);
                foreach (var message in changes.Where(message => messages is [var oldest, ..] && message.Number >= oldest.Number))
                    Show(message, isNew: false);
                (at, isMore) = (next, changes.Length == ChatShareClient.MostAtOnce);
            }

            Room = messages is [var any, ..] ? any.Room : await FindNameAsync(cancellationToken);
            terminal.Note(PeopleLine(await PeopleAsync(cancellationToken)));
        }
        catch (Failure failure) when (failure.IsPassing)
        {
            // The room is there and shown. Whoever follows it from here says that the connection is lost, and goes on when it is back.
            return at;
        }

        return at;
    }

    /// <summary>Follows until it is cancelled.</summary>
    /// <exception cref="Failure">The session has ended, or the room is gone.</exception>
    public async Task FollowAsync(Position at, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var people = WatchPeopleAsync(both.Token);
        try
        {
            while (await FollowOnceAsync(at, cancellationToken))
                at = await new Backoff(time).TryAsync(EnterAsync, TimeSpan.MaxValue, cancellationToken);
        }
        finally
        {
            await both.CancelAsync();
            await ((Task)people).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Answers who is here.</summary>
    public async Task AnswerWhoAsync(CancellationToken cancellationToken)
    {
        var people = await PeopleAsync(cancellationToken);
        output.Json(new WhoAnswer(Room, people), OutputJson.Default.WhoAnswer);
        terminal.Answer(PeopleLine(people));
    }

    /// <returns>Whether the room is to be shown afresh.</returns>
    private async Task<bool> FollowOnceAsync(Position at, CancellationToken cancellationToken)
    {
        using var reset = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await new RoomFollower(client, Room, at, TellAsync, time, FollowTimes.Usual).RunAsync(reset.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }

        return false;

        ValueTask TellAsync(Followed what, CancellationToken token)
        {
            switch (what)
            {
                case Followed.Changed { Message: var message }:
                    Show(message, isNew: true);
                    break;
                case Followed.Reset:
                    terminal.Note(Line.Of("The server has another database now. The room is shown afresh.", Tone.Dim));
                    _lines.Forget();
                    reset.Cancel();
                    break;
                case Followed.Lost { Why: var why }:
                    terminal.Note(Line.Of(why.Message + " Trying again; what you type is sent then.", Tone.Bad));
                    break;
                case Followed.Back:
                    terminal.Note(Line.Of("Connected again.", Tone.Good));
                    break;
                case Followed.Polling:
                    terminal.Note(Line.Of("Something between here and the server holds events back. Asking every two seconds instead.", Tone.Dim));
                    break;
            }

            return ValueTask.CompletedTask;
        }
    }

    private void Show(Message message, bool isNew)
    {
        var lines = _lines.Of(message);
        output.Json(_lines.Numbered(message), ApiJson.Default.Message);
        foreach (var line in lines)
            terminal.Print(line);
        foreach (var file in message.Files ?? [])
        {
            if (file.State == FileStates.Ready && _told.Add(file.Id) && isNew)
                fileCame(file, message);
        }
    }

    /// <summary>Any case of a name opens a room; the list has the one that it was made with.</summary>
    private async Task<string> FindNameAsync(CancellationToken cancellationToken)
    {
        var rooms = await client.RoomsAsync(cancellationToken);
        return rooms.FirstOrDefault(other => string.Equals(other.Name, Room, StringComparison.OrdinalIgnoreCase))?.Name ?? Room;
    }

    private Line PeopleLine(IEnumerable<PersonHere> people)
    {
        var line = Line.Of("In ", Tone.Dim).Add(Room, Tone.Strong).Add(":", Tone.Dim);
        foreach (var person in people)
            line.Add(" ").Add(person.Nickname, Tone.Person);
        return line;
    }

    private async Task WatchPeopleAsync(CancellationToken cancellationToken)
    {
        using var look = new PeriodicTimer(PeopleInterval, time);
        while (await look.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                var before = _people;
                await PeopleAsync(cancellationToken);
                var now = _people;
                foreach (var name in now.Except(before, StringComparer.Ordinal))
                    terminal.Note(Line.Of(name, Tone.Person).Add(" came in.", Tone.Dim));
                foreach (var name in before.Except(now, StringComparer.Ordinal))
                    terminal.Note(Line.Of(name, Tone.Person).Add(" left.", Tone.Dim));
            }
            catch (Failure failure) when (failure.IsPassing)
            {
                // Whoever follows the messages says that the connection is lost.
                continue;
            }
        }
    }

    private async Task<IReadOnlyList<PersonHere>> PeopleAsync(CancellationToken cancellationToken)
    {
        var people = await client.PeopleAsync(Room, cancellationToken);
        _people = [.. people.Select(person => person.Nickname)];
        return people;
    }
}
