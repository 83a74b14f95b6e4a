using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using ChatShare.Core;
using ChatShare.Core.Files;
using Microsoft.AspNetCore.Connections;

namespace ChatShare.Web.Endpoints.Uploads;

/// <summary>
/// The request bodies that feed uploads right now. A network that vanishes closes no connection: without a look at the clock its body
/// would hold the upload, and whoever comes back to go on would be told that the file is being sent already.
/// </summary>
internal sealed class TusBodies(TimeProvider time)
{
    // Whoever asks how far the upload is while nothing arrives has lost the connection that this body came through.
    private static readonly TimeSpan GivesWayAfter = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<FileId, TusBody> _bodies = new();

    /// <summary>Dispose it when the append has ended.</summary>
    public TusBody Begin(FileId id, PipeReader source, long mostBytes)
    {
        var body = new TusBody(source, mostBytes, time);
        // A second one for the same upload is going to be refused; it must not take the place of the first. One that has ended may still stand
        // there: it is removed on another thread, and the next part can come before.
        _bodies.AddOrUpdate(id, body, (_, before) => before.Ended.IsCompleted ? body : before);
        _ = body.Ended.ContinueWith(_ => _bodies.TryRemove(KeyValuePair.Create(id, body)), TaskScheduler.Default);
        return body;
    }

    /// <summary>The sender has come back: a body that nothing comes from any more is ended. Returns when it is.</summary>
    public async Task GiveWayAsync(FileId id, CancellationToken cancellationToken)
    {
        if (!_bodies.TryGetValue(id, out var body) || body.Silence < GivesWayAfter)
            return;
        body.Stop();
        await body.Ended.WaitAsync(cancellationToken);
    }
}

/// <summary>A request's body on its way into an upload: ends when nothing comes for a while, and takes no more than it may.</summary>
internal sealed class TusBody(PipeReader source, long mostBytes, TimeProvider time) : Stream
{
    public static readonly string CheckedPartTooLarge =
        $"A part with a checksum has at most {ByteSize.Format(PartChecksum.MaxPartBytes)}. Send smaller parts.";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _silent = new(Timeout.InfiniteTimeSpan, time);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _taken;
    private long _lastByte = time.GetTimestamp();

    /// <summary>Cancelled when nothing came for too long.</summary>
    public CancellationToken Silent => _silent.Token;

    /// <summary>Since the last byte.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Interlocked.Read(ref _lastByte));

    /// <summary>Ends when nobody reads from it any more.</summary>
    public Task Ended => _ended.Task;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Stop() => _silent.Cancel();

    /// <exception cref="RefusedException">More came than may.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _silent.CancelAfter(Patience);
        var count = await ReadSourceAsync(buffer, cancellationToken);
        // While the bytes are written nobody waits for the sender.
        _silent.CancelAfter(Timeout.InfiniteTimeSpan);
        Interlocked.Exchange(ref _lastByte, time.GetTimestamp());
        _taken += count;
        return _taken <= mostBytes ? count : throw new RefusedException(RefusalKind.TooLarge, CheckedPartTooLarge);
    }

    private async ValueTask<int> ReadSourceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Ended so and not by the token, which would leave the server in the middle of a read and unable to pass over the rest of the request.
        await using var end = cancellationToken.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), source);
        ReadResult read;
        try
        {
            read = await source.ReadAsync(CancellationToken.None);
        }
        catch (IOException e) when (e is not (BadHttpRequestException or ConnectionResetException))
        {
            // A chunk with an impossible length. Whoever writes the bytes must not take it for an error of the disk.
            throw new BadHttpRequestException(e.Message, e);
        }

        var count = read.IsCanceled ? 0 : (int)Math.Min(read.Buffer.Length, buffer.Length);
        var taken = read.Buffer.Slice(0, count);
        taken.CopyTo(buffer.Span);
        source.AdvanceTo(taken.End);
        return read.IsCanceled ? throw new OperationCanceledException(cancellationToken) : count;
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
        // The source of cancellation is left to the collector: the sender may come back and stop it at this very moment.
        _silent.CancelAfter(Timeout.InfiniteTimeSpan);
        _ended.TrySetResult();
        base.Dispose(disposing);
    }
}
