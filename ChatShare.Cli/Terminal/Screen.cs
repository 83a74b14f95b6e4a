using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using ChatShare.Cli.Transfers;
using Spectre.Console;

namespace ChatShare.Cli.Terminal;

/// <summary>
/// A chat in a terminal: what is said scrolls above, a row says what goes on, and the row below holds what is being typed. Each change takes
/// the lower rows away, writes, and puts them back in one piece, so that nothing flickers and nothing typed is lost.
/// </summary>
internal sealed class Screen : ILiveTerminal
{
    private const string EraseBelow = "\e[J";

    private readonly Channel<TerminalInput> _inputs = Channel.CreateUnbounded<TerminalInput>();
    private readonly Output _output;
    private readonly Interrupts _interrupts;
    private readonly LineEditor _editor = new();
    private readonly Lock _lock = new();
    private readonly PosixSignalRegistration? _resized;
    private Line _prompt = Line.Of("> ");
    private string? _status;
    private int _statusCells;
    private int _cursorCell;
    private bool _isOver;

    public Screen(Output output, Interrupts interrupts)
    {
        _output = output;
        _interrupts = interrupts;
        Console.TreatControlCAsInput = true;
        // One that is sent by another program.
        interrupts.Handler = () => _inputs.Writer.TryWrite(new TerminalInput.Interrupted());
        if (!OperatingSystem.IsWindows())
            _resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Redraw(""));
        new Thread(ReadKeys) { IsBackground = true, Name = "keys" }.Start();
    }

    /// <inheritdoc />
    public ChannelReader<TerminalInput> Inputs => _inputs.Reader;

    /// <inheritdoc />
    public bool HasPerson => true;

    /// <inheritdoc />
    public void SetPrompt(Line prompt)
    {
        lock (_lock)
            _prompt = prompt;
        Redraw("");
    }

    /// <inheritdoc />
    public void Print(Line line) => Redraw(_output.ResultLook.Render(line));

    /// <inheritdoc />
    public void Answer(Line line) => Print(line);

    /// <inheritdoc />
    public void Note(Line line) => Print(line);

    /// <inheritdoc />
    public void Error(Failure failure) => Print(Line.Of(failure.Message, Tone.Bad));

    /// <inheritdoc />
    public void ShowStatus(string? status)
    {
        lock (_lock)
        {
            if (_status == status)
                return;
            _status = status;
        }

        Redraw("");
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isOver = true;
            _output.Write(Erase());
        }

        _resized?.Dispose();
        _interrupts.Handler = null;
        Console.TreatControlCAsInput = false;
        return ValueTask.CompletedTask;
    }

    private void ReadKeys()
    {
        try
        {
            while (true)
            {
                var key = Console.ReadKey(intercept: true);
                TerminalInput? input;
                lock (_lock)
                    input = _editor.Apply(key);
                // A paste brings many keys at once: one picture at its end is enough.
                if (input is not null || !Console.KeyAvailable)
                    Redraw("");
                if (input is not null)
                    _inputs.Writer.TryWrite(input);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or ReaderGoneException)
        {
            // The terminal is gone.
            _inputs.Writer.TryWrite(new TerminalInput.Ended());
        }
    }

    /// <summary>Writes above the lower rows.</summary>
    private void Redraw(string safe)
    {
        lock (_lock)
        {
            if (!_isOver)
                _output.Write(Erase() + safe + LowerRows());
        }
    }

    private string Erase()
    {
        // A window that has become narrower has broken the rows that were drawn for the wider one.
        var width = Look.Width;
        var rows = (_statusCells + width - 1) / width + (_cursorCell / width);
        (_statusCells, _cursorCell) = (0, 0);
        return "\r" + (rows > 0 ? string.Create(CultureInfo.InvariantCulture, $"\e[{rows}A") : "") + EraseBelow;
    }

    private string LowerRows()
    {
        // The last cell stays empty: a terminal may go on to the next row when it is written.
        var width = Look.Width - 1;
        var rows = new StringBuilder();
        if (_status is not null)
        {
            var status = ProgressNotes.Fit(SafeText.Of(_status), width);
            rows.Append(status).Append('\n');
            _statusCells = Math.Max(1, status.GetCellWidth());
        }

        var promptText = _prompt.ToString();
        var promptCells = promptText.GetCellWidth();
        // A long name must not leave no room to type.
        var prompt = promptCells > width / 2 ? "> " : _output.ResultLook.Render(_prompt).TrimEnd('\n');
        promptCells = promptCells > width / 2 ? 2 : promptCells;
        var (visible, cursor) = _editor.View(width - promptCells);
        _cursorCell = promptCells + cursor;
        rows.Append(prompt);
        // A renderer may take spaces from the end of a line.
        rows.Append(CultureInfo.InvariantCulture, $"\r\e[{promptCells}C{visible}\r\e[{_cursorCell}C");
        return rows.ToString();
    }
}
