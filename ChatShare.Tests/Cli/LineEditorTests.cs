using ChatShare.Cli.Terminal;
using CsCheck;
using Spectre.Console;

namespace ChatShare.Tests.Cli;

/// <summary>What keys do to the line that is being typed.</summary>
public sealed class LineEditorTests
{
    private static readonly ConsoleKey[] Moves =
        [ConsoleKey.LeftArrow, ConsoleKey.RightArrow, ConsoleKey.Home, ConsoleKey.End, ConsoleKey.Backspace, ConsoleKey.Delete, ConsoleKey.UpArrow, ConsoleKey.DownArrow];

    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("abc<<X", "aXbc")]
    [InlineData("abc~X", "Xabc")]
    [InlineData("abc~$X", "abcX")]
    [InlineData("ab#c", "ac")]
    [InlineData("中文<#x", "x文")]
    [InlineData("a👨‍👩‍👧b<#", "ab")]
    [InlineData("e\u0301#x", "x")]
    [InlineData("one\ntwo\n^^", "one")]
    [InlineData("one\ndraft^v", "draft")]
    [InlineData("one\n^#!", "on!")]
    public void Keys_edit_as_one_expects(string keys, string expected)
    {
        var editor = new LineEditor();

        foreach (var key in keys)
            editor.Apply(Key(key));

        Assert.Equal(expected, editor.Text);
    }

    [Fact]
    public void A_line_is_handed_over_whole_and_the_next_one_begins_empty()
    {
        var editor = new LineEditor();
        Type(editor, "Hello 中文");

        var input = editor.Apply(Key('\n'));

        Assert.Equal(new TerminalInput.Entered("Hello 中文"), input);
        Assert.Equal("", editor.Text);
    }

    [Fact]
    public void Control_C_and_the_end_are_told_and_leave_the_text_alone()
    {
        var editor = new LineEditor();

        Assert.IsType<TerminalInput.Ended>(editor.Apply(new('\u0004', ConsoleKey.D, shift: false, alt: false, control: true)));
        Type(editor, "x");
        Assert.IsType<TerminalInput.Interrupted>(editor.Apply(new('\u0003', ConsoleKey.C, shift: false, alt: false, control: true)));
        Assert.Equal("x", editor.Text);
    }

    [Fact]
    public void Whatever_is_typed_the_row_is_never_longer_than_its_cells_and_holds_the_cursor() =>
        Gen.Select(Gen.OneOf(Gen.OneOf("a", "中", "👨‍👩‍👧", "e\u0301", "\uD83D", " ", "ก").Select(text => (text, ConsoleKey.None)), Gen.OneOf(Moves).Select(key => ("\0", key))).Array[0, 60], Gen.Int[4, 30])
            .Sample((steps, cells) =>
            {
                var editor = new LineEditor();
                foreach (var (text, key) in steps)
                {
                    foreach (var c in text)
                        editor.Apply(new(c, key, shift: false, alt: false, control: false));
                    var (visible, cursor) = editor.View(cells);
                    Assert.InRange(visible.GetCellWidth(), 0, cells);
                    Assert.InRange(cursor, 0, cells - 1);
                }
            });

    private static void Type(LineEditor editor, string text)
    {
        foreach (var c in text)
            editor.Apply(Key(c));
    }

    private static ConsoleKeyInfo Key(char c)
    {
        var key = c switch
        {
            '<' => ConsoleKey.LeftArrow,
            '~' => ConsoleKey.Home,
            '$' => ConsoleKey.End,
            '#' => ConsoleKey.Backspace,
            '^' => ConsoleKey.UpArrow,
            'v' => ConsoleKey.DownArrow,
            '\n' => ConsoleKey.Enter,
            _ => ConsoleKey.None,
        };
        return new(key == ConsoleKey.None ? c : '\0', key, shift: false, alt: false, control: false);
    }
}
