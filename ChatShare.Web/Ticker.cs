using System.Diagnostics;

namespace ChatShare.Web;

/// <summary>A line every few seconds, so that whoever waits for a command sees that it moves.</summary>
internal sealed class Ticker(TextWriter notes) : IProgress<string>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private long _last = Stopwatch.GetTimestamp();

    /// <inheritdoc />
    public void Report(string value)
    {
        if (Stopwatch.GetElapsedTime(_last) < Interval)
            return;
        _last = Stopwatch.GetTimestamp();
        notes.WriteLine(value);
    }
}
