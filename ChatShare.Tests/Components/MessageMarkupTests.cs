using System.Collections.Immutable;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;

namespace ChatShare.Tests.Components;

public sealed class MessageMarkupTests
{
    private const string Hostile = "<img src=x onerror=alert(1)>\"'&</b><script>alert(2)</script>";

    [Fact]
    public void Everything_that_people_typed_is_shown_as_text()
    {
        var file = Sample.File(Hostile);
        var failed = Sample.File("b.bin", FileState.Failed, failure: Hostile);

        var article = Parse(MessageMarkup.Make(Sample.Make(1, Hostile, sender: Hostile, clientId: Hostile, files: [file, failed])));

        Assert.Empty(article.QuerySelectorAll("img, script"));
        Assert.Equal(Hostile, article.GetAttribute("data-client"));
        Assert.Equal(Hostile, article.QuerySelector(".text")!.TextContent);
        Assert.Equal(Hostile, article.QuerySelector(".name")!.TextContent);
        Assert.Equal(Hostile, article.QuerySelector(".file-name")!.GetAttribute("title"));
        Assert.Equal($"Download {Hostile}", article.QuerySelector("a.download")!.GetAttribute("aria-label"));
        Assert.All(article.QuerySelectorAll("*").SelectMany(e => e.Attributes), a => Assert.DoesNotMatch("^on", a.Name));
    }

    [Theory]
    [InlineData(Door.Tcp, "TCP")]
    [InlineData(Door.Cli, "CLI")]
    [InlineData(Door.Browser, null)]
    public void Door_is_marked_unless_it_is_the_usual_one(Door door, string? mark) =>
        Assert.Equal(mark, Parse(MessageMarkup.Make(Sample.Make(1, "hello", door: door))).QuerySelector(".door")?.TextContent);

    [Fact]
    public void Files_of_a_folder_stand_under_its_path_which_is_text()
    {
        var hostile = Sample.File("c.txt") with { Folder = Hostile };

        var article = Parse(MessageMarkup.Make(Sample.Make(
            1, "", files: [Sample.File("a.txt") with { Folder = "photos" }, Sample.File("b.txt") with { Folder = "photos" }, hostile, Sample.File("d.txt")])));

        Assert.Equal(["photos", "a.txt", "b.txt", Hostile, "c.txt", "d.txt"], article.QuerySelectorAll(".folder, .file-name").Select(e => e.TextContent));
        Assert.Empty(article.QuerySelectorAll("img, script"));
    }

    [Fact]
    public void Several_files_are_one_card_with_their_folders_as_a_tree()
    {
        var files = new[] { ("a.txt", "photos/2026"), ("b.txt", "photos"), ("c.txt", "photos/2026"), ("d.txt", null), ("e.txt", "deep/down/here") }
            .Select(file => Sample.File(file.Item1, length: 1_000_000) with { Folder = file.Item2 }).ToImmutableArray();

        var group = Assert.Single(Parse(MessageMarkup.Make(Sample.Make(1, "", files: files))).QuerySelectorAll(".group"));

        Assert.Equal(["photos", "2026", "a.txt", "c.txt", "b.txt", "d.txt", "deep/down/here", "e.txt"], group.QuerySelectorAll(".folder, .file-name").Select(e => e.TextContent));
        Assert.Equal(["a.txt", "c.txt"], group.QuerySelectorAll("details details .file-name").Select(e => e.TextContent));
        Assert.Equal("5 files · 5.0 MB", group.QuerySelector(".group-title")!.TextContent);
        var all = group.QuerySelector("a.take-all")!;
        Assert.Equal(("Download all 5 as zip", $"/files/archive?with={files[0].Id}"), (all.TextContent, all.GetAttribute("href")));
    }

    [Fact]
    public void Behind_the_twelfth_file_the_rest_is_folded_away()
    {
        var files = Enumerable.Range(1, 30).Select(i => Sample.File($"{i}.txt")).ToImmutableArray();

        var group = Parse(MessageMarkup.Make(Sample.Make(1, "", files: files))).QuerySelector(".group")!;

        Assert.Equal(30, group.QuerySelectorAll("a.download").Length);
        Assert.Equal(18, group.QuerySelectorAll("details:not([open]) a.download").Length);
        Assert.Equal("18 more files", group.QuerySelector("details > summary")!.TextContent);
    }

    [Fact]
    public void A_ready_file_has_its_link_and_the_others_do_not()
    {
        var ready = Sample.File("größe 100%.txt");

        var article = Parse(MessageMarkup.Make(Sample.Make(
            1, "", files: [ready, Sample.File("a", FileState.Failed), Sample.File("b", FileState.Cancelled), Sample.File("c", FileState.Deleted)])));

        var link = Assert.Single(article.QuerySelectorAll("a"));
        Assert.Equal("1 verified, 1 cancelled, 1 failed, 1 deleted", article.QuerySelector(".group-head .file-meta")!.TextContent);
        Assert.Equal($"/files/{ready.Id}/gr%C3%B6%C3%9Fe%20100%25.txt", link.GetAttribute("href"));
        Assert.Equal(["ready", "failed", "cancelled", "deleted"], article.QuerySelectorAll(".card").Select(card => card.GetAttribute("data-state")));
    }

    [Fact]
    public void A_file_that_still_comes_in_is_not_in_the_shared_frame()
    {
        var article = Parse(MessageMarkup.Make(Sample.Make(1, "", files: [Sample.File("a", FileState.Uploading)])));

        Assert.Empty(article.QuerySelectorAll(".card"));
    }

    [Theory]
    [InlineData(3000, 1000, 360, 120)]
    [InlineData(1000, 3000, 93, 280)]
    [InlineData(100, 50, 100, 50)]
    public void A_picture_has_its_box_before_it_is_loaded(int width, int height, int shownWidth, int shownHeight)
    {
        var file = Sample.File("a \"b\".png") with { Width = width, Height = height };

        var card = Parse(MessageMarkup.Make(Sample.Make(1, "", files: [file])));

        var picture = card.QuerySelector("img")!;
        Assert.Equal(($"{shownWidth}", $"{shownHeight}"), (picture.GetAttribute("width"), picture.GetAttribute("height")));
        Assert.Equal($"/thumbnails/{file.Id}", picture.GetAttribute("src"));
        // Dragged and let go in the page it would be shared again.
        Assert.Equal("false", picture.GetAttribute("draggable"));
        Assert.Equal("Look at a \"b\".png", card.QuerySelector("a.picture")!.GetAttribute("aria-label"));
        Assert.Empty(Parse(MessageMarkup.Make(Sample.Make(1, "", files: [file with { State = FileState.Deleted }]))).QuerySelectorAll("img"));
    }

    [Fact]
    public void A_ready_file_can_be_looked_at_once_compared_and_its_hash_copied()
    {
        var text = Sample.File("a.txt") with { MediaType = "text/plain; charset=utf-8" };
        var picture = Sample.File("b.png") with { MediaType = "image/png", Width = 10, Height = 10 };

        var article = Parse(MessageMarkup.Make(Sample.Make(1, "", files: [text, picture, Sample.File("c.bin"), Sample.File("d.txt", FileState.Failed)])));

        Assert.Equal(
            ["Copy SHA-256 of a.txt", "Check your copy of a.txt", "Look at a.txt", "Look at b.png", "Copy SHA-256 of b.png", "Check your copy of b.png", "Copy SHA-256 of c.bin", "Check your copy of c.bin"],
            article.QuerySelectorAll("[data-file-action]").Select(button => button.GetAttribute("aria-label")));
        Assert.All(article.QuerySelectorAll("[data-file-action]"), button => Assert.Equal(64, button.Closest("[data-file]")!.GetAttribute("data-sha256")!.Length));
        Assert.Equal(["SHA-256 verified", "SHA-256 verified", "SHA-256 verified"], article.QuerySelectorAll("[data-state=ready] .state").Select(state => state.TextContent));
    }

    [Fact]
    public void A_deleted_message_says_nothing_but_that()
    {
        var article = Parse(MessageMarkup.Make(Sample.Make(1, "secret", deleted: true, files: [Sample.File("a")])));

        Assert.DoesNotContain("secret", article.TextContent, StringComparison.Ordinal);
        Assert.Empty(article.QuerySelectorAll(".card"));
        Assert.NotNull(article.QuerySelector(".text.deleted"));
    }

    [Theory]
    [InlineData("🎉", true)]
    [InlineData("🎉👍🎉", true)]
    [InlineData("🎉👍🎉👍", false)]
    [InlineData("ok 👍", false)]
    [InlineData("42", false)]
    public void Up_to_three_emoji_alone_are_large(string text, bool large)
    {
        var article = Parse(MessageMarkup.Make(Sample.Make(1, text)));

        Assert.Equal(large, article.QuerySelector(".text.emoji-only") is not null);
    }

    [Fact]
    public void The_markup_of_a_message_is_made_once()
    {
        var message = Sample.Make(1);

        Assert.Same(message.Html(MessageMarkup.Make), message.Html(MessageMarkup.Make));
    }

    [Fact]
    public void Raw_markup_is_used_in_one_place_only()
    {
        var sources = Directory.EnumerateFiles(SourceTree.Folder("ChatShare.Web"), "*", SearchOption.AllDirectories)
            .Where(path => path.EndsWith(".razor", StringComparison.Ordinal) || path.EndsWith(".cs", StringComparison.Ordinal))
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

        var users = sources.Where(path => File.ReadAllText(path) is var text
            && (text.Contains("MarkupString", StringComparison.Ordinal) || text.Contains("AddMarkupContent", StringComparison.Ordinal)));

        Assert.Equal(["MessageBlock.razor"], users.Select(Path.GetFileName));
    }

    private static IElement Parse(string html) => new HtmlParser().ParseDocument(html).QuerySelector("article.message")!;
}
