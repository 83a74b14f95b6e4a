using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Cluster;

/// <summary>
/// Takes in what other nodes do. What they tell comes at once; what may have been lost on the way stands in the database, where it is looked for
/// every few seconds: a lost hint costs seconds and nothing else.
/// </summary>
internal sealed class NodeFeed : BackgroundService
{
    // What is missing is mostly on its way.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(30);

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);

    private readonly IRoomBus _bus;
    private readonly Database _database;
    private readonly RoomService _rooms;
    private readonly RoomParts _services;
    private readonly SessionService _sessions;
    private readonly PeopleOnOtherNodes _people;
    private readonly UploadService _uploads;
    private readonly UploadHandover _handover;
    private readonly TimeProvider _time;
    private readonly EndlessRound _hearing;
    private readonly EndlessRound _filling;
    private readonly EndlessRound _looking;
    private readonly ChangeSignal _lookNow = new();

    public NodeFeed(
        IRoomBus bus, Database database, RoomService rooms, RoomParts services, SessionService sessions, PeopleOnOtherNodes people,
        UploadService uploads, UploadHandover handover, TimeProvider time, ILogger<NodeFeed> logger)
    {
        _bus = bus;
        _database = database;
        _rooms = rooms;
        _services = services;
        _sessions = sessions;
        _people = people;
        _uploads = uploads;
        _handover = handover;
        _time = time;
        _hearing = new EndlessRound(logger.OtherNodesNotSeen);
        _filling = new EndlessRound(logger.OtherNodesNotSeen);
        _looking = new EndlessRound(logger.OtherNodesNotSeen);
        sessions.EndedHere = (sessionId, reason) => bus.Tell(new NodeNews.SessionEnded(sessionId, reason));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_database.IsShared)
            return;
        try
        {
            await Task.WhenAll(HearAsync(stoppingToken), FillGapsAsync(stoppingToken), LookAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
            return;
        }
    }

    private async Task HearAsync(CancellationToken stoppingToken)
    {
        // Where nothing is told, the news end at once, and well.
        while (_bus.IsShared)
        {
            await _hearing.RunAsync(HearNewsAsync, stoppingToken);
            // Anew, and it begins with what was missed.
            await Task.Delay(Round, _time, stoppingToken);
        }
    }

    private async Task HearNewsAsync(CancellationToken cancellationToken)
    {
        await foreach (var news in _bus.NewsAsync(cancellationToken))
        {
            switch (news)
            {
                case NodeNews.OfRoom ofRoom when _rooms.Find(ofRoom.RoomId) is { } room:
                    Hear(room, ofRoom);
                    break;
                case NodeNews.SessionEnded ended:
                    _sessions.EndedElsewhere([new(ended.SessionId, ended.Reason)]);
                    break;
                case NodeNews.Wanted wanted:
                    // In the background: what is being finished takes its time.
                    _ = _handover.LetGoQuietlyAsync(_uploads, wanted.Id);
                    break;
                case NodeNews.People:
                    _people.LookNow();
                    break;
                default:
                    // Something was missed, or a room was made or changed.
                    _lookNow.Raise();
                    _people.LookNow();
                    break;
            }
        }
    }

    private void Hear(Room room, NodeNews.OfRoom news)
    {
        switch (news)
        {
            case NodeNews.Changed changed:
                _services.Log.Publish(room, changed.Message);
                break;
            case NodeNews.Moved moved:
                room.Heard(moved.Number, moved.Count);
                break;
            case NodeNews.Progressed progressed:
                room.HearProgress(progressed.Progress);
                break;
            case NodeNews.Typing typing:
                room.HearTyping(typing.Person, typing.IsTyping);
                break;
        }
    }

    /// <summary>Rooms for which nothing came in time; each once for all its readers.</summary>
    private async Task FillGapsAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var seen = _services.FellBehind.Version;
            // One that cannot be read now is found to be behind by the next look.
            await _filling.RunAsync(_services.TakeBehind().Select(room => (Func<CancellationToken, Task>)room.CatchUpAsync), stoppingToken);
            await _services.FellBehind.WaitAsync(seen, stoppingToken);
            await Task.Delay(Patience, _time, stoppingToken);
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var seen = _lookNow.Version;
            await _looking.RunAsync([_rooms.RefreshAsync, _sessions.LookForEndedAsync], stoppingToken);
            // Not all nodes in the same moment.
            var pause = Round * (0.8 + (Random.Shared.NextDouble() * 0.4));
            await ChangeSignal.WaitAnyAsync([_lookNow.After(seen), cancellationToken => Task.Delay(pause, _time, cancellationToken)], stoppingToken);
        }
    }
}
