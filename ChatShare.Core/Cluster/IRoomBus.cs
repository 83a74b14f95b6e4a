using System.Collections.Immutable;
using ChatShare.Core.People;

namespace ChatShare.Core.Cluster;

/// <summary>
/// The way to the other nodes that share this database. It is a hint and no more: what is said may be lost, come late, or come twice, and nobody
/// waits for it.
/// </summary>
internal interface IRoomBus
{
    /// <summary>Whether there may be other nodes.</summary>
    bool IsShared { get; }

    /// <summary>Tells the other nodes. Takes no time, and does not throw when they cannot be reached.</summary>
    void Tell(NodeNews news);

    /// <summary>
    /// What the other nodes tell from now on, each one's in its order; <see cref="NodeNews.Missed"/> when some of it may have been lost. To be read
    /// once, by one reader.
    /// </summary>
    IAsyncEnumerable<NodeNews> NewsAsync(CancellationToken cancellationToken);

    /// <summary>Says who is connected to this node; it holds for <see cref="RoomBus.PeopleLast"/>, in case this node dies.</summary>
    /// <exception cref="RoomBusException">It cannot be said now.</exception>
    Task SetPeopleAsync(ImmutableArray<ConnectedUser> people, CancellationToken cancellationToken);

    /// <summary>Who is connected to the other nodes, each node's list as it said it last.</summary>
    /// <exception cref="RoomBusException">It cannot be asked now.</exception>
    Task<ImmutableArray<ConnectedUser>> PeopleElsewhereAsync(CancellationToken cancellationToken);
}

/// <summary>What is the same for all buses.</summary>
internal static class RoomBus
{
    /// <summary>For so long the people of a node are believed to be there when it says nothing any more.</summary>
    public static readonly TimeSpan PeopleLast = TimeSpan.FromSeconds(15);
}

/// <summary>The other nodes cannot be reached now. The message is one line.</summary>
internal sealed class RoomBusException(string sentence, Exception cause) : Exception(sentence, cause);
