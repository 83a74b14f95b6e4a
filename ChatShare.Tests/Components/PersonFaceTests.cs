using ChatShare.Web.Components.Chat;

namespace ChatShare.Tests.Components;

public sealed class PersonFaceTests
{
    [Theory]
    [InlineData("Ann", "AN")]
    [InlineData("ann lee", "AL")]
    [InlineData("ann.lee-b", "AL")]
    [InlineData("x", "X")]
    [InlineData("דוד", "דו")]
    public void Initials_come_from_the_first_words(string name, string initials) => Assert.Equal(initials, PersonFace.Initials(name));

    [Fact]
    public void The_colour_is_the_same_in_every_process_and_case()
    {
        Assert.Equal(8, PersonFace.Color("Ann"));
        Assert.Equal(PersonFace.Color("Ann"), PersonFace.Color("aNN"));
        Assert.Equal(12, Enumerable.Range(0, 500).Select(n => PersonFace.Color($"person {n}")).Distinct().Count());
    }
}
