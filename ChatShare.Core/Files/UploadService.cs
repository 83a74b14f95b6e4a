using System.Collections.Concurrent;
using System.Collections.Immutable;
using ChatShare.Core.Cluster;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>
/// All uploads under way, their limits, and what becomes of them. A singleton; all members may be called from any thread.
/// </summary>
public sealed class UploadService
{
    internal const string NotFinished = "Its sender did not come back to finish it.";

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly MessageLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger<UploadService> _logger;
    private readonly StoredContents _contents;
    private readonly FeedingPlaces _places;
    private readonly ConcurrentDictionary<FileId, Upload> _active = new();
    private readonly CreatedUploads _created;
    private readonly UploadHandover _handover;
    private readonly Announcements _announcements;

    internal UploadService(
        IDbContextFactory<ChatShareDbContext> contexts,
        MessageLog log,
        DownloadStore store,
        StoredContents contents,
        UploadEnds ends,
        UploadHandover handover,
        Announcements announcements,
        VirusScan scan,
        DownloadsHealth downloads,
        ChatShareMetrics metrics,
        IOptions<ChatShareOptions> options,
        TimeProvider time,
        ILogger<UploadService> logger)
    {
        _contexts = contexts;
        _log = log;
        _places = new FeedingPlaces(options.Value.Limits.UploadsPerPerson, metrics);
        _time = time;
        _logger = logger;
        _contents = contents;
        _created = new CreatedUploads(contexts, ends);
        _handover = handover;
        _announcements = announcements;
        Downloads = downloads;
        Metrics = metrics;
        Store = store;
        Scan = scan;
        Ends = ends;
        Deadlines = new UploadDeadlines(time, TimeSpan.FromHours(options.Value.Downloads.PartialFileHours));
    }

    /// <summary>Uploads under way, in no order.</summary>
    public IEnumerable<Upload> Active => _active.Values;

    /// <summary>Why a file cannot be shared whatever else is going on, as a sentence; null when it can.</summary>
    public string? FaultOf(UploadRequest file) => _announcements.FaultOf(file);

    /// <summary>Whether a file can be read while it still comes in: not where each is looked at by a scanner first.</summary>
    public bool IsRelaying => !Scan.IsOn;

    internal DownloadStore Store { get; }
    internal DownloadsHealth Downloads { get; }

    internal VirusScan Scan { get; }

    internal UploadDeadlines Deadlines { get; }

    internal UploadEnds Ends { get; }

    internal UploadLeases Leases => _handover.Leases;

    internal ChatShareMetrics Metrics { get; }

    /// <summary>Null when there is no such upload or it has ended.</summary>
    public Upload? Find(FileId id) => _active.GetValueOrDefault(id);

    /// <summary>
    /// Announces files: one message with a card for each, in the order given. Everything that can be refused is refused
    /// here, before the first byte.
    /// </summary>
    /// <param name="room">Whose people see them.</param>
    /// <param name="who">The sender.</param>
    /// <param name="door">How they come.</param>
    /// <param name="files">At least one.</param>
    /// <param name="clientId">The sender's id for the message.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>An upload for each file, to be fed by <see cref="Upload.AppendAsync"/>.</returns>
    /// <exception cref="RefusedException">A limit, no space, not allowed.</exception>
    public async Task<ImmutableArray<Upload>> BeginAsync(
        Room room, PersonSession who, Door door, IReadOnlyList<UploadRequest> files, string clientId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(who);
        ArgumentNullException.ThrowIfNull(files);
        Permissions.Demand(Permissions.CanSend(who), who);
        return await _announcements.MakeAsync(this, room, who, door, files, clientId, joinsMessage: false, cancellationToken);
    }

    /// <summary>The same, in the room where the sender is.</summary>
    public Task<ImmutableArray<Upload>> BeginAsync(
        RoomSession session, IReadOnlyList<UploadRequest> files, string clientId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        return BeginAsync(session.Room, session.Participant.Session, session.Participant.Door, files, clientId, cancellationToken);
    }

    /// <summary>
    /// Announces one file, by a message of its own or in the message of its batch. With a client id that was used before it is the
    /// same upload again.
    /// </summary>
    /// <param name="room">Whose people see it.</param>
    /// <param name="who">The sender.</param>
    /// <param name="door">How they come.</param>
    /// <param name="file">What they say of it.</param>
    /// <param name="batch">Files of one sender, room and batch are one message; null for a message of its own.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RefusedException">
    /// A limit, no space, not allowed; <see cref="RefusalKind.Gone"/> when the first one has ended, <see cref="RefusalKind.NotYet"/> when it is
    /// whole and becomes the file by itself, <see cref="RefusalKind.Conflict"/> when it was another file.
    /// </exception>
    public Task<Upload> CreateAsync(
        Room room, PersonSession who, Door door, UploadRequest file, string? batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(who);
        ArgumentNullException.ThrowIfNull(file);
        Permissions.Demand(Permissions.CanSend(who), who);
        return file.ClientId is null
            ? CreateOneAsync()
            : _created.GetAsync(
                (who.PersonId, ClientIds.Check(file.ClientId)), room, file, CreateOneAsync, id => TakeOverAsync(id, cancellationToken), cancellationToken);

        async Task<Upload> CreateOneAsync() => (await AnnounceAsync(room, who, door, [file], batch, cancellationToken))[0];
    }

    /// <summary>
    /// Announces files of one batch, all of them or none: their card knows from the start how many they are and how large.
    /// </summary>
    /// <param name="room">Whose people see them.</param>
    /// <param name="who">The sender.</param>
    /// <param name="door">How they come.</param>
    /// <param name="files">At least one.</param>
    /// <param name="batch">See <see cref="CreateAsync"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>An upload for each, in the order of the files.</returns>
    /// <exception cref="RefusedException">
    /// A limit, no space, not allowed; <see cref="RefusalKind.Conflict"/> when the client id of any of them was used before: then each is found
    /// or announced by <see cref="CreateAsync"/>.
    /// </exception>
    public Task<ImmutableArray<Upload>> CreateAllAsync(
        Room room, PersonSession who, Door door, IReadOnlyList<UploadRequest> files, string batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(who);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(batch);
        Permissions.Demand(Permissions.CanSend(who), who);
        return _created.MakeAllAsync(who.PersonId, files, () => AnnounceAsync(room, who, door, files, batch, cancellationToken), cancellationToken);
    }

    /// <summary>How far an upload is for its sender, also when it has become a file.</summary>
    /// <exception cref="RefusedException">
    /// <see cref="RefusalKind.NotFound"/>, <see cref="RefusalKind.NotPermitted"/> for everybody else, <see cref="RefusalKind.Gone"/>
    /// when it was called off, has failed or has expired, <see cref="RefusalKind.NotYet"/> when it is whole and becomes the file by itself, or
    /// <see cref="RefusalKind.Elsewhere"/> when another node has it and could not let it go yet.
    /// </exception>
    public async Task<(Upload? Upload, SharedFile File)> FindOwnAsync(FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        if (Find(id) is { IsLetGo: false } upload)
        {
            Permissions.Demand(Permissions.CanContinueUpload(who, upload.Sender.PersonId), who);
            await WhenTakenUpAsync(upload, cancellationToken);
            if (!IsExpired(upload))
                return (upload, upload.File);
            // Its sender was told until when; the clock that ends it looks only now and then.
            await upload.FailAsync(NotFinished, cancellationToken);
        }

        // Before the row, which says nothing of it: one that is recorded between the two looks is found by the second.
        if (Ends.Find(id) is { } kept)
        {
            Permissions.Demand(Permissions.CanContinueUpload(who, kept.PersonId), who);
            throw UploadEnds.RefusalOf(kept);
        }

        var row = await RowAsync(id, cancellationToken) ?? throw new RefusedException(RefusalKind.NotFound, "There is no such upload.");
        Permissions.Demand(Permissions.CanContinueUpload(who, row.PersonId), who);
        if (UploadHandover.IsUnderWay(row) && await TakeOverAsync(id, cancellationToken) is { } taken)
        {
            await WhenTakenUpAsync(taken, cancellationToken);
            return (taken, taken.File);
        }

        // It has ended while it was asked for.
        row = UploadHandover.IsUnderWay(row) ? (await RowAsync(id, cancellationToken))! : row;
        return row.State == FileState.Ready ? (null, RowMapping.ToFile(row))
            : Ends.Find(id) is { } keptNow ? throw UploadEnds.RefusalOf(keptNow)
            : throw UploadEnds.Over(row.Failure);
    }

    /// <summary>Waits until what an earlier run has received of an upload is taken up.</summary>
    /// <exception cref="RefusedException"><see cref="RefusalKind.NotYet"/>: the downloads folder is away; <see cref="RefusalKind.Gone"/>: it cannot be read; <see cref="RefusalKind.Elsewhere"/>.</exception>
    internal async Task WhenTakenUpAsync(Upload upload, CancellationToken cancellationToken)
    {
        if (!upload.TakenUp.IsCompleted)
            Downloads.Demand();
        try
        {
            await upload.TakenUp.WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It fails by that, now or in a moment.
            throw new RefusedException(RefusalKind.Gone, UploadFaults.Damaged, exception);
        }
    }

    /// <summary>Calls an upload off, also one that is whole and only waits for room to become the file.</summary>
    /// <returns>False when no such upload is under way, or it had become the file before it was called off.</returns>
    /// <exception cref="RefusedException">Neither its sender nor an administrator asks; <see cref="RefusalKind.Elsewhere"/>.</exception>
    public async Task<bool> CancelAsync(FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        var upload = Find(id) ?? await FindElsewhereAsync(id, who, cancellationToken);
        if (upload is not null)
            await upload.CancelAsync(who, cancellationToken);
        if (upload is { IsLetGo: true })
            throw UploadLeases.Elsewhere();
        // Also then: its last byte may have come first, and left an end that is kept.
        if (Ends.Find(id) is not { } kept)
            return upload is not null and not { File.State: FileState.Ready };
        Permissions.Demand(Permissions.CanCancelUpload(who, kept.PersonId), who);
        return await Ends.CallOffAsync(id, cancellationToken) || upload is not null;
    }

    /// <summary>The file that this person created with a client id, when it is finished; null otherwise.</summary>
    public async Task<SharedFile?> FindReadyAsync(PersonSession who, string clientId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Files.AsNoTracking().SingleOrDefaultAsync(
            f => f.PersonId == who.PersonId && f.ClientId == clientId && f.State == FileState.Ready, cancellationToken);
        return row is not null && Permissions.CanContinueUpload(who, row.PersonId) ? RowMapping.ToFile(row) : null;
    }

    /// <summary>A place among the uploads that its sender may feed at the same time; to be given back when the bytes are here.</summary>
    /// <exception cref="RefusedException"><see cref="RefusalKind.TooFast"/>.</exception>
    internal IDisposable TakePlaceFor(Upload upload) => _places.Take(upload.Sender.PersonId);

    /// <summary>Whether nobody has gone on with it in time.</summary>
    internal bool IsExpired(Upload upload) => !upload.IsReceiving && Deadlines.IsOver(upload.Deadline);

    /// <summary>Takes in an upload that an earlier run of the program, or another node, had begun.</summary>
    internal void TakeIn(Upload upload)
    {
        _active[upload.Id] = upload;
        _created.Add(upload);
        EndWithSender(upload);
    }

    /// <summary>Somebody has fed it: its time starts anew.</summary>
    internal void Prolong(Upload upload) => upload.Deadline = Deadlines.Next();

    /// <summary>Every byte is here and synced: the content moves into the store, then the row says so.</summary>
    internal async Task<SharedFile> FinishAsync(Upload upload, string sha256, UploadEnding ending)
    {
        using var held = await HoldContentsForAsync(upload);
        ending.ThrowIfCalledOff();
        return await FinishAsync(upload, sha256, () => Store.Adopt(upload.Id, sha256));
    }

    /// <summary>For as long as it takes: all of it is here, and nobody is to send it again because others are slow.</summary>
    private async Task<IDisposable> HoldContentsForAsync(Upload upload)
    {
        while (true)
        {
            try
            {
                return await _contents.HoldAsync(CancellationToken.None);
            }
            catch (RefusedException busy) when (busy.Kind == RefusalKind.Elsewhere)
            {
                // Who has them loses them when nothing is heard of it.
                _logger.ContentsHeldElsewhere(busy, upload.Id.ToString());
            }
        }
    }

    /// <summary>Its content is in the store already; while the contents are held.</summary>
    internal Task<SharedFile> FinishHeldAsync(Upload upload, string sha256) =>
        FinishAsync(upload, sha256, () => Store.NoteAdopted(upload.Id, sha256));

    private async Task<SharedFile> FinishAsync(Upload upload, string sha256, Action adopt)
    {
        adopt();
        try
        {
            // From here on whoever deletes sees what it was adopted as. Before, while this program stood still, somebody may not have.
            await _contents.DemandAsync(CancellationToken.None);
        }
        catch (RefusedException)
        {
            Ends.Keep(new UploadEnd(upload.Room, upload.File with { State = FileState.Failed, Failure = UploadFaults.NotStored }, upload.Sender.PersonId, sha256));
            throw;
        }

        var ready = await Store.ReadyAsync(upload.File, sha256, _time.GetUtcNow(), CancellationToken.None);
        var message = await _log.AppendAsync(new LogEntry.ChangeFile(upload.Room, ready), CancellationToken.None);
        var file = message.Files.Single(file => file.Id == upload.Id);
        if (file.State != FileState.Ready)
            throw UploadEnds.Over(file.Failure);
        Store.Settle(upload.Id);
        // One that could not be finished stays known until it is given up: whoever waits for its end finds it.
        Forget([upload]);
        _logger.FileReady(upload.Id.ToString(), upload.Length);
        return file;
    }

    /// <summary>The bytes go, the card says why.</summary>
    internal async Task<SharedFile> GiveUpAsync(Upload upload, SharedFile file)
    {
        try
        {
            return await Ends.GiveUpAsync(upload, file, CancellationToken.None);
        }
        finally
        {
            Forget([upload]);
        }
    }

    private Task<ImmutableArray<Upload>> AnnounceAsync(
        Room room, PersonSession who, Door door, IReadOnlyList<UploadRequest> files, string? batch, CancellationToken cancellationToken) =>
        _announcements.MakeAsync(
            this, room, who, door, files, batch is null ? Guid.NewGuid().ToString() : Announcements.IdOf(batch), batch is not null, cancellationToken);

    /// <summary>Registers uploads whose message is not there yet: whoever sees the card may ask for the upload.</summary>
    internal void Register(ImmutableArray<Upload> uploads)
    {
        foreach (var upload in uploads)
            _active[upload.Id] = upload;
    }

    /// <summary>From now on it ends with its sender's session.</summary>
    internal void EndWithSender(Upload upload) => upload.UntilSenderEnds = upload.Sender.Ended.Register(
        () => _ = FailQuietlyAsync(upload, upload.Sender.EndReason is null ? "The sender left." : "The sender was disconnected."));

    /// <summary>Ends it as failed, in the background.</summary>
    internal async Task FailQuietlyAsync(Upload upload, string sentence)
    {
        try
        {
            await upload.FailAsync(sentence, CancellationToken.None);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            _logger.SweepFailed(exception);
        }
    }

    internal void Forget(ImmutableArray<Upload> uploads)
    {
        foreach (var upload in uploads)
        {
            _active.TryRemove(KeyValuePair.Create(upload.Id, upload));
            _created.Remove(upload);
        }
    }

    /// <summary>Null when it is under way nowhere.</summary>
    private async Task<Upload?> FindElsewhereAsync(FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        if (!Leases.IsShared || Ends.Find(id) is not null || await RowAsync(id, cancellationToken) is not { } row || !UploadHandover.IsUnderWay(row))
            return null;
        Permissions.Demand(Permissions.CanCancelUpload(who, row.PersonId), who);
        return await TakeOverAsync(id, cancellationToken);
    }

    private async Task<Upload?> TakeOverAsync(FileId id, CancellationToken cancellationToken) =>
        Leases.IsShared ? await _handover.TakeOverAsync(this, id, cancellationToken) : null;

    private async Task<FileRow?> RowAsync(FileId id, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        return await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id.ToString(), cancellationToken);
    }
}
