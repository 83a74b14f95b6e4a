using System.Net;
using System.Net.Http.Headers;

namespace ChatShare.Cli.Transfers;

/// <summary>The rest of a file as a request's body.</summary>
internal sealed class FilePart : HttpContent
{
    // Large enough that calls do not count, small enough for a calm progress on a slow line.
    private const int BlockBytes = 128 * 1024;

    private readonly SentFile _file;
    private readonly long _from;
    private readonly Meter _meter;
    private readonly Action<long> _sent;

    /// <param name="file">What is sent.</param>
    /// <param name="from">The first byte.</param>
    /// <param name="meter">Told of each block.</param>
    /// <param name="sent">Called after each block, with where it ends in the file.</param>
    public FilePart(SentFile file, long from, Meter meter, Action<long> sent)
    {
        _file = file;
        _from = from;
        _meter = meter;
        _sent = sent;
        Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
    }

    /// <inheritdoc />
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = new byte[BlockBytes];
        for (var offset = _from; offset < _file.Size;)
        {
            var count = await _file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, _file.Size - offset)), offset, cancellationToken);
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            _meter.Add(count);
            offset += count;
            _sent(offset);
        }
    }

    /// <inheritdoc />
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc />
    protected override bool TryComputeLength(out long length)
    {
        length = _file.Size - _from;
        return true;
    }
}
