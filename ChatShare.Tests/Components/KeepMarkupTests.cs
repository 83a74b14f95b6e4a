using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Files;

namespace ChatShare.Tests.Components;

/// <summary>What a card holds for expiry.js, which alone knows the room's rule and who looks.</summary>
public sealed class KeepMarkupTests
{
    private static readonly SharedFile Ready = Sample.File("a \"b\".iso") with { ReadyAt = Sample.Noon };

    [Fact]
    public void Ready_file_says_since_when_it_is_one_and_can_be_kept()
    {
        var card = Parse(Ready);

        Assert.Equal("2026-11-23T12:00:00Z", card.QuerySelector("time.expires")!.GetAttribute("datetime"));
        var button = card.QuerySelector("button.keep")!;
        Assert.Equal(("keep", "false", "Keep a \"b\".iso"), (button.GetAttribute("data-action"), button.GetAttribute("aria-pressed"), button.GetAttribute("aria-label")));
        // In a room without a rule nothing of it is to be seen, also before the script has run.
        Assert.All(card.QuerySelectorAll(".expires, .keep"), element => Assert.True(element.HasAttribute("hidden")));
    }

    [Fact]
    public void Kept_file_has_no_countdown_and_can_be_let_go()
    {
        var card = Parse(Ready with { Kept = true });

        Assert.Null(card.QuerySelector(".expires"));
        Assert.Equal("kept", card.QuerySelector(".kept")!.TextContent);
        var button = card.QuerySelector("button.keep")!;
        Assert.Equal(("let-go", "true"), (button.GetAttribute("data-action"), button.GetAttribute("aria-pressed")));
    }

    [Theory]
    [InlineData(null, "deleted")]
    [InlineData("removed after 30 days", "removed after 30 days")]
    public void Removed_file_says_why_and_cannot_be_kept(string? reason, string shown)
    {
        var card = Parse(Ready with { State = FileState.Deleted, Failure = reason });

        Assert.Equal(shown, card.QuerySelector(".state")!.TextContent);
        Assert.Empty(card.QuerySelectorAll("button, time"));
    }

    private static IElement Parse(SharedFile file) => new HtmlParser().ParseDocument(FileMarkup.Card(file)).QuerySelector(".card")!;
}
