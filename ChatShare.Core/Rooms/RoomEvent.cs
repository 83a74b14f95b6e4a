using System.Collections.Immutable;
using ChatShare.Core.Files;
using ChatShare.Core.People;

namespace ChatShare.Core.Rooms;

/// <summary>What a reader of a room is told. Only messages are durable and numbered; of the rest the newest wins.</summary>
public abstract record RoomEvent
{
    private RoomEvent()
    {
    }

    /// <summary>A message was posted or changed; its <see cref="ChatMessage.Changed"/> is above all that this reader had before.</summary>
    public sealed record MessageChanged(ChatMessage Message) : RoomEvent;

    /// <summary>An upload moved on.</summary>
    public sealed record UploadProgressed(UploadProgress Progress) : RoomEvent;

    /// <summary>Somebody came, left, or changed state: everyone who is here now.</summary>
    public sealed record PeopleChanged(ImmutableArray<PersonHere> People) : RoomEvent;

    /// <summary>The room keeps its files by another rule now.</summary>
    public sealed record KeepRuleChanged(KeepRule Rule) : RoomEvent;

    /// <summary>Who is typing now, oldest first; the reader may be among them.</summary>
    public sealed record TypingChanged(ImmutableArray<PersonTyping> People) : RoomEvent;
}

/// <summary>Somebody in a room; all their connections are one.</summary>
public sealed record PersonHere(Guid PersonId, string Nickname, PresenceState State, ImmutableArray<Door> Doors)
{
    /// <summary>The people behind connections, sorted by name.</summary>
    internal static ImmutableArray<PersonHere> Of(IEnumerable<Participant> connections) =>
    [
        .. connections.GroupBy(participant => participant.Session.PersonId)
            .Select(person => new PersonHere(
                person.Key,
                person.First().Session.Nickname.Value,
                person.Any(p => p.State == PresenceState.Online) ? PresenceState.Online : PresenceState.Away,
                [.. person.Select(p => p.Door).Distinct().Order()]))
            .OrderBy(person => person.Nickname, StringComparer.OrdinalIgnoreCase),
    ];
}

/// <summary>Somebody who is typing.</summary>
public sealed record PersonTyping(Guid PersonId, string Nickname);

/// <summary>What a room looks like at the moment of joining.</summary>
/// <param name="Epoch">Which life of the database this is: numbers of different epochs cannot be compared.</param>
/// <param name="LastNumber">Events go on above this number.</param>
/// <param name="Messages">The newest ones, ascending.</param>
/// <param name="Progress">Uploads under way.</param>
/// <param name="People">Who is here.</param>
public sealed record Backlog(
    string Epoch,
    long LastNumber,
    ImmutableArray<ChatMessage> Messages,
    ImmutableArray<UploadProgress> Progress,
    ImmutableArray<PersonHere> People);
