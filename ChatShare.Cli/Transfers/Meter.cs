using System.Globalization;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Transfers;

/// <summary>How far a transfer is, how fast, and how long it will take. It looks at the clock by itself, so that a stall is seen, too.</summary>
internal sealed class Meter : IDisposable
{
    private const int BarCells = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    // The speed is that of the last seconds: long enough to be calm, short enough to notice a stall.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(4);

    private readonly Lock _lock = new();
    private readonly Queue<(long At, long Done)> _past = [];
    private readonly long? _total;
    private readonly TimeProvider _time;
    private readonly Action<Meter> _show;
    private readonly ITimer _clock;
    private long _done;

    /// <param name="name">What is sent or fetched.</param>
    /// <param name="total">In bytes; null when nobody knows.</param>
    /// <param name="time">The clock.</param>
    /// <param name="show">Called a few times a second, on any thread.</param>
    public Meter(string name, long? total, TimeProvider time, Action<Meter> show)
    {
        Name = name;
        _total = total;
        _time = time;
        _show = show;
        _clock = time.CreateTimer(_ => Tick(), state: null, Interval, Interval);
    }

    /// <summary>What is sent or fetched.</summary>
    public string Name { get; }

    /// <summary>Bytes so far, those of an earlier run included.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Where it goes on; what came before does not count for the speed.</summary>
    public void StartAt(long offset)
    {
        lock (_lock)
        {
            Interlocked.Exchange(ref _done, offset);
            _past.Clear();
            _past.Enqueue((_time.GetTimestamp(), offset));
        }
    }

    /// <summary>More bytes have moved.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _done, bytes);

    /// <summary>Such as <c>report.pdf [##########----------] 50 % 12.3 MB/s 0:12 left</c>.</summary>
    public override string ToString()
    {
        lock (_lock)
        {
            var speed = Speed();
            var rate = $"{Quantity.Bytes(speed)}/s";
            if (_total is not { } all)
                return $"{Name} {Quantity.Bytes(_done)} {rate}";
            var part = all == 0 ? 1 : Math.Clamp((double)_done / all, 0, 1);
            var filled = (int)(part * BarCells);
            var left = _done >= all ? "done" : speed <= 0 ? "waiting" : Quantity.Time(TimeSpan.FromSeconds(Math.Min((all - _done) / speed, 1e6))) + " left";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{Name} [{new string('#', filled)}{new string('-', BarCells - filled)}] {Math.Floor(part * 100)} % of {Quantity.Bytes(all)}, {rate}, {left}");
        }
    }

    /// <inheritdoc />
    public void Dispose() => _clock.Dispose();

    private void Tick()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            _past.Enqueue((now, Done));
            while (_past.Count > 2 && _time.GetElapsedTime(_past.Peek().At, now) > Window)
                _past.Dequeue();
        }

        try
        {
            _show(this);
        }
        catch (ReaderGoneException)
        {
            // Nobody looks. The transfer goes on, and its result meets the same end.
            _clock.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private double Speed()
    {
        if (!_past.TryPeek(out var first))
            return 0;
        var seconds = _time.GetElapsedTime(first.At).TotalSeconds;
        return seconds <= 0 ? 0 : (_done - first.Done) / seconds;
    }
}
