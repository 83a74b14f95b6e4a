using System.Collections.Concurrent;
using System.Collections.Immutable;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>
/// All uploads under way, their limits, and what becomes of them. A singleton; all members may be called from any thread.
/// </summary>
public sealed class UploadService : BackgroundService
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(30);

    // As often as an eye wants it.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly MessageLog _log;
    private readonly RoomService _rooms;
    private readonly PersonLimits _limits;
    private readonly ChatShareOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<UploadService> _logger;
    private readonly ConcurrentDictionary<FileId, Upload> _active = new();

    // A content is deleted only when no row needs it: adopting and deleting must not run side by side.
    private readonly SemaphoreSlim _contents = new(1);

    internal UploadService(
        IDbContextFactory<ChatShareDbContext> contexts,
        MessageLog log,
        RoomService rooms,
        DownloadStore store,
        PersonLimits limits,
        IOptions<ChatShareOptions> options,
        TimeProvider time,
        ILogger<UploadService> logger)
    {
        _contexts = contexts;
        _log = log;
        _rooms = rooms;
        _limits = limits;
        _options = options.Value;
        _time = time;
        _logger = logger;
        Store = store;
    }

    /// <summary>Uploads under way, in no order.</summary>
    public IEnumerable<Upload> Active => _active.Values;

    /// <summary>Why a file cannot be shared whatever else is going on, as a sentence; null when it can.</summary>
    public string? FaultOf(UploadRequest file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var most = _options.Limits.FileBytes;
        return file.Length < 0 ? $"“{file.Name}” has no possible size."
            : most > 0 && file.Length > most ? $"“{file.Name}” is {ByteSize.Format(file.Length)}; the limit here is {ByteSize.Format(most)}."
            : null;
    }

    internal DownloadStore Store { get; }

    /// <summary>Null when there is no such upload or it has ended.</summary>
    public Upload? Find(FileId id) => _active.GetValueOrDefault(id);

    /// <summary>
    /// Announces files: one message with a card for each, in the order given. Everything that can be refused is refused
    /// here, before the first byte.
    /// </summary>
    /// <param name="session">The sender's place in the room.</param>
    /// <param name="files">At least one.</param>
    /// <param name="clientId">The sender's id for the message.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>An upload for each file, to be fed by <see cref="Upload.AppendAsync"/>.</returns>
    /// <exception cref="RefusedException">A limit, no space, not allowed.</exception>
    public async Task<ImmutableArray<Upload>> BeginAsync(
        RoomSession session, IReadOnlyList<UploadRequest> files, string clientId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(files);
        var who = session.Participant.Session;
        Permissions.Demand(Permissions.CanSend(who), who);
        CheckLimits(files);
        _limits.TakeUploads(who.PersonId, files.Count);

        ImmutableArray<SharedFile> cards =
            [.. files.Select(file => new SharedFile(FileId.New(), file.Name.Value, file.Length, FileState.Uploading, null, null, null))];
        // From here on nobody may give up: the message would be posted, and its cards would wait for uploads that are forgotten.
        cancellationToken.ThrowIfCancellationRequested();
        // Registered before the message is visible: whoever sees the card may ask for the upload.
        ImmutableArray<Upload> uploads = [.. cards.Select(card => new Upload(this, session.Room, who, card))];
        foreach (var upload in uploads)
            _active[upload.Id] = upload;
        ChatMessage message;
        try
        {
            message = await _log.AppendAsync(
                new LogEntry.Post(session.Room, session.Participant, "", ClientIds.Check(clientId), cards), CancellationToken.None);
        }
        catch
        {
            Forget(uploads);
            throw;
        }

        if (message.Files.Length != cards.Length || message.Files[0].Id != cards[0].Id)
        {
            Forget(uploads);
            throw new RefusedException(RefusalKind.Conflict, "These files were announced already.");
        }

        foreach (var upload in uploads)
        {
            upload.UntilSenderEnds = who.Ended.Register(
                () => _ = FailQuietlyAsync(upload, who.EndReason is null ? "The sender left." : "The sender was disconnected."));
        }

        return uploads;
    }

    /// <summary>Deletes a finished file: the card stays and says so, the content goes when nobody else shares it.</summary>
    /// <exception cref="RefusedException">Not an administrator, or there is no such file.</exception>
    public async Task DeleteAsync(FileId id, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanAdminister(who), who);
        if (Find(id) is { } upload)
        {
            await upload.CancelAsync(who, cancellationToken);
            // Its last byte may have come first: then it is a file, to be deleted like any other.
            if (upload.File.State != FileState.Ready)
                return;
        }

        await _contents.WaitAsync(cancellationToken);
        try
        {
            await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
            var row = await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id.ToString() && f.State == FileState.Ready, cancellationToken);
            if (row is null || _rooms.Find(row.RoomId) is not { } room)
                throw new RefusedException(RefusalKind.NotFound, "This file is not there any more.");
            var deleted = RowMapping.ToFile(row) with { State = FileState.Deleted, Sha256 = null };
            await _log.AppendAsync(new LogEntry.ChangeFile(room, deleted), CancellationToken.None);
            await DropContentAsync(row.Sha256, CancellationToken.None);
        }
        finally
        {
            _contents.Release();
        }
    }

    /// <summary>Takes a message back, with its text and files.</summary>
    /// <exception cref="RefusedException">Not an administrator, or there is no such message.</exception>
    public async Task DeleteMessageAsync(Room room, long number, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanAdminister(who), who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Files.AsNoTracking().Where(f => f.RoomId == room.Id && f.MessageNumber == number);
        foreach (var file in (await rows.ToListAsync(cancellationToken)).Select(RowMapping.ToFile))
        {
            if (Find(file.Id) is { } upload)
                await upload.CancelAsync(who, cancellationToken);
        }

        await _contents.WaitAsync(cancellationToken);
        try
        {
            // Read again: one may have become a content before it could be cancelled.
            var files = await rows.ToListAsync(cancellationToken);
            await _log.AppendAsync(new LogEntry.Delete(room, number), CancellationToken.None);
            foreach (var file in files)
                await DropContentAsync(file.Sha256, CancellationToken.None);
        }
        finally
        {
            _contents.Release();
        }
    }

    /// <summary>Repairs what an earlier run left behind: called once, before the first upload.</summary>
    /// <inheritdoc />
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        Store.Open();
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var broken = await db.Files.AsNoTracking()
            .Where(f => f.State == FileState.Uploading || f.State == FileState.Paused).ToListAsync(cancellationToken);
        foreach (var row in broken)
        {
            if (_rooms.Find(row.RoomId) is { } room)
                await _log.AppendAsync(new LogEntry.ChangeFile(room, await RepairAsync(RowMapping.ToFile(row))), cancellationToken);
        }

        foreach (var id in Store.Unsettled().ToList())
        {
            // Of uploads that this database does not know, only age tells that nobody needs them.
            if (await db.Files.AnyAsync(f => f.Id == id.ToString(), cancellationToken))
                Store.Settle(id);
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>How many bytes this person feeds at the same time is limited; asked when an append begins.</summary>
    internal void DemandPlaceFor(Upload upload)
    {
        var most = _options.Limits.UploadsPerPerson;
        if (most == 0)
            return;
        var receiving = _active.Values.Count(other => other.IsReceiving && other.Sender.PersonId == upload.Sender.PersonId);
        if (receiving > most)
            throw new RefusedException(RefusalKind.TooFast, $"{most} files at a time are possible here; this one waits for its turn.");
    }

    /// <summary>Every byte is here and synced: the content moves into the store, then the row says so.</summary>
    internal async Task<SharedFile> FinishAsync(Upload upload, string sha256)
    {
        await _contents.WaitAsync(CancellationToken.None);
        try
        {
            Store.Adopt(upload.Id, sha256);
            var ready = await ReadyAsync(upload.File, sha256);
            await _log.AppendAsync(new LogEntry.ChangeFile(upload.Room, ready), CancellationToken.None);
            Store.Settle(upload.Id);
            _logger.FileReady(upload.Id.ToString(), upload.Length);
            return ready;
        }
        finally
        {
            _contents.Release();
            _active.TryRemove(upload.Id, out _);
        }
    }

    /// <summary>The bytes go, the card says why.</summary>
    internal async Task<SharedFile> GiveUpAsync(Upload upload, SharedFile file)
    {
        try
        {
            // First the bytes: the row may need the space that they take.
            Store.DeletePartial(upload.Id);
            await _log.AppendAsync(new LogEntry.ChangeFile(upload.Room, file), CancellationToken.None);
            if (Store.AdoptedAs(upload.Id) is { } sha256)
                await DropContentAsync(sha256, CancellationToken.None);
            Store.Settle(upload.Id);
            _logger.UploadEnded(upload.Id.ToString(), file.State, upload.Received);
        }
        catch (RefusedException)
        {
            // The log cannot write now. The card stays as it is; the next start finds the row and marks it as failed.
            _logger.UploadEndNotRecorded(upload.Id.ToString());
        }
        finally
        {
            _active.TryRemove(upload.Id, out _);
        }

        return file;
    }

    /// <inheritdoc />
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        EveryAsync(SweepInterval, Sweep, stoppingToken),
        EveryAsync(ReportInterval, ReportProgress, stoppingToken));

    private async Task EveryAsync(TimeSpan interval, Action act, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, _time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                act();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (IOException exception)
            {
                _logger.SweepFailed(exception);
            }
        }
    }

    /// <summary>By a clock and not by the bytes: a card whose bytes stop coming has to say so, too.</summary>
    private void ReportProgress()
    {
        foreach (var upload in _active.Values)
            upload.Report();
    }

    private async Task<SharedFile> ReadyAsync(SharedFile file, string sha256)
    {
        var type = await DetectAsync(Store.ContentPath(sha256));
        return file with { State = FileState.Ready, Sha256 = sha256, MediaType = type.MediaType };
    }

    /// <summary>Its last byte was here and checked, and only the row was missing; or it is over.</summary>
    private async Task<SharedFile> RepairAsync(SharedFile file) => Store.AdoptedAs(file.Id) is { } sha256
        ? await ReadyAsync(file, sha256)
        : file with { State = FileState.Failed, Failure = "The server was restarted before the file was complete." };

    private static async Task<ContentType> DetectAsync(string path)
    {
        var head = new byte[4096];
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var count = await file.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, CancellationToken.None);
        return ContentType.Detect(head.AsSpan(0, count), isWhole: count == file.Length);
    }

    private void CheckLimits(IReadOnlyList<UploadRequest> files)
    {
        var limits = _options.Limits;
        if (files.Count == 0)
            throw new RefusedException(RefusalKind.Invalid, "No file was picked.");
        if (limits.FilesPerMessage > 0 && files.Count > limits.FilesPerMessage)
            throw new RefusedException(RefusalKind.TooLarge, $"{files.Count} files are too many for one message; the limit here is {limits.FilesPerMessage}.");
        foreach (var file in files)
        {
            if (FaultOf(file) is { } fault)
                throw new RefusedException(file.Length < 0 ? RefusalKind.Invalid : RefusalKind.TooLarge, fault);
        }

        // Bytes that others were promised are not free any more.
        // Decimals: without a limit anybody may announce two files of 2^63 bytes.
        var promised = _active.Values.Sum(upload => (decimal)(upload.Length - upload.Received));
        if (files.Sum(file => (decimal)file.Length) > Store.FreeBytes - promised)
            throw new RefusedException(RefusalKind.DiskFull, "There is not enough space left on the server for this.");
    }

    private async Task DropContentAsync(string? sha256, CancellationToken cancellationToken)
    {
        if (sha256 is null)
            return;
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        if (!await db.Files.AnyAsync(f => f.Sha256 == sha256, cancellationToken))
            Store.Delete(sha256);
    }

    private async Task FailQuietlyAsync(Upload upload, string sentence)
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

    private void Sweep()
    {
        foreach (var path in Store.PartialFilesOlderThan(_time.GetUtcNow().AddHours(-_options.Downloads.PartialFileHours)))
        {
            if (!FileId.TryParse(Path.GetFileName(path), out var id) || !_active.ContainsKey(id))
                File.Delete(path);
        }
    }

    private void Forget(ImmutableArray<Upload> uploads)
    {
        foreach (var upload in uploads)
            _active.TryRemove(upload.Id, out _);
    }
}
