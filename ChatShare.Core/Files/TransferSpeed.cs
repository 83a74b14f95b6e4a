using System.Diagnostics;

namespace ChatShare.Core.Files;

/// <summary>Bytes a second, averaged over about the last three seconds. Sampled by one thread; readers may see a value a moment old.</summary>
public sealed class TransferSpeed
{
    private const double WindowSeconds = 3;

    private long _sampledAt = Stopwatch.GetTimestamp();
    private long _sampledBytes;
    private double _average;
    private double _weight;
    private double _bytesPerSecond;

    /// <summary>0 while nothing came, and again when nothing has come for a while.</summary>
    public double BytesPerSecond => Volatile.Read(ref _bytesPerSecond);

    /// <summary>So many were here before: they did not come at any speed. Before the first <see cref="Sample"/>.</summary>
    public void StartAt(long bytes) => (_sampledAt, _sampledBytes) = (Stopwatch.GetTimestamp(), bytes);

    /// <summary>Takes note of how many bytes are here now.</summary>
    public void Sample(long bytes)
    {
        var now = Stopwatch.GetTimestamp();
        var elapsed = Stopwatch.GetElapsedTime(_sampledAt, now).TotalSeconds;
        // The time in a queue, before the first byte, says nothing about the speed.
        if ((bytes == _sampledBytes && _weight == 0) || elapsed <= 0)
        {
            _sampledAt = now;
            return;
        }

        // An exponential average that is corrected for its short past, so that the first figures are true, too.
        var keep = Math.Exp(-elapsed / WindowSeconds);
        _average = (_average * keep) + ((bytes - _sampledBytes) / elapsed * (1 - keep));
        _weight = (_weight * keep) + (1 - keep);
        (_sampledAt, _sampledBytes) = (now, bytes);
        Volatile.Write(ref _bytesPerSecond, _average / _weight < 1 ? 0 : _average / _weight);
    }
}
