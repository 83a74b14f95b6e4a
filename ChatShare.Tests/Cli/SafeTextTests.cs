using System.Globalization;
using System.Text;
using ChatShare.Cli.Terminal;
using ChatShare.Cli.Transfers;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Cli;

/// <summary>What comes from others, before it reaches the terminal or the disk of whoever reads it.</summary>
public sealed class SafeTextTests
{
    private static readonly Gen<string> Hostile = Gen.OneOf(HostileText.Any, Gen.String, Gen.OneOf("\e[31m", "\e]0;title\a", "\u009b2J", "\u202E", "\r", "\b", "\u0090q").Array.Select(string.Concat));

    [Fact]
    public void Whatever_comes_in_nothing_comes_out_that_a_terminal_would_obey_or_hide() => Hostile.Sample(text =>
    {
        var safe = SafeText.Of(text);

        foreach (var rune in safe.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            Assert.False(category is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator, $"U+{rune.Value:X4}");
            Assert.False(category == UnicodeCategory.Format && rune.Value is not (0x200C or 0x200D), $"U+{rune.Value:X4}");
        }

        Assert.Equal(safe, SafeText.Of(safe));
        Assert.Equal(safe, Line.Of(text).ToString());
        Assert.DoesNotContain('\e', Look.Plain.Render(Line.Of(text, Tone.Person)));
        Assert.All(SafeText.Lines(text), line => Assert.Equal(line, SafeText.Of(line)));
    });

    [Theory]
    [InlineData("Grüße, 中文, 👨‍👩‍👧, مرحبا", "Grüße, 中文, 👨‍👩‍👧, مرحبا")]
    [InlineData("\e[2J\a\u007F", "␛[2J␇␡")]
    [InlineData("gpj.\u202Eexe", "gpj.<U+202E>exe")]
    [InlineData("a\tb\nc", "a    b␊c")]
    public void Text_that_people_write_stays_and_the_rest_is_shown(string text, string expected) => Assert.Equal(expected, SafeText.Of(text));

    [Fact]
    public void Half_a_pair_is_shown_as_missing() => Assert.Equal("half \uFFFD", SafeText.Of("half \uD83D"));

    [Fact]
    public void Whatever_a_file_is_called_its_name_is_one_name_in_one_folder() => Hostile.Sample(text =>
    {
        var name = LocalFileName.Of(text);
        var folder = Path.Combine(Path.GetTempPath(), "folder");

        Assert.Equal(folder, Path.GetDirectoryName(Path.GetFullPath(Path.Combine(folder, name))));
        Assert.Equal(-1, name.IndexOfAny(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\0']));
        Assert.Equal(name, LocalFileName.Of(name));
        Assert.Equal(name, SafeText.Of(name));
        Assert.False(name.StartsWith('.') || name.EndsWith('.') || name.EndsWith(' '), name);
        Assert.InRange(Encoding.UTF8.GetByteCount(name), 1, LocalFileName.MaxBytes);
        Assert.InRange(Encoding.UTF8.GetByteCount(LocalFileName.Numbered(name, 2)), 1, LocalFileName.MaxBytes);
        Assert.InRange(Encoding.UTF8.GetByteCount(LocalFileName.Part(name, "0123456789abcdefghijklmnop")), 1, LocalFileName.MaxBytes);
    });

    [Theory]
    [InlineData("report.pdf", "report.pdf")]
    [InlineData("../../.ssh/authorized_keys", "authorized_keys")]
    [InlineData("..\\boot.ini", "boot.ini")]
    [InlineData(".bashrc", "_bashrc")]
    [InlineData("..", "file")]
    [InlineData("", "file")]
    [InlineData("con.txt", "_con.txt")]
    [InlineData("a\e[31mb", "a_[31mb")]
    [InlineData("a<b>|c", "a_b__c")]
    public void Names_are_what_one_expects(string told, string expected) => Assert.Equal(expected, LocalFileName.Of(told));

    [Fact]
    public void A_person_has_the_same_colour_in_every_process() =>
        Assert.Equal((Look.ColourOf("Ann"), 8), (Look.ColourOf("ANN"), Look.ColourOf("Ann")));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 KB")]
    [InlineData(99_950, "100 KB")]
    [InlineData(999_600, "1.0 MB")]
    [InlineData(8_100_000_000, "8.1 GB")]
    public void Sizes_are_said_as_everywhere(long bytes, string expected) => Assert.Equal(expected, Quantity.Bytes(bytes));
}
