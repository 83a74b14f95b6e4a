using System.Collections.Immutable;
using System.Diagnostics;
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
    private const int TailLength = 200;
    private const int RingLength = 512;

    private readonly Lock _gate = new();
    private readonly RoomServices _services;
    private readonly HashSet<RoomSession> _readers = [];
    private readonly SortedList<long, ChatMessage> _tail = [];
    private readonly ChatMessage?[] _ring = new ChatMessage?[RingLength];
    private readonly long[] _committedAt = new long[RingLength];
    private readonly Dictionary<FileId, (UploadProgress Progress, long Version)> _uploads = [];
    private readonly TypingPeople _typing = new();
    private readonly SemaphoreSlim _loading = new(1);
    private List<ChatMessage>? _publishedWhileLoading;
    private bool _loaded;
    private long _ringFrom;
    private long _progressVersion;
    private long _peopleVersion;
    private KeepRule _keeps;
    private bool _peopleDirty;
    private long _peopleToldAt;
    private ImmutableArray<PersonHere> _people = [];

    internal Room(RoomServices services, int id, RoomName name, string topic, KeepRule keeps, long lastNumber, long messageCount)
    {
        (_services, _keeps) = (services, keeps);
        Id = id;
        Name = name;
        Topic = topic;
        LastNumber = lastNumber;
        MessageCount = messageCount;
    }

    /// <summary>The room's row.</summary>
    public int Id { get; }

    /// <summary>What it is called; unique without case.</summary>
    public RoomName Name { get; }

    /// <summary>What it is for, may be empty.</summary>
    public string Topic { get; }

    /// <summary>The number of the last durable change.</summary>
    public long LastNumber { get; private set; }

    /// <summary>How many messages were ever posted.</summary>
    public long MessageCount { get; private set; }

    /// <summary>Who is here now, sorted by name.</summary>
    public ImmutableArray<PersonHere> People
    {
        get
        {
            lock (_gate)
                return _people;
        }
    }

    /// <summary>What it keeps of its files.</summary>
    public KeepRule Keeps => Volatile.Read(ref _keeps);

    /// <summary>Raised when a file of it has come, is ready or has gone, or a message was taken back.</summary>
    public ChangeSignal FilesChanged { get; } = new();

    /// <summary>A message of the newest couple of hundred; null when it is older or there is none.</summary>
    public ChatMessage? FindRecent(long number)
    {
        lock (_gate)
            return _tail.GetValueOrDefault(number);
    }

    /// <summary>The newest messages that are kept in memory, ascending; of a room that somebody has entered.</summary>
    internal ImmutableArray<ChatMessage> Newest(int limit)
    {
        lock (_gate)
            return [.. _tail.Values.Skip(_tail.Count - limit)];
    }

    /// <summary>The number of the newest message; 0 when there is none.</summary>
    public long NewestMessage
    {
        get
        {
            lock (_gate)
                return _tail.Count > 0 ? _tail.GetKeyAtIndex(_tail.Count - 1) : 0;
        }
    }

    /// <summary>The mark of somebody who has seen everything up to now.</summary>
    internal ReadMark ReadToTheEnd
    {
        get
        {
            lock (_gate)
                return new ReadMark(LastNumber, MessageCount);
        }
    }

    /// <summary>Takes the reader in: register and snapshot under one lock, so that nothing falls between or comes twice.</summary>
    internal async Task EnterAsync(RoomSession reader, long? afterNumber, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        // Before the newcomer is on the list: a change of state between the two would be heard by nobody.
        reader.Participant.StateChanged += OnStateChanged;
        lock (_gate)
        {
            reader.LastNumber = afterNumber ?? LastNumber;
            reader.ProgressVersion = _progressVersion;
            reader.TypingVersion = -1;
            reader.Keeps = _keeps;
            _readers.Add(reader);
            // The newcomer sees themselves at once, the others with the next flush.
            PersonChanged(reader.Participant);
            reader.PeopleVersion = _peopleVersion;
            reader.Backlog = new Backlog(
                _services.Database.Epoch,
                reader.LastNumber,
                afterNumber is null ? [.. _tail.Values.Skip(_tail.Count - PageLength)] : [],
                [.. _uploads.Values.Select(upload => upload.Progress)],
                _people);
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

    /// <summary>Called after the commit, by the log's writer alone, in the order of the numbers.</summary>
    internal void Publish(ChatMessage message)
    {
        lock (_gate)
        {
            if (message.Changed <= LastNumber && _loaded)
                return;
            LastNumber = Math.Max(LastNumber, message.Changed);
            MessageCount = Math.Max(MessageCount, message.Ordinal);
            if (!_loaded)
            {
                // The snapshot that is being read may or may not hold this one; the loader sorts it out by number.
                _publishedWhileLoading?.Add(message);
                return;
            }

            Keep(message);
            WakeReaders();
        }
    }

    internal void KeepBy(KeepRule rule)
    {
        lock (_gate)
        {
            _keeps = rule;
            WakeReaders();
        }
    }

    internal void Report(UploadProgress progress)
    {
        lock (_gate)
        {
            _uploads[progress.Id] = (progress, ++_progressVersion);
            WakeReaders();
        }
    }

    internal void UploadEnded(FileId id)
    {
        lock (_gate)
            _uploads.Remove(id);
    }

    internal void StartTyping(PersonSession who)
    {
        lock (_gate)
            _typing.Start(who);
        _services.Dirty(this);
    }

    internal void StopTyping(Guid personId)
    {
        lock (_gate)
        {
            if (!_typing.Stop(personId))
                return;
        }

        _services.Dirty(this);
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
            _typing.Expire();
            var now = Stopwatch.GetTimestamp();
            if (_peopleDirty && now - _peopleToldAt >= CrowdPause(_people.Length))
            {
                _peopleDirty = false;
                _peopleToldAt = now;
                _peopleVersion++;
            }

            WakeReaders();
            return _typing.Any || _peopleDirty;
        }
    }

    /// <summary>In stopwatch ticks. Five hundred who come at once would else all be drawn anew by all of them, four times a second.</summary>
    private static long CrowdPause(int people) => Math.Min(2000, people * 4) * Stopwatch.Frequency / 1000;

    /// <summary>What this reader has not seen, and since when, 0 without a message. With nothing new it is marked as waiting, and the next change wakes it.</summary>
    internal (List<RoomEvent> Events, bool Behind, long Since) Take(RoomSession reader)
    {
        lock (_gate)
        {
            var events = new List<RoomEvent>();
            var since = 0L;
            if (reader.LastNumber < LastNumber)
            {
                if (reader.LastNumber + 1 < _ringFrom)
                    return (events, Behind: true, since);
                since = _committedAt[(reader.LastNumber + 1) % RingLength];
                while (reader.LastNumber < LastNumber)
                    events.Add(new RoomEvent.MessageChanged(_ring[++reader.LastNumber % RingLength]!));
            }

            if (reader.ProgressVersion < _progressVersion)
            {
                foreach (var (progress, version) in _uploads.Values)
                {
                    if (version > reader.ProgressVersion)
                        events.Add(new RoomEvent.UploadProgressed(progress));
                }

                reader.ProgressVersion = _progressVersion;
            }

            if (reader.PeopleVersion < _peopleVersion)
            {
                reader.PeopleVersion = _peopleVersion;
                events.Add(new RoomEvent.PeopleChanged(_people));
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
            if (reader.LastNumber < LastNumber || reader.ProgressVersion < _progressVersion
                || reader.PeopleVersion < _peopleVersion || reader.TypingVersion < _typing.Version || reader.Keeps != _keeps)
                WakeOne(reader);
        }
    }

    /// <summary>The reader was behind the ring and has read this page of the log.</summary>
    internal void CaughtUp(RoomSession reader, ImmutableArray<ChatMessage> page)
    {
        lock (_gate)
        {
            // An empty page: what was missing is a change of a message that has a later one, which the ring holds.
            reader.LastNumber = page.Length > 0 ? page[^1].Changed : Math.Max(reader.LastNumber, _ringFrom - 1);
        }
    }

    internal void Wake(RoomSession reader)
    {
        lock (_gate)
            WakeOne(reader);
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _loaded))
            return;
        await _loading.WaitAsync(cancellationToken);
        try
        {
            if (_loaded)
                return;
            lock (_gate)
                _publishedWhileLoading = [];
            var (newest, lastNumber) = await _services.Log.NewestAsync(this, TailLength, cancellationToken);
            lock (_gate)
            {
                foreach (var message in newest)
                    _tail[message.Number] = message;
                LastNumber = lastNumber;
                _ringFrom = lastNumber + 1;
                foreach (var message in _publishedWhileLoading.Where(message => message.Changed > lastNumber))
                    Keep(message);
                _publishedWhileLoading = null;
                _loaded = true;
            }
        }
        finally
        {
            _loading.Release();
        }
    }

    private void Keep(ChatMessage message)
    {
        LastNumber = message.Changed;
        MessageCount = Math.Max(MessageCount, message.Ordinal);
        _ring[message.Changed % RingLength] = message;
        _committedAt[message.Changed % RingLength] = Stopwatch.GetTimestamp();
        _ringFrom = Math.Max(_ringFrom, message.Changed - RingLength + 1);
        // A change of an old message, one above the tail, must not come into the tail: there would be a hole behind it.
        if (message.Number == message.Changed || _tail.ContainsKey(message.Number))
            _tail[message.Number] = message;
        if (_tail.Count > TailLength)
            _tail.RemoveAt(0);
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
        _people = PersonHere.With(_people, personId, [.. _readers.Select(reader => reader.Participant).Where(p => p.Session.PersonId == personId)]);
        _peopleDirty = true;
    }
}
