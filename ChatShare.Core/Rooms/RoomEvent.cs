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
