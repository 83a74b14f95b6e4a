using ChatShare.Core.Messages;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Messages;

public sealed class MessageTextTests
{
    [Theory]
    [InlineData("Hello", "Hello")]
    [InlineData("a\r\nb\rc\nd", "a\nb\nc\nd")]
    [InlineData("a\n\r\n\r\nb", "a\n\n\nb")]
    [InlineData("Hello \t\r\n\r\n", "Hello")]
    [InlineData("\n \t\n\r\n  indented\n\tmore", "  indented\n\tmore")]
    [InlineData("  one line", "  one line")]
    [InlineData("<b>&amp;", "<b>&amp;")]
    [InlineData("👨‍👩‍👧 ❤️", "👨‍👩‍👧 ❤️")]
    [InlineData("a\u202Eb", "a\u202Eb")]
    public void TryParse_message_keeps_what_was_said(string raw, string value)
    {
        Assert.True(MessageText.TryParse(raw, out var text, out var error), error);
        Assert.Equal(value, text.Value);
        Assert.Equal(value, text.ToString());
        Assert.Null(error);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \t\r\n\u00A0\u3000\u2028")]
    [InlineData("\u200B\u200D\uFEFF\u202E")]
    [InlineData("\u3164 \u2800\n\u115F\uFE0F")]
    public void TryParse_nothing_to_read_is_empty(string? raw) => AssertRefused(raw, "A message cannot be empty.");

    [Theory]
    [InlineData("a\u0007b", "The message contains a control character (U+0007).")]
    [InlineData("a\0", "The message contains a control character (U+0000).")]
    [InlineData("a\f", "The message contains a control character (U+000C).")]
    [InlineData("\va", "The message contains a control character (U+000B).")]
    [InlineData("a\u001B[31m", "The message contains a control character (U+001B).")]
    [InlineData("a\u007F", "The message contains a control character (U+007F).")]
    [InlineData("a\u0085b", "The message contains a control character (U+0085).")]
    public void TryParse_control_character_is_named(string raw, string sentence) => AssertRefused(raw, sentence);

    // Made in code: xunit cannot carry half a surrogate pair through the name of a test case.
    [Fact]
    public void TryParse_half_a_character_is_refused()
    {
        AssertRefused("a\uD83D", "The message contains half a character (U+D83D).");
        AssertRefused("a\uDE00b", "The message contains half a character (U+DE00).");
    }

    [Fact]
    public void TryParse_limit_counts_code_units_of_what_would_be_stored()
    {
        var longest = string.Concat(Enumerable.Repeat("😀", MessageText.MaxLength / 2));
        Assert.True(MessageText.TryParse(longest, out _, out _));
        Assert.True(MessageText.TryParse("\r\n" + longest + "  \r\n", out _, out _));
        Assert.True(MessageText.TryParse("a" + string.Concat(Enumerable.Repeat("\r\n", MessageText.MaxLength - 2)) + "b", out _, out _));
        AssertRefused(longest + "a", "This message has 16,001 characters; the limit is 16,000.");
        AssertRefused(new string('a', 1_000_000), "This message has 1,000,000 characters; the limit is 16,000.");
    }

    [Fact]
    public void TryParse_whatever_comes_gives_a_clean_text_that_stays_as_it_is() =>
        HostileText.Any.Sample(
            raw =>
            {
                if (!MessageText.TryParse(raw, out var text, out var error))
                {
                    Assert.DoesNotContain(error, char.IsControl);
                    return;
                }
                Assert.DoesNotContain(text.Value, c => char.IsControl(c) && c is not ('\t' or '\n'));
                Assert.Equal(text.Value.TrimEnd(), text.Value);
                Assert.False(string.IsNullOrWhiteSpace(text.Value.Split('\n')[0]));
                Assert.True(MessageText.TryParse(text.Value, out var again, out _));
                Assert.Equal(text, again);
            },
            iter: 10_000);

    private static void AssertRefused(string? raw, string sentence)
    {
        Assert.False(MessageText.TryParse(raw, out var text, out var error));
        Assert.Null(text);
        Assert.Equal(sentence, error);
    }
}
