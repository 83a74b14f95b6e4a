using Spectre.Console;
using Spectre.Console.Rendering;

namespace ChatShare.Cli.Terminal;

/// <summary>Colours and wrapping, where the terminal has them.</summary>
internal sealed class Look
{
    // Readable on black and on white; the sixteen basic colours are not.
    private static readonly Color[] People =
    [
        new(0, 135, 175), new(175, 95, 0), new(95, 135, 0), new(175, 95, 175), new(0, 135, 95), new(215, 95, 95),
        new(95, 95, 215), new(135, 135, 0), new(215, 0, 135), new(0, 135, 215), new(135, 95, 175), new(175, 135, 95),
    ];

    private readonly bool _hasColour;

    private Look(bool isTerminal, bool hasColour)
    {
        IsTerminal = isTerminal;
        _hasColour = hasColour;
    }

    /// <summary>Nothing but text.</summary>
    public static Look Plain { get; } = new(isTerminal: false, hasColour: false);

    /// <summary>Whether the cursor can be moved.</summary>
    public bool IsTerminal { get; }

    /// <summary>Cells in a row.</summary>
    public static int Width
    {
        get
        {
            try
            {
                return Math.Max(Console.WindowWidth, 20);
            }
            catch (Exception e) when (e is IOException or PlatformNotSupportedException)
            {
                return 80;
            }
        }
    }

    /// <param name="isRedirected">To a file or a pipe.</param>
    /// <param name="variable">Reads an environment variable.</param>
    public static Look Of(bool isRedirected, Func<string, string?> variable) =>
        isRedirected || variable("TERM") is "dumb" or "" || (!OperatingSystem.IsWindows() && variable("TERM") is null)
            ? Plain
            // https://no-color.org: present and not empty.
            : new(isTerminal: true, string.IsNullOrEmpty(variable("NO_COLOR")));

    /// <summary>A line as it is written, wrapped where the terminal ends, with a line break.</summary>
    public string Render(Line line)
    {
        if (!IsTerminal)
            return line + "\n";
        return Render(ToParagraph(line)).TrimEnd('\n') + "\n";
    }

    /// <summary>Rows under headings; a plain output gets them with tabs between.</summary>
    public string Render(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<Line>> rows)
    {
        if (!IsTerminal)
            return string.Concat(rows.Select(row => string.Join('\t', row) + "\n"));
        var table = new Table { Border = TableBorder.Simple };
        foreach (var heading in headings)
            table.AddColumn(new TableColumn(new Text(SafeText.Of(heading), new Style(decoration: Decoration.Bold))));
        foreach (var row in rows)
            table.AddRow(row.Select(cell => (IRenderable)ToParagraph(cell)));
        return Render(table);
    }

    /// <summary>The same person has the same colour everywhere, today and tomorrow (FNV-1a; a string's own hash is another each run).</summary>
    internal static int ColourOf(string nickname)
    {
        var hash = 2166136261u;
        foreach (var c in nickname.ToUpperInvariant())
            hash = (hash ^ c) * 16777619u;
        return (int)(hash % (uint)People.Length);
    }

    private Paragraph ToParagraph(Line line)
    {
        var paragraph = new Paragraph();
        foreach (var (text, tone) in line.Pieces)
            paragraph.Append(text, StyleOf(text, tone));
        return paragraph;
    }

    private Style StyleOf(string text, Tone tone) => tone switch
    {
        Tone.Person => new Style(_hasColour ? People[ColourOf(text)] : null, decoration: Decoration.Bold),
        Tone.Dim => new Style(decoration: Decoration.Dim),
        Tone.Strong => new Style(decoration: Decoration.Bold),
        Tone.Good => new Style(_hasColour ? Color.Green : null),
        Tone.Bad => new Style(_hasColour ? Color.Red : null),
        _ => Style.Plain,
    };

    private string Render(IRenderable what)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = _hasColour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = Width;
        console.Write(what);
        return text.ToString();
    }
}
