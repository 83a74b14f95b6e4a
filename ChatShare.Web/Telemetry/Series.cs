using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace ChatShare.Web.Telemetry;

/// <summary>The values of one instrument, one for each set of tags. May be added to by any thread.</summary>
internal sealed class Series
{
    private readonly Instrument _instrument;
    private readonly string _type;
    private readonly double[] _bounds;
    private readonly Point _untagged;
    private readonly ConcurrentDictionary<string, Point> _tagged = new(StringComparer.Ordinal);

    public Series(Instrument instrument)
    {
        _instrument = instrument;
        var kind = instrument.GetType().GetGenericTypeDefinition();
        _type = kind == typeof(Histogram<>) ? "histogram" : kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>) ? "counter" : "gauge";
        _bounds = instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } ? [.. bounds] : [];
        _untagged = new Point(_bounds.Length);
        Name = NameOf(instrument, isCounter: _type == "counter");
    }

    /// <summary>As Prometheus knows it: that of the instrument with its unit, and <c>_total</c> when it only grows.</summary>
    public string Name { get; }

    /// <summary>Adds to what is there, or takes the place of it when the instrument is one that is asked.</summary>
    public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // The hottest of all have no tags: nothing is allocated for them.
        var point = tags.IsEmpty ? _untagged : _tagged.GetOrAdd(LabelsOf(tags), _ => new Point(_bounds.Length));
        point.Take(value, _instrument.IsObservable, _bounds);
    }

    /// <summary>What an instrument does not tell when it is asked is not there any more.</summary>
    public void ForgetObserved()
    {
        if (!_instrument.IsObservable)
            return;
        _tagged.Clear();
        _untagged.Forget();
    }

    public void Write(StringBuilder text)
    {
        // One that has tags says nothing without them; of one that waits to be told, 0 is the truth.
        var shows = _untagged.WasTaken || (!_instrument.IsObservable && _tagged.IsEmpty);
        if (!shows && _tagged.IsEmpty)
            return;
        var description = (_instrument.Description ?? "").Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        text.Append("# HELP ").Append(Name).Append(' ').Append(description).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(_type).Append('\n');
        if (shows)
            _untagged.Write(text, Name, "", _type == "histogram" ? _bounds : null);
        foreach (var (labels, point) in _tagged.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            point.Write(text, Name, labels, _type == "histogram" ? _bounds : null);
    }

    /// <summary>The same as OpenTelemetry's own exporter makes of it, so that boards and rules outlive a change.</summary>
    private static string NameOf(Instrument instrument, bool isCounter)
    {
        var name = instrument.Name.Replace('.', '_');
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (!name.EndsWith(unit, StringComparison.Ordinal))
            name += unit;
        return isCounter ? name + "_total" : name;
    }

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in tags)
        {
            var plain = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            text.Append(text.Length > 0 ? "," : "").Append(name.Replace('.', '_')).Append("=\"")
                .Append(plain.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal))
                .Append('"');
        }

        return text.ToString();
    }

    /// <summary>One value; of a histogram, how many fell between its bounds.</summary>
    private sealed class Point(int bounds)
    {
        private readonly Lock _gate = new();
        private readonly long[] _counts = new long[bounds + 1];
        private double _sum;

        public bool WasTaken { get; private set; }

        public void Take(double value, bool isWhole, double[] limits)
        {
            lock (_gate)
            {
                WasTaken = true;
                _sum = isWhole ? value : _sum + value;
                var place = 0;
                while (place < limits.Length && value > limits[place])
                    place++;
                _counts[place]++;
            }
        }

        public void Forget()
        {
            lock (_gate)
                WasTaken = false;
        }

        public void Write(StringBuilder text, string name, string labels, double[]? limits)
        {
            lock (_gate)
            {
                if (limits is null)
                {
                    Line(text, name, labels, _sum);
                    return;
                }

                var all = 0L;
                for (var i = 0; i <= limits.Length; i++)
                {
                    all += _counts[i];
                    var limit = i < limits.Length ? limits[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                    Line(text, name + "_bucket", $"{labels}{(labels.Length > 0 ? "," : "")}le=\"{limit}\"", all);
                }

                Line(text, name + "_sum", labels, _sum);
                Line(text, name + "_count", labels, all);
            }
        }

        private static void Line(StringBuilder text, string name, string labels, double value)
        {
            text.Append(name);
            if (labels.Length > 0)
                text.Append('{').Append(labels).Append('}');
            text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }
    }
}
