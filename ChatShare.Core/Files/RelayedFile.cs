using System.Buffers;

namespace ChatShare.Core.Files;

/// <summary>
/// A file that is read while it still comes in. What has arrived can be had at once, the rest as it arrives. Opened by
/// <see cref="FileDirectory.OpenArrivingAsync"/>; stays readable when the file is finished meanwhile.
/// </summary>
public sealed class RelayedFile : IAsyncDisposable
{
    /// <summary>How long a reader waits while no byte of the upload comes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private const int BufferLength = 128 * 1024;

    private readonly ArrivingFile _arriving;
    private readonly TimeProvider _time;
    private FileStream? _source;
    private bool _isContent;

    internal RelayedFile(ArrivingFile arriving, TimeProvider time)
    {
        _arriving = arriving;
        _time = time;
    }

    /// <summary>What it is; its hash is not known yet.</summary>
    public SharedFile File => _arriving.File;

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
        // A wait that was given up ends with this.
        using var until = CancellationTokenSource.CreateLinkedTokenSource(download.Stopped);
        var cancellationToken = until.Token;
        var watching = BreakOffAsync(download, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            var position = from;
            while (position < from + count)
            {
                var here = await HereBeyondAsync(position, cancellationToken);
                // Not before there are bytes: until then there need not be a file.
                _source ??= await OpenAsync(cancellationToken);
                _source.Position = position;
                var most = (int)Math.Min(Math.Min(BufferLength, from + count - position), here);
                var read = await _source.ReadAsync(buffer.AsMemory(0, most), cancellationToken);
                if (read == 0)
                    await GoOnInStoreAsync(cancellationToken);
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                position += read;
                await download.PassAsync(read);
            }
        }
        catch (OperationCanceledException) when (_arriving.IsBrokenOff)
        {
            throw new RefusedException(RefusalKind.Gone, "This upload has ended.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await until.CancelAsync();
            // A watch that the database has ended takes nothing from who has read to the end.
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _source?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>A reader who is behind would learn only after all that has come that it is no file, and one that stands still never.</summary>
    private async Task BreakOffAsync(Download download, CancellationToken cancellationToken)
    {
        await _arriving.EndedAsync(cancellationToken);
        if (_arriving.IsBrokenOff)
            download.BreakOff();
    }

    /// <summary>The partial file; the content when it was moved into the store just now.</summary>
    private async Task<FileStream> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return _arriving.OpenPartial();
        }
        catch (FileNotFoundException)
        {
            return await OpenContentAsync(cancellationToken);
        }
    }

    /// <summary>The sender need not send the rest, because the same content was shared before.</summary>
    private async Task GoOnInStoreAsync(CancellationToken cancellationToken)
    {
        var partial = _source;
        _source = await OpenContentAsync(cancellationToken);
        await partial!.DisposeAsync();
    }

    private async Task<FileStream> OpenContentAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _arriving.EndedAsync(cancellationToken).WaitAsync(Patience, _time, cancellationToken);
            var content = _isContent ? null : _arriving.OpenContent();
            _isContent = true;
            return content ?? throw new RefusedException(RefusalKind.Gone, "This upload has ended.");
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            throw new RefusedException(RefusalKind.Gone, "This file is not there any more.");
        }
    }

    /// <summary>How many bytes are here behind a position; at least one.</summary>
    private async Task<long> HereBeyondAsync(long position, CancellationToken cancellationToken)
    {
        var beyond = _arriving.BeyondAsync(position, cancellationToken);
        while (true)
        {
            var seen = _arriving.Here;
            try
            {
                var here = await beyond.WaitAsync(Patience, _time, cancellationToken);
                return here > 0 ? here : throw new RefusedException(RefusalKind.Gone, "This upload has ended.");
            }
            catch (TimeoutException) when (_arriving.Here > seen)
            {
                // Far ahead of what comes, as a player that looks for the end of a film: not paused.
                continue;
            }
            catch (TimeoutException)
            {
                throw new RefusedException(RefusalKind.Gone, "This upload was paused for too long.");
            }
        }
    }
}
