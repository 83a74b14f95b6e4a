using System.Net;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using ChatShare.Core.Messages;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Messages;

public sealed class MessageHtmlTests
{
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private static readonly Regex AnyTag = new("<[^>]*>", Linear);
    private static readonly Regex LinkTag = new(
        "^(<a href=\"https?://[^\"<>]+\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">|</a>)$", Linear | RegexOptions.IgnoreCase);
    private static readonly Regex WebAddress = new(@"^https?://[^/?#@\\]+([/?#]|$)", Linear | RegexOptions.IgnoreCase);

    [Theory]
    [InlineData("Hello", "Hello")]
    [InlineData("", "")]
    [InlineData("Grüße 你好 😀\nnext line", "Grüße 你好 😀\nnext line")]
    [InlineData("<script>alert('1' & \"2\")</script>", "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;")]
    [InlineData("&lt;", "&amp;lt;")]
    public void Format_text_is_encoded_and_stays_readable(string text, string html) => Assert.Equal(html, MessageHtml.Format(text));

    [Fact]
    public void Format_address_becomes_a_link_that_opens_apart() =>
        Assert.Equal(
            "see <a href=\"https://a.example/x?b=1&amp;c=&#39;d\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">"
            + "https://a.example/x?b=1&amp;c=&#39;d</a> there",
            MessageHtml.Format("see https://a.example/x?b=1&c='d there"));

    [Theory]
    [InlineData("see www.Example.org/x, and", "www.Example.org/x")]
    [InlineData("(www.intern:5080)", "www.intern:5080")]
    [InlineData("WWW.büro.example.", "WWW.büro.example")]
    [InlineData("'www.a.b'", "www.a.b")]
    public void Format_host_that_is_known_by_its_beginning_is_a_link_without_a_scheme(string text, string address) =>
        Assert.Contains(
            $"<a href=\"http://{address}\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">{address}</a>", MessageHtml.Format(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("www.")]
    [InlineData("www...")]
    [InlineData("awww.cute")]
    [InlineData("ann@www.example")]
    [InlineData("ftp://www.example")]
    [InlineData("x/www.example")]
    [InlineData("www.a@evil.example")]
    [InlineData("www.%77.example")]
    public void Format_what_only_looks_like_a_host_is_text(string text) => Assert.DoesNotContain("<a ", MessageHtml.Format(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://a", "http://a")]
    [InlineData("HTTPS://A.Example/Path", "HTTPS://A.Example/Path")]
    [InlineData("http://host:5080/rooms/Lobby#end", "http://host:5080/rooms/Lobby#end")]
    [InlineData("http://10.0.0.1?q", "http://10.0.0.1?q")]
    [InlineData("http://[::1]:5080/x", "http://[::1]:5080/x")]
    [InlineData("http://[::1].", "http://[::1]")]
    [InlineData("http://büro.example/straße", "http://büro.example/straße")]
    [InlineData("http://名前.example/日本", "http://名前.example/日本")]
    [InlineData("http://a.b./c", "http://a.b./c")]
    [InlineData("look at http://a.b/c.", "http://a.b/c")]
    [InlineData("is it http://a.b?!", "http://a.b")]
    [InlineData("http://a.b/c, http://d.e; and", "http://a.b/c http://d.e")]
    [InlineData("(http://a.b/c)", "http://a.b/c")]
    [InlineData("(see http://a.b).", "http://a.b")]
    [InlineData("http://a.b/c_(d)", "http://a.b/c_(d)")]
    [InlineData("(http://a.b/c_(d))", "http://a.b/c_(d)")]
    [InlineData("[x](http://a.b/[c]])", "http://a.b/[c]")]
    [InlineData("<http://a.b/c>", "http://a.b/c")]
    [InlineData("\"http://a.b/c\"", "http://a.b/c")]
    [InlineData("'http://a.b/c'", "http://a.b/c")]
    [InlineData("“http://a.b/c”", "http://a.b/c")]
    [InlineData("看http://a.b/c。好", "http://a.b/c")]
    [InlineData("http://a.b/c\nhttp://d.e", "http://a.b/c http://d.e")]
    [InlineData("http://a.b/\u202Egnp.c", "http://a.b/")]
    [InlineData("http://a.b/\u200Bc", "http://a.b/")]
    [InlineData("http://a.b/@c", "http://a.b/@c")]
    [InlineData("http://a.b?@c", "http://a.b?@c")]
    [InlineData("http://http://a.b", "http://a.b")]
    [InlineData("http:///http://a.b", "http://a.b")]
    [InlineData("javascript:http://a.b", "http://a.b")]
    public void Format_link_is_the_address_without_the_sentence_around_it(string text, string addresses) =>
        Assert.Equal(addresses, string.Join(' ', Links(text).Select(a => a.GetAttribute("href"))));

    [Theory]
    [InlineData("http://")]
    [InlineData("https:// a.b")]
    [InlineData("http:///path")]
    [InlineData("http://?a")]
    [InlineData("http://.")]
    [InlineData("http://-a")]
    [InlineData("http://..")]
    [InlineData("http://bank.example@evil.example/")]
    [InlineData("http://user:password@evil.example")]
    [InlineData("http://bank.example%2F@evil.example")]
    [InlineData("http://bank.example%2Fevil.example")]
    [InlineData("http://bank.example\\@evil.example")]
    [InlineData("http://bank.example\uFF0Fevil.example")]
    [InlineData("http://a.b:99999/")]
    [InlineData("http://a.b:x/")]
    [InlineData("http://[::1/")]
    [InlineData("http://[x]/")]
    [InlineData("http://[::1]x/")]
    [InlineData("xhttp://a.b")]
    [InlineData("1https://a.b")]
    [InlineData("javascript:alert(1)")]
    [InlineData("JAVASCRIPT://a.b/%0Aalert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("ftp://a.b")]
    [InlineData("//a.b")]
    public void Format_what_is_no_plain_web_address_is_no_link(string text)
    {
        Assert.Empty(Links(text));
        Assert.Equal(WebUtility.HtmlDecode(MessageHtml.Format(text)), text);
    }

    // Reading each address to the end of the text again would be 10^11 steps here, which is far more than the minute allowed.
    [Theory]
    [InlineData("http://")]
    [InlineData("http://@")]
    [InlineData("http://a@")]
    [InlineData("http://a/")]
    [InlineData("http://;")]
    [InlineData("http://(")]
    [InlineData("http://a)")]
    [InlineData("http://[")]
    [InlineData("http://[::1")]
    [InlineData("http")]
    [InlineData("https:")]
    public async Task Format_long_hostile_text_takes_linear_time(string piece)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var repeated = string.Concat(Enumerable.Repeat(piece, 200_000));
        foreach (var text in new[] { repeated, "http://a.b/" + repeated.Replace("http", "http)", StringComparison.Ordinal) })
        {
            var html = await Task.Run(() => MessageHtml.Format(text), cancellation).WaitAsync(TimeSpan.FromMinutes(1), cancellation);
            Assert.Equal(text, Plain(html));
        }
    }

    [Fact]
    public void Format_any_text_is_only_safe_links_and_the_text_itself() =>
        Gen.OneOf(HostileText.Any, Addresses).Sample(
            text =>
            {
                var html = MessageHtml.Format(text);
                Assert.Equal(text, Plain(html));
                Assert.All(AnyTag.Matches(html), tag => Assert.Matches(LinkTag, tag.Value));

                // The parser replaces what no message holds: NUL, carriage returns and halves of characters.
                if (!MessageText.TryParse(text, out var message, out _))
                    return;
                var body = Parse(MessageHtml.Format(message.Value));
                Assert.Equal(message.Value, body.TextContent);
                foreach (var element in body.QuerySelectorAll("*"))
                {
                    Assert.Equal("a", element.LocalName);
                    Assert.Equal(["href", "rel", "target"], element.Attributes.Select(a => a.Name).Order(StringComparer.Ordinal));
                    Assert.Equal("noopener noreferrer nofollow", element.GetAttribute("rel"));
                    Assert.Equal("_blank", element.GetAttribute("target"));
                    Assert.Equal(element.TextContent, element.GetAttribute("href"));
                    Assert.Matches(WebAddress, element.TextContent);
                }
            },
            iter: 20_000);

    private static readonly Gen<string> Addresses = Gen.OneOf(
            "http://", "https://", "a", "b.example", ":80", ":", "/", "?", "#", "@", "[::1]", "(", ")", "]", "[", "}", ".", ",", " ", "\n",
            "'", "\"", "<", ">",
            "&", "&amp;", "%", "\\", "ü", "。", "”", "\u202E", "javascript:", "onclick=x", "</a>")
        .Array[0, 30].Select(string.Concat);

    private static IElement Parse(string html) => new HtmlParser().ParseDocument("<!doctype html><body>" + html).Body!;

    private static IHtmlCollection<IElement> Links(string text) => Parse(MessageHtml.Format(text)).QuerySelectorAll("a");

    private static string Plain(string html) => WebUtility.HtmlDecode(AnyTag.Replace(html, ""));
}
