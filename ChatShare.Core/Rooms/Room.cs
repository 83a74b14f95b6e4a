using System.Collections.Immutable;
using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Core.People;

namespace ChatShare.Core.Rooms;

/// <summary>
/// A room while the server runs: its newest messages, shared by all readers, and who reads. One instance for each row.
/// </summary>
/// <remarks>One lock guards everything; nothing is awaited and nobody else's code runs while it is held.</remarks>
public sealed class Room
{
    /// <summary>How many messages a reader is given at joining.</summary>
    public const int PageLength = 100;

    internal const int CatchUpPage = 500;

    private readonly Lock _gate = new();
    private readonly RoomParts _services;
    private readonly HashSet<RoomSession> _readers = [];
    private readonly RecentMessages _recent;
    private readonly ProgressInRoom _progress = new();
    private readonly TypingPeople _typing = new();
    private readonly PeopleInRoom _people = new();
    private readonly SemaphoreSlim _loading = new(1);
    private volatile bool _loaded;
    private KeepRule _keeps;

    internal Room(RoomParts services, int id, RoomName name, string topic, KeepRule keeps, long lastNumber, long messageCount)
    {
        (_services, _keeps) = (services, keeps);
        Id = id;
        Name = name;
        Topic = topic;
        _recent = new RecentMessages(lastNumber, messageCount);
    }

    /// <summary>The room's row.</summary>
    public int Id { get; }

    /// <summary>What it is called; unique without case.</summary>
    public RoomName Name { get; }

    /// <summary>What it is for, may be empty.</summary>
    public string Topic { get; }

    /// <summary>The number of the last durable change.</summary>
    public long LastNumber => Look(static room => room._recent.LastNumber);

    /// <summary>How many messages were ever posted.</summary>
    public long MessageCount => Look(static room => room._recent.MessageCount);

    /// <summary>Who is here now, sorted by name.</summary>
    public ImmutableArray<PersonHere> People => Look(static room => room._people.All);

    /// <summary>What it keeps of its files.</summary>
    public KeepRule Keeps => Volatile.Read(ref _keeps);

    /// <summary>Raised when a file of it has come, is ready or has gone, or a message was taken back.</summary>
    public ChangeSignal FilesChanged { get; } = new();

    /// <summary>A message of the newest couple of hundred; null when it is older or there is none.</summary>
    internal ChatMessage? FindRecent(long number)
    {
        lock (_gate)
            return _recent.Find(number);
    }

    /// <summary>The newest messages that are kept in memory, ascending; of a room that somebody has entered.</summary>
    internal ImmutableArray<ChatMessage> Newest(int limit)
    {
        lock (_gate)
            return _recent.Newest(limit);
    }

    /// <summary>The number of the newest message; 0 when there is none.</summary>
    public long NewestMessage => Look(static room => room._recent.NewestMessage);

    /// <summary>The mark of somebody who has seen everything up to now.</summary>
    internal ReadMark ReadToTheEnd => Look(static room => new ReadMark(room._recent.LastNumber, room._recent.MessageCount));

    /// <summary>Takes the reader in: register and snapshot under one lock, so that nothing falls between or comes twice.</summary>
    internal async Task EnterAsync(RoomSession reader, long? afterNumber, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        // Before the newcomer is on the list: a change of state between the two would be heard by nobody.
        reader.Participant.StateChanged += OnStateChanged;
        lock (_gate)
        {
            reader.LastNumber = afterNumber ?? _recent.LastNumber;
            reader.ProgressVersion = _progress.Version;
            reader.TypingVersion = -1;
            reader.Keeps = _keeps;
            _readers.Add(reader);
            // The newcomer sees themselves at once, the others with the next flush.
            PersonChanged(reader.Participant);
            reader.PeopleVersion = _people.Version;
            reader.Backlog = new Backlog(
                _services.Database.Epoch,
                reader.LastNumber,
                afterNumber is null ? _recent.Newest(PageLength) : [],
                [.. _progress.All],
                _people.All);
        }

        reader.Participant.Entered(Name.Value);
        reader.LeaveWhenEnded();
        _services.Dirty(this);
    }

    internal void Leave(RoomSession reader)
    {
        lock (_gate)
        {
            if (!_readers.Remove(reader))
                return;
            PersonChanged(reader.Participant);
        }

        reader.Participant.StateChanged -= OnStateChanged;
        reader.Participant.Left(Name.Value);
        _services.Dirty(this);
    }

    /// <summary>
    /// A durable change, of this node by the log's writer after its commit, or of another one. In the order of the numbers of each; what lies
    /// between is waited for, and read from the database when it does not come.
    /// </summary>
    internal void Publish(ChatMessage message)
    {
        lock (_gate)
        {
            if (_recent.Add(message))
                WakeReaders();
            if (!_recent.IsBehind)
                return;
        }

        _services.Behind(this);
    }

    /// <summary>Another node, or the database, says how far the room is.</summary>
    internal void Heard(long number, long count)
    {
        lock (_gate)
        {
            _recent.Heard(number, count);
            if (!_recent.IsBehind)
                return;
        }

        _services.Behind(this);
    }

    /// <summary>Reads what is missing, once for all readers. One caller at a time.</summary>
    internal async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        HashSet<long> told = [];
        while (true)
        {
            long after, from;
            lock (_gate)
            {
                if (!_recent.IsBehind)
                    return;
                (after, from) = (_recent.LastNumber, _recent.CompleteTo);
            }

            var page = await _services.Log.ChangedAfterAsync(this, after, CatchUpPage, cancellationToken);
            // As they were posted. What was posted within the gap is new, on whichever page it comes, and once.
            foreach (var message in page.OrderBy(message => message.Number))
                _services.Log.TellOf(this, message, isNew: message.Number > from && told.Add(message.Number));
            lock (_gate)
            {
                if (_recent.AddMissed(page, isLast: page.Length < CatchUpPage))
                    WakeReaders();
            }

            // Whoever said that there is more was wrong, or tells it again.
            if (page.IsEmpty)
                return;
        }
    }

    internal void KeepBy(KeepRule rule)
    {
        lock (_gate)
        {
            if (_keeps == rule)
                return;
            _keeps = rule;
            WakeReaders();
        }
    }

    /// <summary>Of an upload of another node.</summary>
    internal void HearProgress(UploadProgress progress)
    {
        lock (_gate)
        {
            _progress.Report(progress);
            WakeReaders();
        }
    }

    /// <summary>Somebody at another node types, or does not any more.</summary>
    /// <returns>Whether that is news.</returns>
    internal bool HearTyping(PersonTyping who, bool isTyping)
    {
        lock (_gate)
        {
            if (isTyping)
                _typing.Start(who);
            else if (!_typing.Stop(who.PersonId))
                return false;
        }

        _services.Dirty(this);
        return true;
    }

    /// <summary>Of an upload of this node.</summary>
    internal void Report(UploadProgress progress)
    {
        HearProgress(progress);
        _services.Bus.Tell(new NodeNews.Progressed(Id, progress));
    }

    /// <summary>How far an upload of any node is, as it was told last; null when nothing was.</summary>
    public UploadProgress? FindProgress(FileId id) => Look(room => room._progress.Find(id));

    internal void UploadEnded(params IEnumerable<FileId> ids)
    {
        lock (_gate)
            foreach (var id in ids)
                _progress.Ended(id);
    }

    /// <summary>Who is here through other nodes, sorted by name.</summary>
    internal void SetPeopleElsewhere(ImmutableArray<PersonHere> people)
    {
        lock (_gate)
            _people.SetElsewhere(people);
        _services.Dirty(this);
    }

    /// <summary>Somebody at this node types, or has sent it, or has given it up.</summary>
    internal void SetTyping(PersonTyping who, bool isTyping)
    {
        if (HearTyping(who, isTyping))
            _services.Bus.Tell(new NodeNews.Typing(Id, who, isTyping));
    }

    /// <summary>
    /// What is not urgent: people and typing, a few times a second for everybody at once, because a hundred who come in
    /// together would else be ten thousand events.
    /// </summary>
    /// <returns>Whether the room has to be looked at again.</returns>
    internal bool Flush()
    {
        lock (_gate)
        {
            // Whoever was woken for nothing would have to wait a frame with the next message.
            if (_typing.Expire() | _people.Tell())
                WakeReaders();
            return _typing.Any || _people.IsDirty;
        }
    }

    /// <summary>What this reader has not seen, and since when, 0 without a message. With nothing new it is marked as waiting, and the next change wakes it.</summary>
    internal (List<RoomEvent> Events, bool Behind, long Since) Take(RoomSession reader)
    {
        lock (_gate)
        {
            var events = new List<RoomEvent>();
            if (!_recent.TryRead(reader.LastNumber, events, out var since))
                return (events, Behind: true, since);
            reader.LastNumber = Math.Max(reader.LastNumber, _recent.LastNumber);

            _progress.Read(reader.ProgressVersion, events);
            reader.ProgressVersion = _progress.Version;
            if (reader.PeopleVersion < _people.Version)
            {
                reader.PeopleVersion = _people.Version;
                events.Add(new RoomEvent.PeopleChanged(_people.All));
            }

            if (reader.TypingVersion < _typing.Version)
            {
                reader.TypingVersion = _typing.Version;
                events.Add(new RoomEvent.TypingChanged(_typing.List()));
            }

            if (reader.Keeps != _keeps)
            {
                reader.Keeps = _keeps;
                events.Add(new RoomEvent.KeepRuleChanged(_keeps));
            }

            reader.Waiting = events.Count == 0;
            return (events, Behind: false, since);
        }
    }

    /// <summary>The reader pauses after a batch: what is new already wakes it when its frame is over.</summary>
    internal void Rest(RoomSession reader)
    {
        lock (_gate)
        {
            reader.Waiting = true;
            if (reader.LastNumber < _recent.LastNumber || reader.ProgressVersion < _progress.Version
                || reader.PeopleVersion < _people.Version || reader.TypingVersion < _typing.Version || reader.Keeps != _keeps)
                WakeOne(reader);
        }
    }

    /// <summary>The reader was behind the ring and has read this page of the log.</summary>
    internal void CaughtUp(RoomSession reader, ImmutableArray<ChatMessage> page)
    {
        lock (_gate)
        {
            // An empty page: what was missing is a change of a message that has a later one, which the ring holds.
            reader.LastNumber = page.Length > 0 ? page[^1].Changed : Math.Max(reader.LastNumber, _recent.LastForgotten);
        }
    }

    internal void Wake(RoomSession reader)
    {
        lock (_gate)
            WakeOne(reader);
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (_loaded)
            return;
        await _loading.WaitAsync(cancellationToken);
        try
        {
            if (_loaded)
                return;
            lock (_gate)
                _recent.BeginLoading();
            var (newest, lastNumber) = await _services.Log.NewestAsync(this, RecentMessages.Wanted, cancellationToken);
            lock (_gate)
            {
                _recent.Load(newest, lastNumber);
                _loaded = true;
                if (!_recent.IsBehind)
                    return;
            }

            _services.Behind(this);
        }
        finally
        {
            // Also of what failed: nobody may ever enter, and all that is posted would be kept for them.
            lock (_gate)
                _recent.EndLoading();
            _loading.Release();
        }
    }

    private T Look<T>(Func<Room, T> look)
    {
        lock (_gate)
            return look(this);
    }

    private void WakeReaders()
    {
        foreach (var reader in _readers)
            WakeOne(reader);
    }

    private void WakeOne(RoomSession reader)
    {
        if (!reader.Waiting)
            return;
        reader.Waiting = false;
        _services.FanOut.Wake(reader);
    }

    private void OnStateChanged(Participant participant)
    {
        lock (_gate)
            PersonChanged(participant);
        _services.Dirty(this);
    }

    private void PersonChanged(Participant participant)
    {
        var personId = participant.Session.PersonId;
        _people.Changed(personId, [.. _readers.Select(reader => reader.Participant).Where(p => p.Session.PersonId == personId)]);
    }
}
