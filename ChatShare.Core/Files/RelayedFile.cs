using System.Buffers;

namespace ChatShare.Core.Files;

/// <summary>
/// A file that is read while it still comes in. What has arrived can be had at once, the rest as it arrives. Opened by
/// <see cref="FileDirectory.OpenArriving"/>; stays readable when the file is finished meanwhile.
/// </summary>
public sealed class RelayedFile : IAsyncDisposable
{
    /// <summary>How long a reader waits for the next byte of an upload that is paused.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private const int BufferLength = 128 * 1024;

    private readonly Upload _upload;
    private readonly TimeProvider _time;
    private FileStream _source;
    private bool _isContent;

    internal RelayedFile(Upload upload, TimeProvider time)
    {
        _upload = upload;
        _time = time;
        _source = upload.Open();
    }

    /// <summary>What it is; its hash is not known yet.</summary>
    public SharedFile File => _upload.File;

    /// <summary>Copies a part of the file, waiting for what is not here yet.</summary>
    /// <param name="from">The first byte.</param>
    /// <param name="count">How many; not beyond the declared length.</param>
    /// <param name="destination">Receives them in order.</param>
    /// <param name="download">Counts them, holds them up while it is paused, and ends them.</param>
    /// <exception cref="RefusedException">
    /// <see cref="RefusalKind.Gone"/>: the upload was called off, failed or paused for too long. The reader must learn that what it
    /// has is not the file.
    /// </exception>
    /// <exception cref="OperationCanceledException">The download was stopped.</exception>
    public async Task CopyAsync(long from, long count, Stream destination, Download download)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(download);
        var cancellationToken = download.Stopped;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            _source.Position = from;
            var left = count;
            while (left > 0)
            {
                var here = await HereBeyondAsync(_source.Position, cancellationToken);
                var read = await _source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(Math.Min(BufferLength, left), here)), cancellationToken);
                if (read == 0)
                    await GoOnInStoreAsync(cancellationToken);
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                left -= read;
                await download.PassAsync(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>The sender need not send the rest, because the same content was shared before.</summary>
    private async Task GoOnInStoreAsync(CancellationToken cancellationToken)
    {
        var position = _source.Position;
        try
        {
            await _upload.Ended.WaitAsync(Patience, _time, cancellationToken);
            if (_isContent || File.State != FileState.Ready)
                throw new RefusedException(RefusalKind.Gone, "This upload has ended.");
            await _source.DisposeAsync();
            _source = _upload.Open();
            _source.Position = position;
            _isContent = true;
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            throw new RefusedException(RefusalKind.Gone, "This file is not there any more.");
        }
    }

    /// <summary>How many bytes are here behind a position; at least one.</summary>
    private async Task<long> HereBeyondAsync(long position, CancellationToken cancellationToken)
    {
        try
        {
            await _upload.MovedBeyondAsync(position, cancellationToken).WaitAsync(Patience, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new RefusedException(RefusalKind.Gone, "This upload was paused for too long.");
        }

        var here = _upload.Received - position;
        return here > 0 ? here : throw new RefusedException(RefusalKind.Gone, "This upload has ended.");
    }
}
