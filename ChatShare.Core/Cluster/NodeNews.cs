using System.Text.Json.Serialization;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;

namespace ChatShare.Core.Cluster;

/// <summary>
/// What one node tells the others. Any of it may be lost: what is durable stands in the database, where it is looked for when nothing was heard,
/// and the rest comes again or ends by time.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Changed), "changed")]
[JsonDerivedType(typeof(Moved), "moved")]
[JsonDerivedType(typeof(Rooms), "rooms")]
[JsonDerivedType(typeof(Progressed), "progress")]
[JsonDerivedType(typeof(Typing), "typing")]
[JsonDerivedType(typeof(SessionEnded), "ended")]
[JsonDerivedType(typeof(People), "people")]
[JsonDerivedType(typeof(Wanted), "wanted")]
internal abstract record NodeNews
{
    private NodeNews()
    {
    }

    /// <summary>What concerns one room.</summary>
    /// <param name="RoomId">The room's row.</param>
    public abstract record OfRoom(int RoomId) : NodeNews;

    /// <summary>A message was posted or changed, durably.</summary>
    public sealed record Changed(ChatMessage Message) : OfRoom(Message.RoomId);

    /// <summary>The same, of a message that is too long to be sent along.</summary>
    /// <param name="RoomId">The room's row.</param>
    /// <param name="Number">The number of the change.</param>
    /// <param name="Count">How many messages the room has.</param>
    public sealed record Moved(int RoomId, long Number, long Count) : OfRoom(RoomId);

    /// <summary>A room was made, or keeps its files by another rule.</summary>
    public sealed record Rooms : NodeNews;

    /// <summary>An upload has come on.</summary>
    public sealed record Progressed(int RoomId, UploadProgress Progress) : OfRoom(RoomId);

    /// <summary>Somebody types, or does not any more.</summary>
    public sealed record Typing(int RoomId, PersonTyping Person, bool IsTyping) : OfRoom(RoomId);

    /// <summary>A session was ended, durably.</summary>
    /// <param name="SessionId">Its row.</param>
    /// <param name="Reason">The sentence for its person; null when they left by themselves.</param>
    public sealed record SessionEnded(Guid SessionId, string? Reason) : NodeNews;

    /// <summary>The people of a node are others now; see <see cref="IRoomBus.PeopleElsewhereAsync"/>.</summary>
    public sealed record People : NodeNews;

    /// <summary>The sender of an upload has come to another node: whoever holds it lets it go.</summary>
    public sealed record Wanted(FileId Id) : NodeNews;

    /// <summary>Something may have been missed. Never sent: a bus says it to its own node.</summary>
    public sealed record Missed : NodeNews;
}
