using System.Threading.Channels;

namespace ChatShare.Cli.Terminal;

/// <summary>A chat in a pipe or on a terminal that can do nothing: lines in, lines out, no escapes.</summary>
internal sealed class PlainLines : ILiveTerminal
{
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(5);

    private readonly Channel<TerminalInput> _inputs = Channel.CreateUnbounded<TerminalInput>();
    private readonly Output _output;
    private readonly TimeProvider _time;
    private readonly Interrupts _interrupts;
    private readonly CancellationTokenSource _over = new();
    private long _statusAt;

    public PlainLines(Output output, TimeProvider time, Interrupts interrupts)
    {
        _output = output;
        _time = time;
        _interrupts = interrupts;
        _statusAt = time.GetTimestamp();
        interrupts.Handler = () => _inputs.Writer.TryWrite(new TerminalInput.Interrupted());
        _ = ReadAsync();
    }

    /// <inheritdoc />
    public ChannelReader<TerminalInput> Inputs => _inputs.Reader;

    /// <inheritdoc />
    public bool HasPerson => !Console.IsInputRedirected;

    /// <inheritdoc />
    public void SetPrompt(Line prompt)
    {
        // A prompt without a way to keep it in its place would stand among the messages.
    }

    /// <inheritdoc />
    public void Print(Line line) => _output.Result(line);

    /// <inheritdoc />
    public void Answer(Line line) => _output.Result(line);

    /// <inheritdoc />
    public void Note(Line line) => _output.Note(line);

    /// <inheritdoc />
    public void Error(Failure failure) => _output.Error(failure, Line.Of(failure.Message, Tone.Bad));

    /// <inheritdoc />
    public void ShowStatus(string? status)
    {
        if (status is null || _time.GetElapsedTime(Interlocked.Read(ref _statusAt)) < StatusInterval)
            return;
        Interlocked.Exchange(ref _statusAt, _time.GetTimestamp());
        _output.Note(status);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _interrupts.Handler = null;
        await _over.CancelAsync();
    }

    private async Task ReadAsync()
    {
        try
        {
            using var lines = StandardInput.Lines().GetEnumerator();
            // A read from a terminal or a pipe blocks its thread, whatever it is called.
            while (await Task.Run(lines.MoveNext, _over.Token))
            {
                if (lines.Current is { } line)
                    await _inputs.Writer.WriteAsync(new TerminalInput.Entered(line), _over.Token);
                else
                    Error(new Failure(ExitCode.Usage, "Not sent: this line is not UTF-8."));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The other end is gone, which is the end of what is typed.
            _inputs.Writer.TryWrite(new TerminalInput.Ended());
            return;
        }

        _inputs.Writer.TryWrite(new TerminalInput.Ended());
    }
}
