using System.Globalization;
using System.Text;
using Spectre.Console;

namespace ChatShare.Cli.Terminal;

/// <summary>The text that is being typed, its cursor, and what was typed before. Knows keys, and nothing of a terminal.</summary>
internal sealed class LineEditor
{
    private const int MostHistory = 500;

    private readonly List<string> _history = [];
    private string _text = "";
    private int _cursor;
    private int _historyAt;
    private string _draft = "";

    /// <summary>What stands there.</summary>
    public string Text => _text;

    /// <summary>What a key means.</summary>
    /// <returns>What came of it for others; null when only the text has changed.</returns>
    public TerminalInput? Apply(ConsoleKeyInfo key)
    {
        var hasControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                return Submit();
            case ConsoleKey.C when hasControl:
                return new TerminalInput.Interrupted();
            case ConsoleKey.D when hasControl:
                if (_text.Length == 0)
                    return new TerminalInput.Ended();
                Remove(_cursor, Next(_cursor));
                break;
            case ConsoleKey.Backspace or ConsoleKey.H when key.Key == ConsoleKey.Backspace || hasControl:
                Remove(Previous(_cursor), _cursor);
                break;
            case ConsoleKey.Delete:
                Remove(_cursor, Next(_cursor));
                break;
            case ConsoleKey.LeftArrow:
                _cursor = hasControl ? WordStart() : Previous(_cursor);
                break;
            case ConsoleKey.RightArrow:
                _cursor = Next(_cursor);
                break;
            case ConsoleKey.Home:
                _cursor = 0;
                break;
            case ConsoleKey.End:
                _cursor = _text.Length;
                break;
            case ConsoleKey.UpArrow:
                Recall(_historyAt - 1);
                break;
            case ConsoleKey.DownArrow:
                Recall(_historyAt + 1);
                break;
            case ConsoleKey.A when hasControl:
                _cursor = 0;
                break;
            case ConsoleKey.E when hasControl:
                _cursor = _text.Length;
                break;
            case ConsoleKey.U when hasControl:
                Remove(0, _cursor);
                break;
            case ConsoleKey.K when hasControl:
                Remove(_cursor, _text.Length);
                break;
            case ConsoleKey.W when hasControl:
                Remove(WordStart(), _cursor);
                break;
            default:
                if (!char.IsControl(key.KeyChar) && !key.Modifiers.HasFlag(ConsoleModifiers.Alt))
                    Insert(key.KeyChar);
                break;
        }

        return null;
    }

    /// <summary>As much of the text as goes into a row, the cursor in it.</summary>
    /// <param name="cells">Of the row; wide characters take two.</param>
    /// <returns>What is safe to write, and the cells before the cursor.</returns>
    public (string Visible, int CursorCell) View(int cells)
    {
        var pieces = new List<(string Text, int Width, bool IsBefore)>();
        for (var at = 0; at < _text.Length; at = Next(at))
        {
            var safe = SafeText.Of(_text[at..Next(at)]);
            pieces.Add((safe, safe.GetCellWidth(), at < _cursor));
        }

        // One cell is the cursor's own.
        var before = pieces.Where(piece => piece.IsBefore).Sum(piece => piece.Width);
        var skipped = 0;
        var first = 0;
        while (before - skipped > cells - 1 && first < pieces.Count)
            skipped += pieces[first++].Width;
        var visible = new StringBuilder();
        var width = 0;
        foreach (var piece in pieces.Skip(first).TakeWhile(piece => (width += piece.Width) <= cells))
            visible.Append(piece.Text);
        return (visible.ToString(), before - skipped);
    }

    private TerminalInput.Entered Submit()
    {
        var line = _text;
        if (line.Length > 0 && (_history.Count == 0 || _history[^1] != line))
            _history.Add(line);
        if (_history.Count > MostHistory)
            _history.RemoveAt(0);
        _historyAt = _history.Count;
        _draft = "";
        Set("");
        return new(line);
    }

    private void Recall(int at)
    {
        if (at < 0 || at > _history.Count)
            return;
        // What was being typed is there again below the last one.
        if (_historyAt == _history.Count)
            _draft = _text;
        _historyAt = at;
        Set(at == _history.Count ? _draft : _history[at]);
    }

    private void Set(string text)
    {
        _text = text;
        _cursor = text.Length;
    }

    private void Insert(char c)
    {
        _text = _text.Insert(_cursor, c.ToString());
        _cursor++;
    }

    private void Remove(int from, int to)
    {
        _text = _text.Remove(from, to - from);
        _cursor = from;
    }

    // What people take for one character may be several: a letter with its marks, a flag, a family.
    private int Next(int at) => at >= _text.Length ? at : at + StringInfo.GetNextTextElementLength(_text, at);

    private int Previous(int at)
    {
        var previous = 0;
        for (var next = 0; next < at; next = Next(next))
            previous = next;
        return previous;
    }

    private int WordStart()
    {
        var at = _cursor;
        while (at > 0 && _text[at - 1] == ' ')
            at--;
        while (at > 0 && _text[at - 1] != ' ')
            at--;
        return at;
    }
}
