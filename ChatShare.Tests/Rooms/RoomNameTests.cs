using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Rooms;

public sealed class RoomNameTests
{
    [Theory]
    [InlineData("Lobby", "/rooms/Lobby")]
    [InlineData(" New   ideas ", "/rooms/New%20ideas")]
    [InlineData("Büro_2.Stock", "/rooms/B%C3%BCro_2.Stock")]
    [InlineData("会議室", "/rooms/%E4%BC%9A%E8%AD%B0%E5%AE%A4")]
    public void UrlPath_of_a_name_is_percent_encoded(string input, string path)
    {
        Assert.True(RoomName.TryParse(input, out var name, out var error), error);
        Assert.Equal(path, name.UrlPath);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(". .")]
    public void TryParse_dots_of_a_path_are_no_room(string input)
    {
        Assert.False(RoomName.TryParse(input, out _, out var error));
        Assert.Equal("A room name needs at least one letter or digit.", error);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a?b")]
    [InlineData("a#b")]
    [InlineData("a%2Fb")]
    public void TryParse_characters_of_an_address_are_refused(string input)
    {
        Assert.False(RoomName.TryParse(input, out var name, out var error));
        Assert.Null(name);
        Assert.StartsWith("A room name cannot contain “", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_limit_is_48_characters()
    {
        Assert.True(RoomName.TryParse(new string('a', 48), out _, out _));
        Assert.False(RoomName.TryParse(new string('a', 49), out _, out var error));
        Assert.Equal("This room name has 49 characters; the limit is 48.", error);
    }

    [Fact]
    public void Equals_ignores_case()
    {
        Assert.True(RoomName.TryParse("Lobby", out var one, out _));
        Assert.True(RoomName.TryParse("lObBY", out var other, out _));
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.Equal("Lobby", one.ToString());
    }

    [Fact]
    public void UrlPath_of_any_name_is_one_plain_segment_and_leads_back_to_it()
    {
        var names = 0;
        HostileText.Short.Sample(
            input =>
            {
                if (!RoomName.TryParse(input, out var name, out _))
                    return;
                Interlocked.Increment(ref names);
                var uri = new Uri(new Uri("http://host"), name.UrlPath);
                Assert.Equal(name.UrlPath, uri.AbsolutePath);
                Assert.Equal(3, uri.Segments.Length);
                Assert.True(RoomName.TryParse(Uri.UnescapeDataString(uri.Segments[2]), out var again, out _));
                Assert.Equal(name.Value, again.Value);
            },
            iter: 10_000);
        Assert.True(names > 100, $"Only {names} of them were names.");
    }
}
