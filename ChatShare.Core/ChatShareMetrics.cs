using System.Diagnostics.Metrics;
using ChatShare.Core.Files;
using ChatShare.Core.People;

namespace ChatShare.Core;

/// <summary>
/// What happens on the server, in numbers: how often and how long. How things stand is in <see cref="ChatShareGauges"/>. Nothing depends on
/// them. A singleton; all members may be called from any thread.
/// </summary>
/// <remarks>
/// A count is a field that whoever collects looks at: it costs one addition, has all its tags at 0 from the start, and is right also for who
/// begins to look later. The tags are words of this program, never a name, an address or a text.
/// </remarks>
public sealed class ChatShareMetrics
{
    /// <summary>The name of the one meter.</summary>
    public const string MeterName = "ChatShare";

    private static readonly FileState[] Ends = [FileState.Ready, FileState.Failed, FileState.Cancelled];

    private readonly long[] _posted = new long[Enum.GetValues<Door>().Length];
    private readonly long[] _refused = new long[Enum.GetValues<Limit>().Length];
    private readonly long[] _ended = new long[Ends.Length];
    private readonly Histogram<double> _delivery;
    private readonly Histogram<double> _commit;
    private readonly Histogram<double> _batch;
    private long _fellBehind;
    private long _notCommitted;
    private long _begun;
    private long _received;
    private long _sent;

    /// <summary>Makes the meter and its counts.</summary>
    public ChatShareMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        Meter = meters.Create(MeterName);
        _delivery = Histogram(
            "chatshare.delivery.duration", "s", "From the commit of a message to the batch that hands it to a reader; of a batch, its oldest.",
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10);
        _commit = Histogram(
            "chatshare.log.commit.duration", "s", "Until a batch of the message log is durable, with its sync and what was tried again.",
            0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10);
        _batch = Histogram("chatshare.log.commit.changes", "{change}", "Changes in one transaction of the message log.", 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000);
        Count("chatshare.log.failures", "{change}", "Changes that could not be stored and were refused.", () => Volatile.Read(ref _notCommitted));
        Counts("chatshare.messages", "{message}", "Messages posted.", "chatshare.door", _posted, Enum.GetNames<Door>());
        Count("chatshare.mailbox.overflows", "{overflow}", "Readers that fell behind what the room keeps and went on by the log.", () => Volatile.Read(ref _fellBehind));
        Count("chatshare.uploads.begun", "{upload}", "Files that were announced.", () => Volatile.Read(ref _begun));
        Counts("chatshare.uploads.ended", "{upload}", "Uploads that ended, by how.", "chatshare.upload.end", _ended, [.. Ends.Select(end => end.ToString())]);
        Count("chatshare.uploads.received", "By", "Bytes of files that came in and count.", () => Volatile.Read(ref _received));
        Count("chatshare.downloads.sent", "By", "Bytes of files that this program sent; not those that a web server in front sent for it.", () => Volatile.Read(ref _sent));
        Counts("chatshare.refusals", "{refusal}", "Refusals, by the limit.", "chatshare.limit", _refused, Enum.GetNames<Limit>());
    }

    /// <summary>Where all of it is published.</summary>
    public Meter Meter { get; }

    /// <summary>Whether the last look at the server's health, some seconds ago, found it ready; false until there was one.</summary>
    public bool IsReady { get; set; }

    /// <summary>Somebody was refused.</summary>
    public void Refused(Limit limit) => Interlocked.Increment(ref _refused[(int)limit]);

    /// <summary>A batch goes to a reader. The hottest of all: no tag and no allocation.</summary>
    internal void Delivered(TimeSpan sinceCommit) => _delivery.Record(sinceCommit.TotalSeconds);

    internal void Committed(TimeSpan took, int changes)
    {
        _commit.Record(took.TotalSeconds);
        _batch.Record(changes);
    }

    internal void CommitFailed(int changes) => Interlocked.Add(ref _notCommitted, changes);

    internal void Posted(Door door) => Interlocked.Increment(ref _posted[(int)door]);

    internal void FellBehind() => Interlocked.Increment(ref _fellBehind);

    internal void Begun(int uploads) => Interlocked.Add(ref _begun, uploads);

    /// <summary>One that waits for its row to be written ends when that is known, maybe in a later run: it is none of these and not counted.</summary>
    internal void Ended(FileState state)
    {
        if (Array.IndexOf(Ends, state) is >= 0 and var end)
            Interlocked.Increment(ref _ended[end]);
    }

    internal void Received(int bytes) => Interlocked.Add(ref _received, bytes);

    internal void Sent(long bytes) => Interlocked.Add(ref _sent, bytes);

    private Histogram<double> Histogram(string name, string unit, string description, params double[] bounds) =>
        Meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    private void Count(string name, string unit, string description, Func<long> look) => Meter.CreateObservableCounter(name, look, unit, description);

    private void Counts(string name, string unit, string description, string tag, long[] counts, string[] values)
    {
        var tags = Array.ConvertAll(values, value => new KeyValuePair<string, object?>(tag, value));
        Meter.CreateObservableCounter(name, () => counts.Select((_, i) => new Measurement<long>(Volatile.Read(ref counts[i]), tags[i])), unit, description);
    }
}
