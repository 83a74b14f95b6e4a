using System.Text;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Files;

public sealed class ContentTypeTests
{
    // Beginnings of files, one character for each byte.
    private const string Png = "\u0089PNG\r\n\u001A\n\0\0\0\rIHDR";
    private const string Jpeg = "\u00FF\u00D8\u00FF\u00E0\0\u0010JFIF\0";
    private const string Bmp = "BM\u0046\0\0\0\0\0\0\0\u0036\0\0\0\u0028\0\0\0";
    private const string Id3 = "ID3\u0004\0\0\0\0\u0008\u0001";
    private const string Flac = "fLaC\0\0\0\u0022";
    private const string OggPage = "OggS\0\u0002\0\0\0\0\0\0\0\0serlseq_crc_\u0001\u0013";
    private const string Aac = "\u00FF\u00F1\u0050\u0080\u0001\u0000\u00FC"; // eight bytes, 44.1 kHz
    private const string EbmlVersion = "\u0042\u0086\u0081\u0001";

    [Theory]
    [InlineData(Png, "image/png", FileKind.Image)]
    [InlineData(Jpeg, "image/jpeg", FileKind.Image)]
    [InlineData("GIF87a\u0001\0\u0001\0", "image/gif", FileKind.Image)]
    [InlineData("GIF89a\u0001\0\u0001\0", "image/gif", FileKind.Image)]
    [InlineData("RIFF\u0024\0\0\0WEBPVP8 ", "image/webp", FileKind.Image)]
    [InlineData("RIFF\u0024\0\0\0WEBPVP8L", "image/webp", FileKind.Image)]
    [InlineData("RIFF\u0024\0\0\0WEBPVP8X", "image/webp", FileKind.Image)]
    [InlineData(Bmp, "image/bmp", FileKind.Image)]
    [InlineData("\0\0\0\u0014ftypavif\0\0\0\0mif1", "image/avif", FileKind.Image)]
    [InlineData("\0\0\0\u0018ftypmif1\0\0\0\0mif1avif", "image/avif", FileKind.Image)]
    [InlineData(Id3, "audio/mpeg", FileKind.Audio)]
    [InlineData(OggPage + "OpusHead", "audio/ogg", FileKind.Audio)]
    [InlineData(OggPage + "\u0001vorbis", "audio/ogg", FileKind.Audio)]
    [InlineData("RIFF\u0024\0\0\0WAVEfmt ", "audio/wav", FileKind.Audio)]
    [InlineData(Flac, "audio/flac", FileKind.Audio)]
    [InlineData("\0\0\0\u0014ftypM4A \0\0\0\0isom", "audio/mp4", FileKind.Audio)]
    [InlineData("\0\0\0\u0014ftypisom\0\0\u0002\0isom", "video/mp4", FileKind.Video)]
    [InlineData("\0\0\0\u0010ftypmp42\0\0\0\0", "video/mp4", FileKind.Video)]
    [InlineData("\0\0\0\u0014ftypqt  \0\0\0\0qt  ", "video/quicktime", FileKind.Video)]
    [InlineData("\u001A\u0045\u00DF\u00A3\u008B" + EbmlVersion + "\u0042\u0082\u0084webm", "video/webm", FileKind.Video)]
    [InlineData(
        "\u001A\u0045\u00DF\u00A3\u0001\0\0\0\0\0\0\u000E\u00EC\u0081\0" + EbmlVersion + "\u0042\u0082\u0084webm",
        "video/webm", FileKind.Video)]
    [InlineData("\u001A\u0045\u00DF\u00A3\u008F" + EbmlVersion + "\u0042\u0082\u0088matroska", "video/x-matroska", FileKind.Video)]
    [InlineData(OggPage + "\u0080theora", "video/ogg", FileKind.Video)]
    [InlineData("\0\0\0\u0014ftyp3gp4\0\0\0\0isom", "video/3gpp", FileKind.Video)]
    [InlineData(Aac + "\0" + Aac, "audio/aac", FileKind.Audio)]
    [InlineData("\0\0\u0001\0\u0001\0\u0010\u0010\0\0\u0001\0\u0020\0\u0068\u0004\0\0\u0016\0\0\0", "image/x-icon", FileKind.Image)]
    [InlineData("%PDF-1.7\n", "application/pdf", FileKind.Pdf)]
    public void Detect_beginning_of_a_known_type_is_recognised_and_may_be_shown(string head, string mediaType, FileKind kind)
    {
        var type = Detect(head);
        Assert.Equal((mediaType, kind, true), (type.MediaType, type.Kind, type.MayInline));
        Assert.Equal(type, Detect(head + "<script>alert(1)</script>"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u00EF\u00BB\u00BF")]
    [InlineData("\u0089PNG\n\u001A\n")]
    [InlineData("RIFF\u0024\0\0\0AVI LIST")]
    [InlineData("RIFF\u0024\0\0\0WEBPxxxx")]
    [InlineData("BM\u0046\0\0\0\0\0\0\0\u0036\0\0\0\u0029\0\0\0")] // no such header size
    [InlineData("BM\u0046\0\0\0\u0001\0\0\0\u0036\0\0\0\u0028\0\0\0")] // reserved field in use
    [InlineData("BM\u0046\0\0\0\0\0\0\0\u0035\0\0\0\u0028\0\0\0")] // pixels inside the header
    [InlineData("\0\0\0\u0018ftypheic\0\0\0\0mif1heic")]
    [InlineData("\0\0\0\u0018ftypmif1\0\0\0\0mif1heic")]
    [InlineData("\0\0\0\u0018ftypisom\0\0\0\0")] // the box goes on behind the head
    [InlineData("\0\0\0\u0013ftypisom\0\0\0\0isom")]
    [InlineData("ID3\u0005\0\0\0\0\u0008\u0001")]
    [InlineData("ID3\u0004\0\u0001\0\0\u0008\u0001")]
    [InlineData("ID3\u0004\0\0\0\0\u0088\u0001")]
    [InlineData("fLaC\u0001\0\0\u0022")]
    [InlineData("fLaC\0\0\0\u0021")]
    [InlineData(OggPage)]
    [InlineData(Aac + "\0\0" + Aac)] // the second frame is not where the first one ends
    [InlineData("\0\0\u0001\0\0\0\u0010\u0010\0\0\u0001\0\u0020\0\u0068\u0004\0\0\u0016\0\0\0")] // a list of no pictures
    [InlineData("\0\0\u0001\0\u0001\0\u0010\u0010\0\0\u0001\0\u0020\0\u0068\u0004\0\0\u0015\0\0\0")] // inside of the list
    [InlineData("\u001A\u0045\u00DF\u00A3\u008A" + EbmlVersion + "\u0042\u0082\u0083abc")]
    [InlineData("\u001A\u0045\u00DF\u00A3\u0084" + EbmlVersion + "\u0042\u0082\u0084webm")] // behind the header
    [InlineData("\u001A\u0045\u00DF\u00A3\u008B" + EbmlVersion + "\u0042\u0082\u0088webm")] // longer than what is there
    [InlineData("\u001A\u0045\u00DF\u00A3")]
    [InlineData("\0%PDF-1.7")]
    [InlineData("PK\u0003\u0004\u0014\0")]
    [InlineData("MZ\u0090\0")]
    public void Detect_what_only_resembles_a_known_type_is_other(string head)
    {
        var type = Detect(head);
        Assert.Equal(("application/octet-stream", FileKind.Other, false), (type.MediaType, type.Kind, type.MayInline));
    }

    [Theory]
    [InlineData(0xFB, 0x90, 417, "audio/mpeg")] // MPEG 1, 128 kbit/s, 44.1 kHz
    [InlineData(0xFB, 0x92, 418, "audio/mpeg")] // padded
    [InlineData(0xF3, 0x80, 208, "audio/mpeg")] // MPEG 2, 64 kbit/s, 22.05 kHz
    [InlineData(0xE3, 0x88, 576, "audio/mpeg")] // MPEG 2.5, 64 kbit/s, 8 kHz
    [InlineData(0xFB, 0x90, 416, "application/octet-stream")] // the second frame is not where the first one ends
    [InlineData(0xFF, 0x90, 417, "application/octet-stream")] // layer I
    [InlineData(0xFD, 0x90, 417, "application/octet-stream")] // layer II
    [InlineData(0xEB, 0x90, 417, "application/octet-stream")] // reserved version
    [InlineData(0xFB, 0xF0, 417, "application/octet-stream")] // no such bit rate
    [InlineData(0xFB, 0x00, 417, "application/octet-stream")] // free bit rate
    [InlineData(0xFB, 0x9C, 417, "application/octet-stream")] // reserved sampling rate
    public void Detect_mp3_without_a_tag_needs_two_frames_in_a_row(byte second, byte third, int distance, string mediaType)
    {
        var head = new byte[1500];
        ReadOnlySpan<byte> frame = [0xFF, second, third, 0x00];
        frame.CopyTo(head);
        frame.CopyTo(head.AsSpan(distance));
        Assert.Equal(mediaType, ContentType.Detect(head, isWhole: false).MediaType);

        head[distance] = 0xFE; // The second one is no frame any more.
        Assert.Equal(FileKind.Other, ContentType.Detect(head, isWhole: false).Kind);
    }

    [Theory]
    [InlineData("Hello")]
    [InlineData("Grüße, 你好 😀")]
    [InlineData("\uFEFFwith a mark")]
    [InlineData("a\tb\r\nc\f\u001B[31mred\u001B[0m")]
    [InlineData("BMW cars are fast and they have wheels")]
    [InlineData("ID3 tags are old")]
    [InlineData("RIFF of the week")]
    [InlineData("a < b && c > d")]
    [InlineData("List<BaseClass> x; vector<svgNode>")]
    [InlineData("<3 you")]
    [InlineData("see %PDF-")]
    public void Detect_text_is_plain_text(string text)
    {
        var type = ContentType.Detect(Encoding.UTF8.GetBytes(text), isWhole: true);
        Assert.Equal(("text/plain; charset=utf-8", FileKind.Text, true), (type.MediaType, type.Kind, type.MayInline));
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData("a\u0001b")]
    [InlineData("a\u0008b")]
    [InlineData("a\u000Bb")]
    [InlineData("a\u001Fb")]
    [InlineData("\u00E4")] // Latin-1
    [InlineData("\u00C0\u00AF")] // an overlong slash
    [InlineData("\u00ED\u00A0\u0080")] // a surrogate
    [InlineData("\u00FF\u00FEh\0i\0")] // UTF-16
    [InlineData("a\u00E2\u0082b")] // a character cut off in the middle
    public void Detect_bytes_that_are_no_text_are_other(string bytes)
    {
        Assert.Equal(FileKind.Other, Detect(bytes).Kind);
        Assert.Equal(FileKind.Other, ContentType.Detect(Encoding.Latin1.GetBytes(bytes + " more"), isWhole: false).Kind);
    }

    [Fact]
    public void Detect_character_cut_by_the_end_of_the_head_is_text_unless_the_file_ends_there()
    {
        var head = Encoding.UTF8.GetBytes("price: €")[..^1];
        Assert.Equal(FileKind.Text, ContentType.Detect(head, isWhole: false).Kind);
        Assert.Equal(FileKind.Other, ContentType.Detect(head, isWhole: true).Kind);
    }

    [Fact]
    public void Detect_looks_at_the_head_alone()
    {
        var bytes = new byte[ContentType.HeadBytes + 1];
        bytes.AsSpan().Fill((byte)'a');
        bytes[^1] = 0;
        Assert.Equal(FileKind.Text, ContentType.Detect(bytes, isWhole: true).Kind);
        bytes[^2] = 0;
        Assert.Equal(FileKind.Other, ContentType.Detect(bytes, isWhole: true).Kind);
    }

    [Theory]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("<!-- a comment --><svg>")]
    [InlineData("<HTML>")]
    [InlineData("<!DOCTYPE html>")]
    [InlineData("<?xml version='1.0'?>")]
    [InlineData("\uFEFF \r\n\t<?XML version='1.0'?>")]
    [InlineData("<h1 onclick=alert(1)>")]
    [InlineData("<x:y>")]
    [InlineData("</p>")]
    [InlineData("hello <script>")]
    [InlineData("hello <ScRiPt src=x>")]
    [InlineData("hello <script/x>")]
    [InlineData("hello <script\n>")]
    [InlineData("hello <body onload=x>")]
    [InlineData("hello <iframe src=x>")]
    [InlineData("hello <svg:rect>")]
    [InlineData("hello <svg")]
    [InlineData("hello <!doctypehtml>")]
    [InlineData("hello <?xml-stylesheet?>")]
    [InlineData("hello <<<img src=x onerror=y>")]
    [InlineData("hello <object data=x>")]
    [InlineData("hello <embed src=x>")]
    [InlineData("hello <style>")]
    [InlineData("hello <link rel=x>")]
    [InlineData("hello <meta http-equiv=refresh>")]
    [InlineData("hello <base href=x>")]
    [InlineData("hello <math>")]
    [InlineData("hello <video src=x>")]
    public void Detect_markup_that_a_browser_could_run_is_never_shown(string text)
    {
        foreach (var isWhole in new[] { true, false })
        {
            var type = ContentType.Detect(Encoding.UTF8.GetBytes(text), isWhole);
            Assert.Equal(("application/octet-stream", FileKind.Other, false), (type.MediaType, type.Kind, type.MayInline));
        }
    }

    [Fact]
    public void Detect_active_element_anywhere_in_a_text_is_never_shown() =>
        Gen.Select(
            HostileText.Any, Gen.OneOf("<svg", "<html", "<!doctype", "<?xml", "<script", "<body", "<iframe"), Gen.Bool, HostileText.Any).Sample(
            (before, element, upper, after) =>
            {
                var text = before + (upper ? element.ToUpperInvariant() : element) + " " + after;
                Assert.False(ContentType.Detect(Encoding.UTF8.GetBytes(text), isWhole: true).MayInline);
            },
            iter: 5_000);

    [Fact]
    public void Detect_any_bytes_behind_any_signature_never_throw_and_survive_storage() =>
        Gen.Select(
            Gen.OneOf("", Png, Bmp, Id3, Flac, OggPage, "RIFF", "\0\0\0\u0018ftyp",
                "\u001A\u0045\u00DF\u00A3", "\u00FF\u00FB\u0090"),
            Gen.Byte.Array[0, 80], Gen.Int[0, 100], Gen.Bool).Sample(
            (signature, rest, cut, isWhole) =>
            {
                byte[] bytes = [.. Encoding.Latin1.GetBytes(signature), .. rest];
                var type = ContentType.Detect(bytes.AsSpan(0, Math.Min(cut, bytes.Length)), isWhole);
                Assert.Same(type, ContentType.FromStored(type.MediaType));
                Assert.True(!type.MayInline || type.Kind != FileKind.Other);
            },
            iter: 50_000);

    [Theory]
    [InlineData("image/png", FileKind.Image, true)]
    [InlineData("text/plain; charset=utf-8", FileKind.Text, true)]
    [InlineData("video/x-matroska", FileKind.Video, true)]
    [InlineData("application/octet-stream", FileKind.Other, false)]
    [InlineData("image/svg+xml", FileKind.Other, false)]
    [InlineData("text/html", FileKind.Other, false)]
    [InlineData("", FileKind.Other, false)]
    public void FromStored_unknown_type_is_other(string mediaType, FileKind kind, bool mayInline)
    {
        var type = ContentType.FromStored(mediaType);
        Assert.Equal((kind, mayInline), (type.Kind, type.MayInline));
    }

    private static ContentType Detect(string bytes) => ContentType.Detect(Encoding.Latin1.GetBytes(bytes), isWhole: true);
}
