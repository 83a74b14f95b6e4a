using ChatShare.Core.Cluster;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Core.Files;

/// <summary>
/// One file that is coming in. It belongs to a person and a room, never to a connection: every transport feeds
/// <see cref="AppendAsync"/>, and it waits for the next one when a transport breaks, also over a restart of the program.
/// Ends once: ready, failed or cancelled.
/// </summary>
public sealed class Upload
{
    // A sender who goes on with the next part, or comes back after a blip, is not away.
    private static readonly TimeSpan PausedAfter = TimeSpan.FromSeconds(2);

    private readonly UploadService _owner;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _appending = new(1);
    private readonly ReceivedBytes _bytes;
    private readonly TransferSpeed _speed = new();
    private readonly ChangeSignal _moved = new();
    private readonly Lock _reporting = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private UploadProgress? _reported;
    private CancellationTokenSource _giveWay = new();
    private readonly UploadEnding _ending = new();
    private volatile bool _isChecking;
    private volatile bool _isLetGo;

    internal Upload(UploadService owner, Room room, PersonSession sender, SharedFile file)
    {
        (_owner, Room, Sender, File) = (owner, room, sender, file);
        _bytes = new ReceivedBytes(file.Length, owner.Metrics, Demand, _moved.Raise);
    }

    /// <summary>The room whose people see the card; fixed when the upload began.</summary>
    public Room Room { get; }

    /// <summary>Whose upload it is.</summary>
    public PersonSession Sender { get; }

    /// <summary>The file as of its last durable change.</summary>
    public SharedFile File { get; private set; }

    /// <summary>The file's address, from the first byte on.</summary>
    public FileId Id => File.Id;

    /// <summary>Bytes in all, as declared.</summary>
    public long Length => File.Length;

    /// <summary>Bytes that are here and, where they came with a checksum, were verified: the offset of the next append.</summary>
    public long Received => _bytes.Count;

    /// <summary>Bytes that are here, for people to see: also of what an earlier run of the program has received and nobody has looked through yet.</summary>
    public long Here => TakenUp.IsCompleted ? Received : Math.Min(Length, _owner.Store.PartialLengthShown(Id));

    /// <summary>True until it is ready, or its failure or cancellation was asked for, or another node goes on with it.</summary>
    public bool IsUnderWay => !_ending.HasBegun && !_ending.IsAsked && !_isLetGo;

    /// <summary>Whether it has not ended, and is to go on by another object, mostly at another node.</summary>
    internal bool IsLetGo => _isLetGo && File.IsUnderWay;

    /// <summary>Whether somebody is feeding it right now.</summary>
    public bool IsReceiving => _appending.CurrentCount == 0;

    /// <summary>Ends when it has ended and its row says so, or it was let go.</summary>
    public Task Ended => _closed.Task;

    /// <summary>How far it is.</summary>
    public UploadProgress Progress => new(Id, Here, Length, _speed.BytesPerSecond)
    {
        // Also while a part is open: a dead line, or a closed lid, says nothing. With all bytes here it waits for the server.
        IsPaused = IsUnderWay && _bytes.Quiet > PausedAfter && !(IsReceiving && Received == Length),
        IsChecking = _isChecking,
    };

    /// <summary>Given up by the service when nobody has fed it until then, UTC.</summary>
    public DateTimeOffset ExpiresAt => _owner.Deadlines.AsTime(Deadline);

    /// <summary>The same for <see cref="UploadDeadlines"/>.</summary>
    internal long Deadline { get; set; }

    /// <summary>The life of this node by which it may be appended to; see <see cref="Storage.FileRow.Holder"/>.</summary>
    internal Guid? Holder { get; init; }

    /// <summary>By which it was announced; what goes on with it later may come by another.</summary>
    public Door Door { get; internal init; }

    /// <summary>The sender's own id for it; null when there is none.</summary>
    internal string? ClientId { get; init; }

    /// <summary>Keeps the upload alive as long as its session lives; given back when the upload ends.</summary>
    internal CancellationTokenRegistration UntilSenderEnds { private get; set; }

    /// <summary>
    /// Writes what the source holds behind the bytes that are here. When the last byte has come the file is hashed,
    /// synced, looked at by the scanner where there is one, moved into the store and its card becomes the file, all before
    /// this returns. A source that ends early leaves the upload as it is, to be continued.
    /// </summary>
    /// <param name="who">Who feeds it.</param>
    /// <param name="offset">Where the source begins; has to be <see cref="Received"/>.</param>
    /// <param name="source">
    /// Read to its end, which has to come: only then it is known that nothing is left over. Not disposed.
    /// </param>
    /// <param name="checksum">
    /// What the bytes of this part have to hash to: it then counts only as a whole, and nothing of it is kept when it does not fit or
    /// breaks off. Null for a part that counts byte by byte.
    /// </param>
    /// <param name="cancellationToken">Stops reading; what was read is kept.</param>
    /// <exception cref="RefusedException">
    /// Not the sender, not under way, another append is running, another offset (<see cref="RefusalKind.Conflict"/>), not what the
    /// checksum says (<see cref="RefusalKind.Checksum"/>), more bytes than declared (<see cref="RefusalKind.TooLarge"/>: it waits where what
    /// fits ends, and never becomes complete by such a part), <see cref="RefusalKind.TooFast"/>, <see cref="RefusalKind.DiskFull"/>
    /// (failed), <see cref="RefusalKind.Gone"/>: the scanner did not find it clean, or what was here is not any more (failed), <see cref="RefusalKind.NotYet"/>:
    /// all of it is here, and it becomes the file when the database can be written, or the downloads folder is away and it waits, <see cref="RefusalKind.Elsewhere"/>: another node goes on, or may.
    /// </exception>
    /// <exception cref="OperationCanceledException">
    /// The token, or the upload was cancelled or failed meanwhile, or the program is being stopped.
    /// </exception>
    public async Task AppendAsync(PersonSession who, long offset, Stream source, PartChecksum? checksum, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        ArgumentNullException.ThrowIfNull(source);
        Permissions.Demand(Permissions.CanContinueUpload(who, Sender.PersonId), who);
        await _owner.WhenTakenUpAsync(this, cancellationToken);
        if (!await _appending.WaitAsync(TimeSpan.Zero, CancellationToken.None))
            throw new RefusedException(RefusalKind.Conflict, "This file is being sent already.");
        try
        {
            Demand();
            if (!IsUnderWay)
                throw new RefusedException(RefusalKind.Conflict, "This upload has ended.");
            if (offset != Received)
                throw new RefusedException(RefusalKind.Conflict, $"The next byte of this file is {Received}, not {offset}.");
            if (_owner.Store.PartialLength(Id) < Received)
            {
                // Writing on would leave a hole under a hash that knows nothing of it.
                await EndAsync(FileState.Failed, UploadFaults.Damaged);
                throw new RefusedException(RefusalKind.Gone, UploadFaults.Damaged);
            }

            await ReceiveAsync(source, checksum, cancellationToken);
            if (Received == Length)
            {
                await CheckAsync();
                Demand();
                _owner.Downloads.Demand();
                await CompleteAsync(() => _owner.FinishAsync(this, _bytes.Sha256(), _ending));
            }
        }
        catch (OperationCanceledException) when (IsLetGo)
        {
            throw UploadLeases.Elsewhere();
        }
        catch (IOException exception) when (DownloadStore.IsDiskFull(exception))
        {
            await EndAsync(FileState.Failed, UploadFaults.DiskFull);
            throw new RefusedException(RefusalKind.DiskFull, UploadFaults.DiskFull);
        }
        catch (Exception exception) when (_owner.Downloads.IsCauseOf(exception))
        {
            throw DownloadsHealth.Refusal(exception);
        }
        finally
        {
            _bytes.Fed();
            _owner.Prolong(this);
            _appending.Release();
        }
    }

    /// <summary>The sender, or an administrator, calls it off.</summary>
    /// <exception cref="RefusedException">Neither of them asks.</exception>
    public async Task CancelAsync(PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanCancelUpload(who, Sender.PersonId), who);
        await StopAsync(FileState.Cancelled, failure: null).WaitAsync(cancellationToken);
    }

    /// <summary>It broke off for good. Does nothing when it has ended already.</summary>
    /// <param name="sentence">What people read on the card.</param>
    /// <param name="cancellationToken">Gives up waiting; the upload fails all the same.</param>
    public Task FailAsync(string sentence, CancellationToken cancellationToken) =>
        StopAsync(FileState.Failed, sentence).WaitAsync(cancellationToken);

    /// <summary>
    /// Ends it as a content that is in the store already: the append that is running is broken off, and the rest need not come.
    /// </summary>
    /// <param name="sha256">The content's name.</param>
    /// <param name="hold">
    /// Told how many bytes are here and what they hash to; nothing is appended meanwhile. Answers with a hold on the contents when that one
    /// is there and begins so, else with null.
    /// </param>
    /// <returns>Whether it has become the file; if not, it goes on as if nothing had been asked.</returns>
    /// <exception cref="OperationCanceledException">It was called off or failed meanwhile.</exception>
    internal async Task<bool> CompleteFromStoreAsync(string sha256, Func<long, byte[], CancellationToken, Task<IDisposable?>> hold)
    {
        await TakenUp;
        Demand();
        // First into the queue: who feeds it now gives way to this, and not to the next part.
        var turn = _appending.WaitAsync(CancellationToken.None);
        await _giveWay.CancelAsync();
        await turn;
        try
        {
            // With every byte here it ends by itself, as what its bytes say.
            if (!IsUnderWay || Received == Length)
                return File.State == FileState.Ready;
            using var held = await hold(Received, _bytes.HashSoFar(), _stop.Token);
            if (held is null)
                return false;
            // Whoever reads along finds the rest in the store when it has ended.
            _bytes.CountAll();
            await CompleteAsync(async () =>
            {
                using (held) // Let go before a failure is recorded, which takes hold itself.
                    return await _owner.FinishHeldAsync(this, sha256);
            });
            return true;
        }
        finally
        {
            _giveWay = new CancellationTokenSource();
            _appending.Release();
        }
    }

    /// <summary>Leaves row and partial file to whoever goes on: what feeds it is broken off, what is being finished is finished first.</summary>
    internal async Task LetGoAsync()
    {
        _isLetGo = true;
        await _stop.CancelAsync();
        await Task.WhenAny(TakenUp);
        await _appending.WaitAsync(CancellationToken.None);
        if (_ending.TryBegin())
            Close();
        _appending.Release();
    }

    /// <summary>Returns when there are more bytes than <paramref name="position"/>, or the upload has ended.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    internal async Task MovedBeyondAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Read first: what comes between the look and the wait ends the wait at once.
            var seen = _moved.Version;
            if (Received > position || !IsUnderWay)
                return;
            await _moved.WaitAsync(seen, cancellationToken);
        }
    }

    /// <summary>Tells the room how far it is, when that is news. Called by the service's clock alone.</summary>
    internal void Report()
    {
        if (TakenUp.IsCompleted)
            _speed.Sample(Received);
        // Its end takes it out of the room: a report that was begun before must not come after.
        lock (_reporting)
        {
            var progress = Progress;
            if (IsUnderWay && progress != _reported)
                Room.Report(_reported = progress);
        }
    }

    /// <summary>Ends when what an earlier run of the program had received was taken up; until then <see cref="Received"/> says nothing.</summary>
    /// <exception cref="IOException">It cannot be read, as with <see cref="UnauthorizedAccessException"/>; the upload fails.</exception>
    internal Task TakenUp { get; private set; } = Task.CompletedTask;

    /// <summary>Takes up what an earlier run of the program has received: the bytes are hashed again.</summary>
    internal void TakeUp()
    {
        // Whoever sent it has lost the server: until they come back it is paused, and no longer on its way.
        _bytes.Fed(ago: PausedAfter * 2);
        TakenUp = Task.Run(async () =>
        {
            try
            {
                await _bytes.TakeUpAsync(_owner.Store, _owner.Downloads, Id, _stop.Token);
                _speed.StartAt(Received);
            }
            catch (OperationCanceledException) when (IsLetGo)
            {
                throw UploadLeases.Elsewhere();
            }
        });
    }

    private async Task ReceiveAsync(Stream source, PartChecksum? checksum, CancellationToken cancellationToken)
    {
        // With every byte here nothing is fed any more: it is only to be brought to its end.
        using var place = Received < Length ? _owner.TakePlaceFor(this) : null;
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token, _giveWay.Token);
        if (!await _bytes.ReceiveAsync(source, _owner.Store.PartialPath(Id), _owner.Store.PartPath(Id), checksum, until.Token))
            throw new RefusedException(RefusalKind.TooLarge, UploadFaults.TooLong);
    }

    private async Task StopAsync(FileState state, string? failure)
    {
        // The first one to ask says how it ends: whoever feeds the upload sees its append cancelled and would call that a failure.
        _ending.Ask(state, failure);
        // The append that may be running is stopped first: its end and this one must not both delete and rename.
        await _stop.CancelAsync();
        await Task.WhenAny(TakenUp);
        await _appending.WaitAsync(CancellationToken.None);
        try
        {
            await EndAsync(state, failure);
        }
        finally
        {
            _appending.Release();
        }
    }

    /// <summary>Not ended by the token of whoever feeds it: the bytes are here, and it goes on also when they have gone.</summary>
    /// <remarks>When the program is stopped or killed meanwhile, the next start finds the upload complete and checks it again.</remarks>
    private async Task CheckAsync()
    {
        _isChecking = _owner.Scan.IsOn;
        try
        {
            if (!_isChecking || await _owner.Scan.FaultOfAsync(Id, _owner.Store.PartialPath(Id), _stop.Token) is not { } fault)
                return;
            await EndAsync(FileState.Failed, fault);
            throw new RefusedException(RefusalKind.Gone, fault);
        }
        finally
        {
            _isChecking = false;
        }
    }

    private async Task CompleteAsync(Func<Task<SharedFile>> finish)
    {
        _ending.ThrowIfCalledOff();
        if (!_ending.TryBegin())
            return;
        Room.Report(Progress);
        try
        {
            File = await finish();
        }
        catch (Exception exception)
        {
            // It takes a new folder or a place in one, and the disk may have none. Without this the card would fill for ever.
            var sentence = exception is IOException full && DownloadStore.IsDiskFull(full) ? UploadFaults.DiskFull : UploadFaults.NotStored;
            File = await _owner.GiveUpAsync(this, _ending.Of(File with { State = FileState.Failed, Failure = sentence }));
            // Its commit was in doubt, and turns out to be durable.
            if (File.State == FileState.Ready)
                return;
            // Whoever sends it again would have it twice.
            if (_owner.Ends.Find(Id) is { Sha256: not null } whole)
                throw UploadEnds.RefusalOf(whole, exception);
            throw;
        }
        finally
        {
            Close();
        }
    }

    private async Task EndAsync(FileState state, string? failure)
    {
        if (!_ending.TryBegin())
            return;
        _ending.Ask(state, failure);
        try
        {
            File = await _owner.GiveUpAsync(this, _ending.Of(File));
        }
        finally
        {
            Close();
        }
    }

    /// <exception cref="RefusedException"><see cref="RefusalKind.Elsewhere"/>: it is another node’s, or may be at any moment.</exception>
    private void Demand() => _owner.Leases.Demand(IsLetGo ? null : Holder);

    private void Close()
    {
        if (!IsLetGo)
        {
            lock (_reporting)
                Room.UploadEnded(Id);
            _owner.Metrics.Ended(File.State);
        }

        _moved.Raise();
        _bytes.Dispose();
        // Not disposed, which would wait for the callback: it may be the one that ends this upload.
        UntilSenderEnds.Unregister();
        _closed.TrySetResult();
    }
}
