using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Files;

namespace ChatShare.Tests.Components;

public sealed class FileFaceTests
{
    [Theory]
    [InlineData("a.txt", "a.txt", "")]
    [InlineData("quarterly-report-26.txt", "quarterly-report-26.txt", "")]
    [InlineData("nightly-2026-11-22.tar.gz", "nightly-2026-11", "-22.tar.gz")]
    public void The_ending_of_a_name_is_never_cut(string name, string stem, string ending) =>
        Assert.Equal((stem, ending), FileFace.Split(name));

    [Theory]
    [InlineData("a name that is longabc🎉123456789", "a name that is longabc", "🎉123456789")]
    [InlineData("one more of my re\u0301sume\u0301 2026.txt", "one more of my re\u0301sum", "e\u0301 2026.txt")]
    [InlineData("all of this family of me👩‍👩‍👧‍👧.txt", "all of this family of me", "👩‍👩‍👧‍👧.txt")]
    [InlineData("", "", "")]
    public void What_is_one_character_to_people_is_not_split(string name, string stem, string ending) =>
        Assert.Equal((stem, ending), FileFace.Split(name));

    [Theory]
    [InlineData("a.png", "image/jpeg", 10, "image")]
    [InlineData("bomb.png", "image/png", null, null)]
    [InlineData("a.avif", "image/avif", null, "image")]
    [InlineData("a.svg", "application/octet-stream", null, "text")]
    [InlineData("page.html", "application/octet-stream", null, "text")]
    [InlineData("page.html", "image/png", 10, "image")]
    [InlineData("Makefile", "text/plain; charset=utf-8", null, "text")]
    [InlineData("A.CSV", "text/plain; charset=utf-8", null, "table")]
    [InlineData("utf16.tsv", "application/octet-stream", null, "table")]
    [InlineData("a.mp3", "audio/mpeg", null, "audio")]
    [InlineData("a.webm", "video/webm", null, "video")]
    [InlineData("a.mkv", "video/x-matroska", null, "video")]
    [InlineData("a.pdf", "application/pdf", null, "pdf")]
    [InlineData("fake.pdf", "application/octet-stream", null, null)]
    [InlineData("a.zip", "application/octet-stream", null, null)]
    public void How_a_file_is_shown_follows_its_content_and_for_text_its_name(string name, string type, int? width, string? view)
    {
        var file = Sample.File(name) with { MediaType = type, Width = width, Height = width };

        Assert.Equal(view, FileFace.View(file));
        Assert.Null(FileFace.View(file with { State = FileState.Deleted }));
    }

    [Fact]
    public void The_state_line_says_what_is_known()
    {
        var id = FileId.New();

        Assert.Equal("1.0 MB · waiting", ProgressFace.Of(new UploadProgress(id, 0, 1_000_000, 0)).Text);
        Assert.Equal("50 %", ProgressFace.Of(new UploadProgress(id, 500_000, 1_000_000, 0)).Text);
        Assert.Equal("50 % · 100 KB/s · 5 s left", ProgressFace.Of(new UploadProgress(id, 500_000, 1_000_000, 100_000)).Text);
        Assert.Equal("1 % · 1.0 KB/s · 17 min left", ProgressFace.Of(new UploadProgress(id, 10_000, 1_000_000, 1_000)).Text);
    }

    [Fact]
    public void A_hundred_percent_means_every_byte()
    {
        Assert.Equal(99, new UploadProgress(FileId.New(), 9_999_999, 10_000_000, 1).Percent);
        Assert.Equal(100, new UploadProgress(FileId.New(), 10_000_000, 10_000_000, 1).Percent);
    }
}
