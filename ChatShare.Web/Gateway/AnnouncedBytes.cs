using System.Buffers;
using System.IO.Pipelines;

namespace ChatShare.Web.Gateway;

/// <summary>
/// The bytes of a file on their way from a client: as many as it has announced, then the end. They end early when the client hangs up or falls
/// silent, see <see cref="BrokeOff"/>.
/// </summary>
internal sealed class AnnouncedBytes : Stream
{
    private readonly PipeReader _pipe;
    private readonly ReadyAnswer _ready;
    private readonly TimeSpan _patience;
    private readonly ITimer _silence;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isFirst = true;
    private volatile bool _isSilent;

    public AnnouncedBytes(PipeReader pipe, long size, ReadyAnswer ready, GatewayPace pace, TimeProvider time)
    {
        _pipe = pipe;
        _ready = ready;
        _patience = pace.Patience;
        _silence = time.CreateTimer(_ => FallSilent(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Left = size;
        if (size == 0)
            _ended.SetResult();
    }

    /// <summary>When all of them were taken, or no more will come: what follows them may be read.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Those that have not come yet.</summary>
    public long Left { get; private set; }

    /// <summary>No more will come, and some are missing.</summary>
    public bool BrokeOff { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Left == 0 || BrokeOff || buffer.IsEmpty || await SomeAsync(cancellationToken) is not { } bytes)
            return 0;
        var part = bytes.Slice(0, Math.Min(Math.Min(bytes.Length, Left), buffer.Length));
        part.CopyTo(buffer.Span);
        return (int)Take(bytes, part.Length);
    }

    /// <summary>Throws away what has not come yet.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (Left > 0 && !BrokeOff && await SomeAsync(cancellationToken) is { } bytes)
        {
            Take(bytes, Math.Min(bytes.Length, Left));
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _silence.Dispose();
        base.Dispose(disposing);
    }

    private long Take(in ReadOnlySequence<byte> bytes, long length)
    {
        ClientInput.Take(_pipe, bytes, length);
        Left -= length;
        if (Left == 0)
            _ended.TrySetResult();
        return length;
    }

    /// <summary>What is here, not empty; null when nothing more comes.</summary>
    private async ValueTask<ReadOnlySequence<byte>?> SomeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            _silence.Change(_patience, Timeout.InfiniteTimeSpan);
            var read = await ClientInput.ReadAsync(_pipe, cancellationToken);
            _silence.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (read is not { } result)
                break;
            var bytes = _isFirst ? WithoutReady(result.Buffer) : result.Buffer;
            if (!bytes.IsEmpty)
            {
                _isFirst = false;
                return bytes;
            }

            _pipe.AdvanceTo(bytes.Start, result.Buffer.End);
            if (result.IsCompleted || _isSilent)
                break;
        }

        BrokeOff = true;
        _ended.TrySetResult();
        return null;
    }

    private void FallSilent()
    {
        _isSilent = true;
        _pipe.CancelPendingRead();
    }

    /// <summary>
    /// A client that was offered a file at the moment at which it announced its own says so between the announcement and the bytes: it waits half
    /// a second before those, so that it comes by itself. What begins with the word and goes on is a file that begins so, unless the client is one that
    /// answers.
    /// </summary>
    private ReadOnlySequence<byte> WithoutReady(ReadOnlySequence<byte> bytes)
    {
        var length = OldProtocol.Ready.Length;
        return bytes.Length >= length && bytes.Slice(0, length).ToArray().AsSpan().SequenceEqual("READY"u8) && _ready.Take(isAlone: bytes.Length == length) ? bytes.Slice(length) : bytes;
    }
}
