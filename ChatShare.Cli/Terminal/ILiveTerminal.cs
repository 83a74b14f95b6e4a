using System.Threading.Channels;

namespace ChatShare.Cli.Terminal;

/// <summary>What comes from whoever sits at a terminal, or from a pipe.</summary>
internal abstract record TerminalInput
{
    private TerminalInput()
    {
    }

    /// <summary>A whole line.</summary>
    public sealed record Entered(string Text) : TerminalInput;

    /// <summary>Ctrl+C.</summary>
    public sealed record Interrupted : TerminalInput;

    /// <summary>Nothing comes any more.</summary>
    public sealed record Ended : TerminalInput;
}

/// <summary>Where a chat is shown and typed: a <see cref="Screen"/> or <see cref="PlainLines"/>. Its methods may be called on any thread.</summary>
internal interface ILiveTerminal : IAsyncDisposable
{
    /// <summary>What is typed.</summary>
    ChannelReader<TerminalInput> Inputs { get; }

    /// <summary>Whether somebody sits there who can be asked again.</summary>
    bool HasPerson { get; }

    /// <summary>What stands before the typed text, where it can be seen.</summary>
    void SetPrompt(Line prompt);

    /// <summary>What is said in the room.</summary>
    void Print(Line line);

    /// <summary>A line of what somebody has asked for: a result, for people.</summary>
    void Answer(Line line);

    /// <summary>A remark of this program.</summary>
    void Note(Line line);

    /// <summary>What did not work of that which was asked for.</summary>
    void Error(Failure failure);

    /// <summary>What goes on just now; null for nothing.</summary>
    void ShowStatus(string? status);
}
