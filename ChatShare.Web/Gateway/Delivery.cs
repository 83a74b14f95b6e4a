namespace ChatShare.Web.Gateway;

/// <summary>
/// How a client's program takes a file, judged by what its kernel takes: what was acknowledged may still lie in its buffer, and whatever is
/// sent before it was read becomes part of the file.
/// </summary>
internal sealed class Delivery(TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Unknown = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly Queue<(long At, long Acked)> _samples = new();
    private long _newest;
    private long _window;
    private (long At, long Acked)? _last;

    /// <summary>Notes how far it is; to be called while the file goes out and once when all of it was taken.</summary>
    public void Note(TcpInfo? info, bool isLast = false)
    {
        if (info is not { } now)
            return;
        _window = Math.Max(_window, now.SendWindow);
        if (!isLast && _samples.Count > 0 && time.GetElapsedTime(_newest) < Step)
            return;
        _newest = time.GetTimestamp();
        _last = (_newest, now.BytesAcked);
        _samples.Enqueue(_last.Value);
        // One that is older than a second stays, to count from.
        while (_samples.Count > 2 && time.GetElapsedTime(_samples.ElementAt(1).At, _newest) > Lately)
            _samples.Dequeue();
    }

    /// <summary>How long to leave the line quiet behind the last byte.</summary>
    /// <param name="length">Of the file: no more of it can lie in the buffer.</param>
    public TimeSpan Pause(long length)
    {
        if (_last is not { } last)
            return Unknown;
        var first = _samples.Peek();
        // What is over sooner says nothing about the reader: the kernel has taken it all at once, and the program may not have begun.
        var seconds = Math.Max(time.GetElapsedTime(first.At, last.At).TotalSeconds, Lately.TotalSeconds);
        var rate = (last.Acked - first.Acked) / seconds;
        var unread = Math.Min(_window, length);
        if (unread == 0)
            return Shortest;
        var pause = rate > 0 ? TimeSpan.FromSeconds(Math.Min(unread / rate * 1.5, Longest.TotalSeconds)) : Longest;
        return pause < Shortest ? Shortest : pause;
    }
}
