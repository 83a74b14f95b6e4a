using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using ChatShare.Core;

namespace ChatShare.Web.Telemetry;

/// <summary>
/// Adds up what the server's own meter and that of the runtime say, and writes it as Prometheus reads it (text format 0.0.4). A singleton, made
/// when the server starts: what was not heard is not counted. See docs/decisions/0009.
/// </summary>
internal sealed class MetricsCollector : IDisposable
{
    private const string RuntimeMeter = "System.Runtime";

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, Series> _series = new();
    private readonly Lock _collecting = new();

    public MetricsCollector(ChatShareMetrics metrics)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Not by name alone: each server of a process has a meter of its own.
            if (instrument.Meter == metrics.Meter || instrument.Meter.Name == RuntimeMeter)
                listener.EnableMeasurementEvents(instrument, _series.GetOrAdd(instrument, new Series(instrument)));
        };
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => ((Series)state!).Take(value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => ((Series)state!).Take(value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => ((Series)state!).Take(value, tags));
        _listener.Start();
    }

    /// <summary>Everything as it is now.</summary>
    public string Write()
    {
        var text = new StringBuilder(16 * 1024);
        lock (_collecting)
        {
            foreach (var series in _series.Values)
                series.ForgetObserved();
            _listener.RecordObservableInstruments();
            foreach (var series in _series.Values.OrderBy(series => series.Name, StringComparer.Ordinal))
                series.Write(text);
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();
}
