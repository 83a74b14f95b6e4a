namespace ChatShare.Cli.Terminal;

/// <summary>How a piece of a line looks where there are colours.</summary>
internal enum Tone
{
    Plain,
    Dim,
    Strong,
    Good,
    Bad,

    /// <summary>A nickname, in the colour of its person.</summary>
    Person,
}

/// <summary>What is written to a terminal, piece by piece. Every piece is made safe here, so that none can be forgotten.</summary>
internal sealed class Line
{
    private readonly List<(string Text, Tone Tone)> _pieces = [];

    /// <summary>Safe pieces in order.</summary>
    public IReadOnlyList<(string Text, Tone Tone)> Pieces => _pieces;

    /// <summary>A line that begins with this.</summary>
    public static Line Of(string? text, Tone tone = Tone.Plain) => new Line().Add(text, tone);

    /// <summary>Adds text of whatever origin.</summary>
    public Line Add(string? text, Tone tone = Tone.Plain)
    {
        _pieces.Add((SafeText.Of(text), tone));
        return this;
    }

    /// <summary>Without colours.</summary>
    public override string ToString() => string.Concat(_pieces.Select(piece => piece.Text));
}
