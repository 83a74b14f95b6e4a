using System.Text;
using ChatShare.Web.Gateway;

namespace ChatShare.Tests.Gateway;

/// <summary>What is sent to old clients and read from them, without a network.</summary>
public sealed class OldProtocolTests
{
    [Theory]
    [InlineData("FILE_TRANSFER:a.bin:12", "a.bin", 12, 22)]
    [InlineData("FILE_TRANSFER:a.bin:12x7", "a.bin", 12, 22)]
    [InlineData("FILE_TRANSFER:a:b.bin:5", "a:b.bin", 5, 23)]
    [InlineData("FILE_TRANSFER:at 12:30:05.png:48213", "at 12:30:05.png", 48213, 35)]
    [InlineData("FILE_TRANSFER:a.txt:9\nkey:1", "a.txt", 9, 21)]
    [InlineData("FILE_TRANSFER::0", "", 0, 16)]
    [InlineData("FILE_TRANSFER:a.bin:99999999999999999999", "a.bin", long.MaxValue, 40)]
    public void Header_is_read(string text, string name, long size, int length) =>
        Assert.Equal(new FileHeader(name, size, length), FileHeader.Read(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("FILE_TRANSFER:a.bin")]
    [InlineData("FILE_TRANSFER:a.bin:")]
    [InlineData("FILE_TRANSFER:a.bin:-1")]
    [InlineData("file_transfer:a.bin:1")]
    [InlineData(" FILE_TRANSFER:a.bin:1")]
    public void What_is_no_header_is_none(string text) => Assert.Null(FileHeader.Read(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("FILE", true)]
    [InlineData("FILE_TRANSFER:a.bin", true)]
    [InlineData("FILE_TRANSFER:a.bin:1", true)]
    [InlineData("FILE_TRANSFER:a.bin:1x", false)]
    [InlineData("FILM", false)]
    public void Header_may_go_on_until_its_digits_have_ended(string text, bool may) =>
        Assert.Equal(may, FileHeader.MayGoOn(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void No_part_of_a_text_is_a_control_message_wherever_it_is_cut()
    {
        foreach (var control in new[] { "NICK", "FILE_INCOMING:a:1:b", "FILE_TRANSFER_COMPLETE:a" })
        {
            for (var before = 4060; before < 4100; before++)
            {
                var text = new string('x', before) + control;
                var parts = OldProtocol.Parts(text).ToList();
                Assert.Equal(text, string.Concat(parts));
                Assert.DoesNotContain(parts, part => part.StartsWith(control, StringComparison.Ordinal));
            }

            Assert.All(OldProtocol.Parts(control), part => Assert.StartsWith(" ", part, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Parts_end_between_characters_below_the_limit()
    {
        var text = string.Concat(Enumerable.Repeat("a👋é世", 3000));
        var parts = OldProtocol.Parts(text).ToList();

        Assert.Equal(text, string.Concat(parts));
        Assert.All(parts, part => Assert.InRange(new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(part), 1, 4095));
    }

    [Fact]
    public void Control_characters_do_not_reach_a_terminal() =>
        Assert.Equal(["a\uFFFD[2Jb\n\tc\uFFFD"], OldProtocol.Parts("a\u001b[2Jb\n\tc\u009b"));
}
