using ChatShare.Core.People;

namespace ChatShare.Core.Files;

/// <summary>How a download fares.</summary>
public enum DownloadState
{
    /// <summary>Bytes are written as fast as the reader takes them.</summary>
    Running,

    /// <summary>Held by the person; it goes on where it is.</summary>
    Paused,

    /// <summary>Every byte was handed over.</summary>
    Done,

    /// <summary>The reader, its session or the server went away before the last byte.</summary>
    Broken,

    /// <summary>The person called it off.</summary>
    Cancelled,
}

/// <summary>
/// One answer with bytes of a file on its way to a person. Whoever writes it calls <see cref="PassAsync"/> after each block and stops
/// when <see cref="Stopped"/> says so. Made by <see cref="ActiveDownloads.Begin"/>.
/// </summary>
public sealed class Download : IDisposable
{
    // A held answer keeps a connection, a file and the browser's own download; nobody's break is longer.
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(12);

    private readonly ActiveDownloads _owner;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _until;
    private readonly TransferSpeed _speed = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource? _held;
    private long _length;
    private readonly long _began;
    private long _ended;
    private long _sent;
    private bool _cancelled;

    internal Download(
        ActiveDownloads owner, TimeProvider time, SharedFile file, PersonSession who, Door door, long length, bool isShown, CancellationTokenSource until)
    {
        _owner = owner;
        _time = time;
        _until = until;
        File = file;
        Who = who;
        Door = door;
        _length = length;
        IsShown = isShown;
        (Since, _began) = (time.GetUtcNow(), time.GetTimestamp());
        Stopped = until.Token;
    }

    /// <summary>Of this answer; the same file may be on its way to one person twice.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>The file, as it was when the answer began.</summary>
    public SharedFile File { get; }

    /// <summary>To whom.</summary>
    public PersonSession Who { get; }

    /// <summary>By which it is taken.</summary>
    public Door Door { get; }

    /// <summary>Bytes that were asked for; less than the file has when only a part was.</summary>
    public long Length => Interlocked.Read(ref _length);

    /// <summary>Where an archive is had again, empty when it cannot be had by an address; null for a file, which has its own.</summary>
    public string? Address { get; init; }

    /// <summary>Looked at in the page, not taken.</summary>
    public bool IsShown { get; }

    /// <summary>When it began, UTC.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>How long ago it began, whatever becomes of the time of day.</summary>
    public TimeSpan Age => _time.GetElapsedTime(_began);

    /// <summary>How long ago it ended; null while it runs.</summary>
    public TimeSpan? EndedFor => IsOver ? _time.GetElapsedTime(Interlocked.Read(ref _ended)) : null;

    /// <summary>Whether it has ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Cancelled when it is called off, when its session ends, its reader goes away or the server stops.</summary>
    public CancellationToken Stopped { get; }

    /// <summary>Bytes written so far.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>How it fares.</summary>
    public DownloadState State
    {
        get
        {
            lock (_gate)
            {
                return !IsOver ? (_held is null ? DownloadState.Running : DownloadState.Paused)
                    : Sent == Length ? DownloadState.Done
                    : _cancelled ? DownloadState.Cancelled
                    : DownloadState.Broken;
            }
        }
    }

    /// <summary>In the terms of an upload: what is received is what was written to the reader.</summary>
    public UploadProgress Progress
    {
        get
        {
            // Measured when somebody looks: a download that nobody watches needs no clock.
            lock (_gate)
            {
                var sent = Sent;
                _speed.Sample(sent);
                return new UploadProgress(File.Id, sent, Length, _speed.BytesPerSecond) { IsPaused = !IsOver && _held is not null };
            }
        }
    }

    /// <summary>Counts what was written, and waits while it is paused.</summary>
    /// <exception cref="OperationCanceledException">See <see cref="Stopped"/>.</exception>
    public ValueTask PassAsync(long written)
    {
        Interlocked.Add(ref _sent, written);
        _owner.Metrics.Sent(written);
        return Volatile.Read(ref _held) is { } held && Sent < Length ? new ValueTask(WaitAsync(held.Task)) : ValueTask.CompletedTask;
    }

    /// <summary>Bytes that were asked for and are not there any more.</summary>
    internal void LeaveOut(long bytes) => Interlocked.Add(ref _length, -bytes);

    /// <summary>Nothing more is written until <see cref="Resume"/>. Does nothing when it is paused or over.</summary>
    public void Pause()
    {
        lock (_gate)
        {
            if (_held is not null || IsOver)
                return;
            _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _owner.Changed(this);
    }

    /// <summary>Goes on. Does nothing when it is not paused.</summary>
    public void Resume()
    {
        TaskCompletionSource? held;
        lock (_gate)
            (held, _held) = (_held, null);
        held?.TrySetResult();
        _owner.Changed(this);
    }

    /// <summary>Breaks it off: the reader's connection is reset, so that what it has does not look like the file.</summary>
    public void Cancel()
    {
        lock (_gate)
        {
            // Its source is disposed of as soon as it has ended.
            if (IsOver)
                return;
            _cancelled = true;
            _ = _until.CancelAsync();
        }
    }

    /// <summary>What it is of becomes no file: reset as by <see cref="Cancel"/>, also while it is paused, but nobody has called it off.</summary>
    internal void BreakOff()
    {
        lock (_gate)
        {
            if (!IsOver)
                _ = _until.CancelAsync();
        }
    }

    /// <summary>The answer has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (IsOver)
                return;
            Interlocked.Exchange(ref _ended, _time.GetTimestamp());
            IsOver = true;
        }

        // Nobody cancels it from here on, and it may have to wait for a callback that looks at the state.
        _until.Dispose();
        _owner.Changed(this);
    }

    private async Task WaitAsync(Task resumed)
    {
        try
        {
            await resumed.WaitAsync(LongestPause, _time, Stopped);
        }
        catch (TimeoutException exception)
        {
            throw new OperationCanceledException("A download was paused for too long.", exception);
        }
    }
}
