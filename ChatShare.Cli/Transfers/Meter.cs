using System.Globalization;

namespace ChatShare.Cli.Transfers;

/// <summary>How far a transfer is, how fast, and how long it will take. Shown at most ten times a second.</summary>
/// <param name="name">What is sent or fetched.</param>
/// <param name="total">In bytes; null when nobody knows.</param>
/// <param name="time">The clock.</param>
/// <param name="show">Called when there is something new to show, by whoever moves the bytes.</param>
internal sealed class Meter(string name, long? total, TimeProvider time, Action<Meter> show)
{
    private const int BarCells = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    // The speed is that of the last seconds: long enough to be calm, short enough to notice a stall.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(4);

    private readonly Queue<(long At, long Done)> _past = [];
    private readonly Lock _lock = new();
    private long _done;
    private long _shownAt;

    /// <summary>What is sent or fetched.</summary>
    public string Name => name;

    /// <summary>Bytes so far, those of an earlier run included.</summary>
    public long Done
    {
        get
        {
            lock (_lock)
                return _done;
        }
    }

    /// <summary>Whether all is there.</summary>
    public bool IsComplete => total is { } all && Done >= all;

    /// <summary>Where it goes on; what came before does not count for the speed.</summary>
    public void StartAt(long offset)
    {
        lock (_lock)
        {
            _done = offset;
            _past.Clear();
            _past.Enqueue((time.GetTimestamp(), offset));
        }

        ShowNow();
    }

    /// <summary>More bytes have moved.</summary>
    public void Add(long bytes)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            _done += bytes;
            if (time.GetElapsedTime(_shownAt, now) < Interval && _done != total)
                return;
            _shownAt = now;
            _past.Enqueue((now, _done));
            while (_past.Count > 2 && time.GetElapsedTime(_past.Peek().At, now) > Window)
                _past.Dequeue();
        }

        show(this);
    }

    /// <summary>Whatever the time is.</summary>
    public void ShowNow() => show(this);

    /// <summary>Such as <c>report.pdf [##########----------] 50 % 12.3 MB/s 0:12 left</c>.</summary>
    public override string ToString()
    {
        lock (_lock)
        {
            var speed = Speed();
            var rate = $"{Quantity.Bytes(speed)}/s";
            if (total is not { } all)
                return $"{name} {Quantity.Bytes(_done)} {rate}";
            var part = all == 0 ? 1 : Math.Clamp((double)_done / all, 0, 1);
            var filled = (int)(part * BarCells);
            var left = _done >= all ? "done" : speed <= 0 ? "waiting" : Quantity.Time(TimeSpan.FromSeconds(Math.Min((all - _done) / speed, 1e6))) + " left";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{name} [{new string('#', filled)}{new string('-', BarCells - filled)}] {Math.Floor(part * 100)} % of {Quantity.Bytes(all)}, {rate}, {left}");
        }
    }

    private double Speed()
    {
        if (!_past.TryPeek(out var first))
            return 0;
        var seconds = time.GetElapsedTime(first.At).TotalSeconds;
        return seconds <= 0 ? 0 : (_done - first.Done) / seconds;
    }
}
