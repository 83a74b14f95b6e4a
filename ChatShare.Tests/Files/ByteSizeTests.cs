using System.Globalization;
using ChatShare.Core.Files;
using CsCheck;

namespace ChatShare.Tests.Files;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1, "1 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 KB")]
    [InlineData(1049, "1.0 KB")]
    [InlineData(1050, "1.1 KB")]
    [InlineData(99_949, "99.9 KB")]
    [InlineData(99_950, "100 KB")]
    [InlineData(999_499, "999 KB")]
    [InlineData(999_500, "1.0 MB")]
    [InlineData(8_100_000_000, "8.1 GB")]
    [InlineData(10_737_418_240, "10.7 GB")]
    [InlineData(123_456_789, "123 MB")]
    [InlineData(999_499_999_999, "999 GB")]
    [InlineData(999_500_000_000, "1.0 TB")]
    [InlineData(999_499_999_999_999_999, "999 PB")]
    [InlineData(long.MaxValue, "9.2 EB")]
    public void Format_size_is_said_as_people_say_it(long bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));

    [Fact]
    public void Format_negative_size_throws() => Assert.Throws<ArgumentOutOfRangeException>(() => ByteSize.Format(-1));

    [Fact]
    public void Format_any_culture_gives_the_same_text()
    {
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            Assert.Equal("1,5", 1.5.ToString(CultureInfo.CurrentCulture)); // else this test shows nothing
            Assert.Equal("8.1 GB", ByteSize.Format(8_100_000_000));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Theory]
    [InlineData(12_000_000_000, 10_000_000_000, "12.0 GB", "10.0 GB")]
    [InlineData(10_000_000_001, 10_000_000_000, "10,000,000,001 B", "10,000,000,000 B")]
    public void FormatApart_says_two_sizes_that_differ(long first, long second, string one, string other) =>
        Assert.Equal((one, other), ByteSize.FormatApart(first, second));

    [Fact]
    public void Format_any_size_is_short_and_close_to_the_truth() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Int[0, 62], (bits, shift) => bits >> shift).Sample(
            bytes =>
            {
                var parts = ByteSize.Format(bytes).Split(' ');
                var number = decimal.Parse(parts[0], CultureInfo.InvariantCulture);
                var unit = (decimal)Math.Pow(1000, Array.IndexOf(["B", "KB", "MB", "GB", "TB", "PB", "EB"], parts[1]));
                Assert.True(number < 1000 && parts[0].Length <= 4);
                Assert.True(Math.Abs(number * unit - bytes) <= Math.Max(bytes * 0.05m, 0.5m));
            },
            iter: 10_000);
}
