using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;

namespace ChatShare.Tests.Components;

/// <summary>Everything that people can write into a message's row, as text of all the lists of what is not expected.</summary>
public sealed class NaughtyMarkupTests
{
    private static readonly string[] Own =
    [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg/onload=alert(1)>", "</article></main><script>alert(1)</script>", "javascript:alert(1)",
        "https://a.example/\" onmouseover=\"alert(1)", "https://a.example/'><script>alert(1)</script>", "data:text/html,<script>alert(1)</script>", "{{constructor.constructor('alert(1)')()}}",
        "<!--Blazor:{\"type\":\"server\"}-->", "<!--", "]]>", "<template><script>alert(1)</script>", "<math><mtext></mtext></math>", "&lt;script&gt;", "\u2028\u2029", "\0<script\0>alert(1)</script>",
    ];

    [Fact]
    public void Nothing_that_people_write_becomes_markup()
    {
        string[] all = [.. Own, .. NaughtyStrings.BigList(), .. NaughtyStrings.Scripts()];
        var parser = new HtmlParser();
        var usual = Shape(parser, "plain");
        Assert.True(usual.Count > 10);
        foreach (var text in all.Where(text => text.Length > 0))
        {
            var row = Row(text);
            var article = parser.ParseDocument(row);

            // The same elements with the same attributes as for plain words, but for links, which lead to the web alone.
            Assert.Equal((text, string.Join(' ', usual)), (text, string.Join(' ', Shape(article))));
            Assert.All(article.QuerySelectorAll(".text a"), link => Assert.Matches("^(?i)https?://", link.GetAttribute("href")!));
            Assert.All(article.QuerySelectorAll("[href]"), link => Assert.DoesNotMatch(@"^\s*(?i)(javascript|data|vbscript)", link.GetAttribute("href")!));
        }
    }

    private static string Row(string text) => MessageMarkup.Make(Sample.Make(
        1, text, sender: text,
        files: [Sample.File(FileName.Clean(text + ".txt").Value) with { Folder = "folder" }, Sample.File(text, FileState.Failed, failure: text)]));

    private static List<string> Shape(HtmlParser parser, string text) => Shape(parser.ParseDocument(Row(text)));

    private static List<string> Shape(IDocument document) =>
    [
        .. document.QuerySelectorAll("*").Where(element => element.Closest(".text a") is null)
            .Select(element => $"{element.LocalName}[{string.Join(',', element.Attributes.Select(attribute => attribute.Name).Order(StringComparer.Ordinal))}]"),
    ];
}
