using System.Collections.Immutable;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Cluster;

/// <summary>
/// Tells the other nodes who is connected to this one, and this one who is connected to them. When the way to them is lost, those who were there
/// last stay until it is back.
/// </summary>
internal sealed class PeopleOnOtherNodes(IRoomBus bus, ConnectedUsers connected, RoomService rooms, TimeProvider time, ILogger<PeopleOnOtherNodes> logger)
    : BackgroundService
{
    // A hundred who come at once are one list.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly ChangeSignal _lookNow = new();
    private readonly EndlessRound _telling = new(logger.PeopleNotTold);
    private readonly EndlessRound _looking = new(logger.PeopleNotTold);

    /// <summary>Others have told that theirs have changed.</summary>
    public void LookNow() => _lookNow.Raise();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (bus.IsShared)
            await _telling.RunAsync(token => TellAsync([], token), cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!bus.IsShared)
            return;
        try
        {
            await Task.WhenAll(TellChangesAsync(stoppingToken), LookAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
            return;
        }
    }

    private async Task TellChangesAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var seen = connected.ChangedHere.Version;
            await _telling.RunAsync(token => TellAsync(connected.ListHere(), token), stoppingToken);
            await Task.Delay(Pause, time, stoppingToken);
            await WaitAsync(connected.ChangedHere.After(seen), stoppingToken);
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var seen = _lookNow.Version;
            await _looking.RunAsync(TakeInAsync, stoppingToken);
            await Task.Delay(Pause, time, stoppingToken);
            await WaitAsync(_lookNow.After(seen), stoppingToken);
        }
    }

    /// <summary>Also without a change: what this node has said holds for a while only, and so does what a dead node has said.</summary>
    private Task WaitAsync(Func<CancellationToken, Task> change, CancellationToken stoppingToken) =>
        ChangeSignal.WaitAnyAsync([change, token => Task.Delay(RoomBus.PeopleLast / 3, time, token)], stoppingToken);

    private async Task TellAsync(ImmutableArray<ConnectedUser> people, CancellationToken cancellationToken)
    {
        await bus.SetPeopleAsync(people, cancellationToken);
        bus.Tell(new NodeNews.People());
    }

    private async Task TakeInAsync(CancellationToken cancellationToken)
    {
        var people = await bus.PeopleElsewhereAsync(cancellationToken);
        connected.SetElsewhere(people);
        var ofRooms = people.SelectMany(person => person.Rooms, (person, room) => (person, room)).ToLookup(pair => pair.room, pair => pair.person);
        foreach (var room in rooms.Rooms)
            room.SetPeopleElsewhere(PersonHere.Of(ofRooms[room.Name.Value]));
    }
}
