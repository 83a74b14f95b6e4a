using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ChatShare.Core.People;

namespace ChatShare.Core.Cluster;

/// <summary>There is nobody else.</summary>
internal sealed class LocalRoomBus : IRoomBus
{
    public bool IsShared => false;

    public void Tell(NodeNews news)
    {
    }

    public async IAsyncEnumerable<NodeNews> NewsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        yield break;
    }

    public Task SetPeopleAsync(ImmutableArray<ConnectedUser> people, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<ImmutableArray<ConnectedUser>> PeopleElsewhereAsync(CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<ConnectedUser>.Empty);
}
