using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Files;

public sealed class FileIdTests
{
    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";

    [Fact]
    public void New_many_ids_are_different_and_use_every_bit()
    {
        var texts = Enumerable.Range(0, 1000).Select(_ => FileId.New().ToString()).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(1000, texts.Count);
        // That one of the 32 digits (8 at the first place) is missing in 1000 ids: one chance in a hundred billion.
        for (var i = 0; i < FileId.TextLength; i++)
            Assert.Equal(i == 0 ? 8 : 32, texts.Select(t => t[i]).Distinct().Count());
    }

    [Fact]
    public void TryParse_text_of_an_id_gives_the_id_back()
    {
        var id = FileId.New();
        Assert.True(FileId.TryParse(id.ToString(), out var again));
        Assert.Equal(id, again);
        Assert.NotEqual(id, FileId.New());
    }

    [Theory]
    [InlineData("00000000000000000000000000", true)]
    [InlineData("7zzzzzzzzzzzzzzzzzzzzzzzzz", true)]
    [InlineData("8zzzzzzzzzzzzzzzzzzzzzzzzz", false)] // more than 128 bits
    [InlineData("z0000000000000000000000000", false)]
    [InlineData("0000000000000000000000000", false)]
    [InlineData("000000000000000000000000000", false)]
    [InlineData("0000000000000000000000000A", false)]
    [InlineData("0000000000000000000000000i", false)]
    [InlineData("0000000000000000000000000l", false)]
    [InlineData("0000000000000000000000000o", false)]
    [InlineData("0000000000000000000000000u", false)]
    [InlineData("000000000000000000000000/0", false)]
    [InlineData("../00000000000000000000000", false)]
    [InlineData("..\\00000000000000000000000", false)]
    [InlineData(" 0000000000000000000000000", false)]
    [InlineData("0000000000000000000000000\n", false)]
    [InlineData("0000000000000000000000000\0", false)]
    [InlineData("0000000000000000000000000٣", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void TryParse_only_the_one_text_of_an_id_is_accepted(string? text, bool accepted)
    {
        Assert.Equal(accepted, FileId.TryParse(text, out var id));
        if (accepted)
            Assert.Equal(text, id.ToString());
        else
            Assert.Equal(default, id);
    }

    [Fact]
    public void TryParse_any_text_is_refused_or_given_back_as_it_was() =>
        Gen.OneOf(HostileText.Any, Gen.Char[Digits].Array[FileId.TextLength].Select(c => new string(c))).Sample(
            text =>
            {
                var isId = text.Length == FileId.TextLength && text[0] <= '7'
                    && text.All(c => Digits.Contains(c, StringComparison.Ordinal));
                Assert.Equal(isId, FileId.TryParse(text, out var id));
                if (isId)
                    Assert.Equal(text, id.ToString());
            },
            iter: 10_000);
}
