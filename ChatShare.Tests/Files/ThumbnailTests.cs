using System.Net;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using SkiaSharp;

namespace ChatShare.Tests.Files;

public sealed class ThumbnailTests
{
    [Theory(Timeout = Make.Patience)]
    [InlineData(SKEncodedImageFormat.Png, 3000, 1000, 720, 240)]
    [InlineData(SKEncodedImageFormat.Jpeg, 1000, 3000, 186, 560)]
    [InlineData(SKEncodedImageFormat.Webp, 100, 50, 100, 50)]
    public async Task An_image_has_its_size_on_the_card_and_a_small_picture(SKEncodedImageFormat format, int width, int height, int small, int smallHeight)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);

        var upload = await host.ShareAsync(anna, "picture", Picture(format, width, height), token);

        Assert.Equal((width, height), (upload.File.Width, upload.File.Height));
        var path = await FindAsync(host, upload, token);
        using var codec = SKCodec.Create(path);
        Assert.Equal((SKEncodedImageFormat.Webp, small, smallHeight), (codec.EncodedFormat, codec.Info.Width, codec.Info.Height));
        Assert.Equal(path, await FindAsync(host, upload, token));
        // What is in the database says the same after a restart.
        await host.RestartAsync(token);
        var card = (await host.AllAsync(host.Lobby, token)).Single().Files.Single();
        Assert.Equal((width, height), (card.Width, card.Height));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Size_that_its_sender_has_said_outlives_a_restart_before_the_picture_is_there()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var file = Make.File("a.png", 100) with { Picture = new(400, 300) };
        await host.Uploads.BeginAsync(host.Lobby, await host.JoinAsync("anna", token), Door.Browser, [file], Make.ClientId(), token);

        await host.RestartAsync(token);

        var card = (await host.AllAsync(host.Lobby, token)).Single().Files.Single();
        Assert.Equal((FileState.Uploading, 400, 300), (card.State, card.Width, card.Height));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_image_that_cannot_be_read_for_a_while_has_its_picture_afterwards()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.ShareAsync(anna, "picture.png", Picture(SKEncodedImageFormat.Png, 100, 50), token);
        var stored = (await host.Get<FileDirectory>().FindAsync(upload.Id, upload.Sender, token))!;
        var content = host.Get<DownloadStore>().ContentPath(upload.File.Sha256!);
        File.Move(content, content + ".away");
        Directory.CreateDirectory(content);
        Assert.Null(await host.Get<Thumbnails>().FindAsync(stored, token));

        Directory.Delete(content);
        File.Move(content + ".away", content);
        Assert.NotNull(await host.Get<Thumbnails>().FindAsync(stored, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_is_no_image_or_a_bomb_has_none_and_one_that_was_cut_off_shows_what_is_there()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var png = Picture(SKEncodedImageFormat.Png, 400, 400);
        // The same picture, whose head says that it has 60,000 x 60,000 pixels.
        var bomb = png.ToArray();
        foreach (var at in new[] { 16, 20 })
            (bomb[at], bomb[at + 1], bomb[at + 2], bomb[at + 3]) = (0, 0, 0xEA, 0x60);

        foreach (var (name, content) in new[] { ("text.png", "no picture"u8.ToArray()), ("bomb.png", bomb), ("head.png", png[..20]) })
        {
            var none = await host.ShareAsync(anna, name, content, token);
            Assert.Equal(FileState.Ready, none.File.State);
            Assert.Null(none.File.Width);
            Assert.Null(await FindAsync(host, none, token));
        }

        // Its head can be read, and nothing of the picture: a small picture would be an empty field.
        var cut = await host.ShareAsync(anna, "cut.png", png[..50], token);
        Assert.Null(await FindAsync(host, cut, token));

        var jpeg = Picture(SKEncodedImageFormat.Jpeg, 800, 800);
        // Drawn over a hundred times and more, by a few bytes each time.
        var scan = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        var frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        var overdrawn = jpeg.ToArray();
        overdrawn[frame + 1] = 0xC2;
        byte[] again = [.. overdrawn[scan..(scan + 14)], 1, 0xFF, 0, 2];
        overdrawn = [.. overdrawn[..scan], .. Enumerable.Repeat(again, 101).SelectMany(bytes => bytes), .. overdrawn[scan..]];
        var slow = await host.ShareAsync(anna, "slow.jpg", overdrawn, token);
        Assert.Equal(800, slow.File.Width);
        Assert.Null(await FindAsync(host, slow, token));
        Assert.True(JpegScans.AreTooMany(new MemoryStream(overdrawn)));
        Assert.False(JpegScans.AreTooMany(new MemoryStream(overdrawn[..(scan + (again.Length * 100))])));
        Assert.False(JpegScans.AreTooMany(new MemoryStream(jpeg)));

        Assert.NotNull(await FindAsync(host, await host.ShareAsync(anna, "cut.jpg", jpeg[..(jpeg.Length / 2)], token), token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_photograph_that_was_taken_sideways_stands_upright()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);

        // Red above, blue below; the camera says that it was turned by 90 degrees, so red comes to stand at the right.
        var upload = await host.ShareAsync(anna, "photo.jpg", WithOrientation(Picture(SKEncodedImageFormat.Jpeg, 200, 100), 6), token);

        Assert.Equal((100, 200), (upload.File.Width, upload.File.Height));
        using var thumbnail = SKBitmap.Decode(await FindAsync(host, upload, token));
        Assert.Equal((100, 200), (thumbnail.Width, thumbnail.Height));
        Assert.True(thumbnail.GetPixel(90, 100).Red > 200 && thumbnail.GetPixel(10, 100).Blue > 200);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task It_is_for_people_who_may_read_the_file_and_goes_with_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.ShareAsync(anna, "picture.png", Picture(SKEncodedImageFormat.Png, 40, 40), token);
        var path = (await FindAsync(host, upload, token))!;

        await host.Get<FileRemoval>().DeleteAsync(upload.Id, await host.AdministratorAsync(token), token);

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task The_address_answers_with_a_picture_that_the_browser_keeps_and_strangers_get_none()
    {
        var token = TestContext.Current.CancellationToken;
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await app.EnterAsync("Ann");
        var upload = await app.ShareAsync(session, "picture.png", Picture(SKEncodedImageFormat.Png, 40, 20));
        using var response = await ann.GetAsync($"/thumbnails/{upload.Id}", token);
        using var missing = await ann.GetAsync($"/thumbnails/{FileId.New()}", token);
        using var stranger = await app.NewClient().GetAsync($"/thumbnails/{upload.Id}", token);

        Assert.Equal((HttpStatusCode.OK, "image/webp"), (response.StatusCode, response.Header("Content-Type")));
        Assert.Equal("max-age=31536000, private, immutable", response.Headers.CacheControl!.ToString());
        using var picture = SKBitmap.Decode(await response.Content.ReadAsByteArrayAsync(token));
        Assert.Equal((40, 20), (picture.Width, picture.Height));
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Unauthorized), (missing.StatusCode, stranger.StatusCode));
    }

    [Fact]
    public async Task What_goes_between_the_look_and_the_first_byte_is_not_there()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A link that leads nowhere stands for it.");
        var token = TestContext.Current.CancellationToken;
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await app.EnterAsync("Ann");
        var upload = await app.ShareAsync(session, "picture.png", Picture(SKEncodedImageFormat.Png, 40, 20));
        (await ann.GetAsync($"/thumbnails/{upload.Id}", token)).Dispose();
        foreach (var path in Directory.GetFiles(app.DownloadsDirectory, upload.File.Sha256 + "*", SearchOption.AllDirectories))
        {
            File.Delete(path);
            File.CreateSymbolicLink(path, "/nowhere/" + new string('x', 100));
        }

        foreach (var address in new[] { upload.Address(), $"/thumbnails/{upload.Id}" })
        {
            using var response = await ann.GetAsync(address, token);
            Assert.Equal((HttpStatusCode.NotFound, "", ""), (response.StatusCode, response.Header("ETag"), response.Header("Content-Disposition")));
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task One_that_cannot_be_made_is_tried_once_and_one_that_the_disk_does_not_take_again()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.ShareAsync(anna, "broken.png", Picture(SKEncodedImageFormat.Png, 40, 40), token);
        var stored = (await host.Get<FileDirectory>().FindAsync(upload.Id, upload.Sender, token))!;
        // Its head was an image's when it came.
        await File.WriteAllTextAsync(stored.Path, "no picture", token);
        Assert.Null(await FindAsync(host, upload, token));
        var marker = Assert.Single(Directory.GetFiles(Path.Combine(host.Downloads, "thumbnails"), "*", SearchOption.AllDirectories));
        Assert.Equal(0, new FileInfo(marker).Length);

        // Something else stands where its folder has to be.
        var other = await host.ShareAsync(anna, "whole.png", Picture(SKEncodedImageFormat.Png, 30, 30), token);
        var folder = Path.Combine(host.Downloads, "thumbnails", other.File.Sha256![..2]);
        await File.WriteAllBytesAsync(folder, [], token);
        Assert.Null(await FindAsync(host, other, token));
        File.Delete(folder);
        Assert.NotNull(await FindAsync(host, other, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task None_stays_of_an_image_that_was_deleted_while_it_was_made()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var upload = await host.ShareAsync(anna, "picture.png", Picture(SKEncodedImageFormat.Png, 40, 40), token);
        var stored = (await host.Get<FileDirectory>().FindAsync(upload.Id, upload.Sender, token))!;
        await host.Get<FileRemoval>().DeleteAsync(upload.Id, await host.AdministratorAsync(token), token);

        Assert.Null(await host.Get<Thumbnails>().FindAsync(stored, token));
        Assert.Empty(Directory.GetFiles(Path.Combine(host.Downloads, "thumbnails"), "*", SearchOption.AllDirectories));
    }

    private static async Task<string?> FindAsync(CoreHost host, Upload upload, CancellationToken token) => await host.Get<Thumbnails>().FindAsync(
        (await host.Get<FileDirectory>().FindAsync(upload.Id, upload.Sender, token))!, token);

    private static byte[] Picture(SKEncodedImageFormat format, int width, int height)
    {
        using var bitmap = new SKBitmap(width, height);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.Red);
            using var paint = new SKPaint { Color = SKColors.Blue };
            canvas.DrawRect(0, height / 2f, width, height / 2f, paint);
        }

        using var image = SKImage.FromBitmap(bitmap);
        using var data = image.Encode(format, 90);
        return data.ToArray();
    }

    /// <summary>Puts an Exif segment behind the first marker of a JPEG.</summary>
    private static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] tiff = [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        byte[] exif = [.. "Exif\0\0"u8, .. tiff];
        return [.. jpeg[..2], 0xFF, 0xE1, (byte)((exif.Length + 2) >> 8), (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }
}
