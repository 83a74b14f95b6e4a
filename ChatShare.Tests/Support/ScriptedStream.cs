namespace ChatShare.Tests.Support;

/// <summary>
/// A sender's bytes as a network delivers them: in pieces of given sizes, and at the end whatever the script says: the end,
/// nothing more until the reader gives up, or a broken connection.
/// </summary>
internal sealed class ScriptedStream(ReadOnlyMemory<byte> content, IReadOnlyList<int> cuts, ScriptedStream.Ending ending) : Stream
{
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _position;
    private int _cut;

    public enum Ending
    {
        Ends,
        Stalls,
        Breaks,
    }

    /// <summary>Completes when everything was taken and the reader asks for more.</summary>
    public Task Drained => _drained.Task;

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
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        if (_position == content.Length)
        {
            _drained.TrySetResult();
            if (ending == Ending.Stalls)
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            return ending == Ending.Breaks ? throw new IOException("The connection was reset.") : 0;
        }

        var piece = cuts.Count == 0 ? int.MaxValue : cuts[_cut++ % cuts.Count];
        var count = Math.Min(Math.Min(piece, buffer.Length), content.Length - _position);
        content.Slice(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
