using System.Diagnostics;

namespace ChatShare.Core.Files;

/// <summary>Bytes a second, averaged over about the last three seconds. For one writer; readers may see a value a moment old.</summary>
internal sealed class TransferSpeed
{
    private const double WindowSeconds = 3;

    private long _lastTimestamp = Stopwatch.GetTimestamp();
    private double _bytesPerSecond;
    private double _weight;
    private long _pending;

    public double BytesPerSecond => _weight < 0.01 ? 0 : Volatile.Read(ref _bytesPerSecond) / _weight;

    public void Add(int bytes)
    {
        _pending += bytes;
        var elapsed = Stopwatch.GetElapsedTime(_lastTimestamp).TotalSeconds;
        if (elapsed < 0.1)
            return;
        // An exponential average that is corrected for its short past, so that the first figures are true, too.
        var keep = Math.Exp(-elapsed / WindowSeconds);
        Volatile.Write(ref _bytesPerSecond, (_bytesPerSecond * keep) + (_pending / elapsed * (1 - keep)));
        _weight = (_weight * keep) + (1 - keep);
        _pending = 0;
        _lastTimestamp = Stopwatch.GetTimestamp();
    }
}
