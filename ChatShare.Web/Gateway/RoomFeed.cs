using System.Collections.Immutable;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Gateway;

/// <summary>Something to be sent to a client.</summary>
internal abstract record Outgoing
{
    private Outgoing()
    {
    }

    /// <summary>Text for people.</summary>
    public sealed record Line(string Text) : Outgoing;

    /// <summary>A file of somebody else.</summary>
    public sealed record Share(SharedFile File, string Sender) : Outgoing;

    /// <summary>The client's own file is with the server, by the name that it gave.</summary>
    public sealed record Delivered(string Name, long Size) : Outgoing;

    /// <summary>The client has sent its file, whatever became of it: it listens again.</summary>
    public sealed record Listens : Outgoing;
}

/// <summary>Says what happens in a room in the words of the old protocol, to one client.</summary>
internal sealed class RoomFeed
{
    // Everybody is told by name. Only when more than these come or go at once, a client would hear of nothing else for the next half a minute.
    private const int MostNames = 500;

    // To one that is late with what was said already, their names are not worth the wait.
    private const int MostNamesWhenBehind = 20;

    private static readonly Comparer<PersonHere> ByName =
        Comparer<PersonHere>.Create((a, b) => StringComparer.OrdinalIgnoreCase.Compare(a.Nickname, b.Nickname));

    private readonly Guest _guest;
    private readonly DateTimeOffset _since;
    private readonly HashSet<FileId> _told = [];

    // Whom the client knows to be here, sorted by name; a name is one person's.
    private ImmutableArray<PersonHere> _people;

    /// <param name="guest">The client.</param>
    /// <param name="room">Its backlog is what the old server did not send, too.</param>
    public RoomFeed(Guest guest, RoomSession room)
    {
        _guest = guest;
        _since = room.Participant.Since;
        _people = room.Backlog.People;
        room.ForgetBacklog();
    }

    /// <summary>What the client is told of an event; the rest it cannot show.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="isBehind">Whether the client takes things more slowly than they come.</param>
    public IEnumerable<Outgoing> Tell(RoomEvent happened, bool isBehind) => happened switch
    {
        RoomEvent.MessageChanged { Message: var message } => isBehind ? Tell(message) : Announce(message).Concat(Tell(message)),
        RoomEvent.PeopleChanged { People: var people } => Tell(people, isBehind ? MostNamesWhenBehind : MostNames),
        _ => [],
    };

    /// <summary>
    /// What this client calls somebody. One who has the name that it believes to be its own would be itself: it would wait for none of the bytes of
    /// their files.
    /// </summary>
    private string NameOf(Guid personId, string nickname) =>
        personId != _guest.Session.PersonId && nickname == _guest.BelievedName ? $"{nickname} (other)" : nickname;

    /// <summary>
    /// The room tells of people a few times a second, and of messages at once: whoever speaks before they were told of comes first. That holds for
    /// one who has gone since, too: the next list of people is without them, so that the client is told. A message may also be faster than the list
    /// of another node; then somebody may be told to go and to come again.
    /// </summary>
    private IEnumerable<Outgoing> Announce(ChatMessage message)
    {
        // A file may become ready long after its sender has gone; what is said, and what a client of this kind begins to send, has its sender here.
        if (message.Number != message.Changed || message.PersonId == _guest.Session.PersonId || (message.Text.Length == 0 && message.Door != Door.Tcp))
            yield break;
        var person = new PersonHere(message.PersonId, message.Sender, PresenceState.Online, [message.Door]);
        var place = _people.BinarySearch(person, ByName);
        if (place < 0)
        {
            _people = _people.Insert(~place, person);
        }
        else if (_people[place].PersonId != person.PersonId)
        {
            // Somebody had the name before, and has gone.
            yield return Say(OldProtocol.Left, _people[place]);
            _people = _people.SetItem(place, person);
        }
        else
        {
            yield break;
        }

        yield return Say(OldProtocol.Joined, person);
    }

    private IEnumerable<Outgoing> Tell(ChatMessage message)
    {
        if (message.Deleted || message.PersonId == _guest.Session.PersonId)
            yield break;
        var sender = NameOf(message.PersonId, message.Sender);
        if (message.Number == message.Changed && message.Text.Length > 0)
            yield return new Outgoing.Line($"{sender}: {message.Text}");
        foreach (var file in message.Files)
        {
            // A message changes for other reasons as well, and one that is much older may become complete only now.
            if (file.State == FileState.Ready && file.ReadyAt >= _since && _told.Add(file.Id))
                yield return new Outgoing.Share(file, sender);
        }
    }

    private IEnumerable<Outgoing> Tell(ImmutableArray<PersonHere> people, int mostNames)
    {
        var (before, now) = (_people, people);
        _people = people;
        var left = Without(before, now);
        var joined = Without(now, before);
        return Tell(left, mostNames, OldProtocol.Left).Concat(Tell(joined, mostNames, OldProtocol.Joined));
    }

    private IEnumerable<Outgoing> Tell(List<PersonHere> people, int mostNames, Func<string, string> say) =>
        people.Count > mostNames
            ? [new Outgoing.Line(say($"{people.Count} people"))]
            : people.Where(person => person.PersonId != _guest.Session.PersonId)
                .Select(person => Say(say, person));

    private Outgoing.Line Say(Func<string, string> say, PersonHere person) => new(say(NameOf(person.PersonId, person.Nickname)));

    /// <summary>Those of one list that are not in the other; both are sorted by name, and a name is one person's.</summary>
    private static List<PersonHere> Without(ImmutableArray<PersonHere> people, ImmutableArray<PersonHere> others)
    {
        var found = new List<PersonHere>();
        var other = 0;
        foreach (var person in people)
        {
            while (other < others.Length && StringComparer.OrdinalIgnoreCase.Compare(others[other].Nickname, person.Nickname) < 0)
                other++;
            if (other == others.Length || others[other].PersonId != person.PersonId)
                found.Add(person);
        }

        return found;
    }
}
