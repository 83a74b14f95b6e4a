using ChatShare.Cli.Terminal;
using Spectre.Console;

namespace ChatShare.Cli.Transfers;

/// <summary>Progress of one file of the commands for scripts, on standard error: one line that changes in a terminal, a line now and then elsewhere.</summary>
internal sealed class ProgressNotes(Output output, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private long _last = time.GetTimestamp();
    private bool _isShown;
    private bool _isOver;

    /// <summary>For a <see cref="Meter"/>.</summary>
    public void Show(Meter meter)
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            var line = Line.Of(meter.ToString(), Tone.Dim);
            if (output.NoteLook.IsTerminal)
            {
                // One row, or the next one could not write over it.
                output.NoteRaw("\r\e[K" + Fit(line.ToString(), Look.Width - 1));
                _isShown = true;
            }
            else if (time.GetElapsedTime(_last) >= Interval)
            {
                _last = time.GetTimestamp();
                output.Note(line);
            }
        }
    }

    /// <summary>Takes the line away for good, before something else is written.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isOver = true;
            if (_isShown)
                output.NoteRaw("\r\e[K");
            _isShown = false;
        }
    }

    /// <summary>As much of a text as goes into this many cells; wide characters take two.</summary>
    public static string Fit(string text, int cells)
    {
        if (text.GetCellWidth() <= cells)
            return text;
        var kept = 0;
        var width = 0;
        while (kept < text.Length)
        {
            var element = System.Globalization.StringInfo.GetNextTextElementLength(text, kept);
            width += text.Substring(kept, element).GetCellWidth();
            if (width > cells)
                break;
            kept += element;
        }

        return text[..kept];
    }
}
