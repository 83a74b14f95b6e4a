using System.Diagnostics;
using System.Globalization;
using ChatShare.Benchmarks.Clustering;

namespace ChatShare.Benchmarks.FanningOut;

/// <param name="Deliveries">Rows that arrived.</param>
/// <param name="Seconds">How long messages were sent.</param>
/// <param name="P50">Milliseconds from the sender's call to the row; the others too.</param>
/// <param name="P95">.</param>
/// <param name="P99">.</param>
/// <param name="Max">.</param>
/// <param name="CaughtUp">Rows that somebody never got, because they were so far behind that the page had left them out.</param>
/// <param name="Faults">What was missing, came twice or out of order; empty in a good run.</param>
internal sealed record RunResult(
    int Deliveries, double Seconds, double P50, double P95, double P99, double Max, int CaughtUp, IReadOnlyList<string> Faults)
{
    /// <summary>Where the readers are at several servers.</summary>
    public Hop? Hop { get; init; }

    /// <summary>What several rooms gave in the same time: of times the slowest room's, and no hop.</summary>
    public static RunResult Together(IReadOnlyList<RunResult> rooms) => rooms is [var one] ? one : new(
        rooms.Sum(room => room.Deliveries), rooms.Max(room => room.Seconds), rooms.Max(room => room.P50), rooms.Max(room => room.P95),
        rooms.Max(room => room.P99), rooms.Max(room => room.Max), rooms.Sum(room => room.CaughtUp), [.. rooms.SelectMany(room => room.Faults)]);
}

/// <summary>A row that arrived.</summary>
/// <param name="Message">Its index.</param>
/// <param name="Reader">At whom.</param>
/// <param name="Milliseconds">After the sender's call.</param>
internal readonly record struct Delivery(int Message, int Reader, double Milliseconds);

/// <summary>
/// What was sent when, and how long it took. Texts are numbered by the sender, so that each row tells which message it is.
/// All members may be called from any thread, <see cref="StartMeasuring"/> and <see cref="NextText"/> by the sender alone.
/// </summary>
internal sealed class Ledger
{
    /// <summary>Stands before the six digits of a message's index.</summary>
    public const string Mark = "post-";

    private const int Most = 1_000_000;

    private readonly long[] _sentAt = new long[Most];
    private Delivery[] _deliveries = [];
    private int _measured;
    private int _caughtUp;
    private int _next;
    private int _measuredFrom = int.MaxValue;

    /// <summary>The index of the last message that was sent; −1 when none was.</summary>
    public int Newest => Volatile.Read(ref _next) - 1;

    /// <summary>The text of the next message, which counts as sent now.</summary>
    public string NextText()
    {
        var index = _next;
        _sentAt[index] = Stopwatch.GetTimestamp();
        Volatile.Write(ref _next, index + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{Mark}{index:D6} The meeting moved to four o'clock, and the slides are in the Lobby.");
    }

    /// <summary>Forgets what was measured before and counts what is sent from now on.</summary>
    public void StartMeasuring()
    {
        _measuredFrom = _next;
        (_measured, _caughtUp) = (0, 0);
        _deliveries = new Delivery[4 * Most];
    }

    /// <summary>A browser got the row of a message.</summary>
    public void Arrived(int index, int reader)
    {
        if (index < _measuredFrom)
            return;
        var latency = Stopwatch.GetElapsedTime(_sentAt[index]).TotalMilliseconds;
        var place = Interlocked.Increment(ref _measured) - 1;
        if (place < _deliveries.Length)
            _deliveries[place] = new Delivery(index, reader, latency);
    }

    /// <summary>A browser's page goes on behind messages that it has left out.</summary>
    /// <param name="from">The index of the first of them.</param>
    /// <param name="until">The index behind the last.</param>
    public void CaughtUp(int from, int until) => Interlocked.Add(ref _caughtUp, Math.Max(0, until - Math.Max(from, _measuredFrom)));

    /// <param name="expected">How many deliveries there should be.</param>
    /// <param name="seconds">How long messages were sent.</param>
    /// <param name="faults">What the readers complained about.</param>
    /// <param name="servers">Among how many the readers are spread, in turn.</param>
    public RunResult Result(int expected, double seconds, IEnumerable<string> faults, int servers = 1)
    {
        List<string> all = [.. faults.Take(10)];
        if (_measured + _caughtUp != expected)
            all.Add(string.Create(CultureInfo.InvariantCulture, $"{expected:N0} deliveries were due, {_measured:N0} came and {_caughtUp:N0} were caught up by page."));
        var deliveries = _deliveries.Take(_measured).ToList();
        double[] sorted = [.. deliveries.Select(delivery => delivery.Milliseconds).Order()];
        return new RunResult(
            _measured, seconds, Statistics.Percentile(sorted, 50), Statistics.Percentile(sorted, 95), Statistics.Percentile(sorted, 99), sorted[^1], _caughtUp, all)
        {
            Hop = Hop.Of(deliveries, servers),
        };
    }
}
