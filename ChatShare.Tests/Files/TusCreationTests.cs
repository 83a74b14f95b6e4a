using System.IO.Pipelines;
using System.Net;
using ChatShare.Core.Files;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>What clients mean that say it in their own way.</summary>
public sealed class TusCreationTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("plans/2026", "plans/2026")]
    [InlineData("plans/2026/a.txt", "plans/2026")]
    [InlineData("plans/not-a.txt", "plans/not-a.txt")]
    [InlineData("a.txt", null)]
    [InlineData("a.txt/", "a.txt")]
    [InlineData("/", null)]
    public async Task Path_names_the_folder_also_when_it_ends_with_the_files_own_name(string path, string? folder)
    {
        var tus = new TusClient(fixture.App, (await ApiClient.SignInAsync(fixture.App, $"Pather {Make.ClientId()[..8]}")).Http);
        var location = await tus.CreateAsync("a.txt", 1, ("path", path));

        Assert.True(FileId.TryParse(location.Split('/')[^1], out var id));
        Assert.Equal(folder, fixture.App.Get<UploadService>().Find(id)!.File.Folder);
    }

    [Theory]
    [InlineData("4000", "3000", 4000, 3000)]
    [InlineData("50000000", "1", 50_000_000, 1)]
    [InlineData("50000001", "1", null, null)]
    [InlineData("4294967297", "4294967296", null, null)]
    [InlineData("0", "3000", null, null)]
    [InlineData("-4000", "-3000", null, null)]
    [InlineData("40px", "30px", null, null)]
    [InlineData("4000", "", null, null)]
    public async Task Size_of_a_picture_is_on_its_card_from_the_start_and_what_is_no_size_says_nothing(string width, string height, int? across, int? down)
    {
        var tus = new TusClient(fixture.App, (await ApiClient.SignInAsync(fixture.App, $"Painter {Make.ClientId()[..8]}")).Http);
        var location = await tus.CreateAsync("a.png", 1, ("width", width), ("height", height));

        Assert.True(FileId.TryParse(location.Split('/')[^1], out var id));
        var upload = fixture.App.Get<UploadService>().Find(id)!;
        Assert.Equal((across, down), (upload.File.Width, upload.File.Height));

        // It was only what its sender said.
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, "x"u8.ToArray()));
        await upload.Ended;
        Assert.Equal((null, null), (upload.File.Width, upload.File.Height));
    }

    [Fact]
    public async Task Bytes_of_a_file_that_has_none_are_refused_before_there_is_a_card()
    {
        using var ann = await ApiClient.SignInAsync(fixture.App, "Empty");
        var before = (await ann.GetAsync("/api/rooms/Lobby/messages?limit=200")).GetArrayLength();
        var line = new Pipe();
        await line.Writer.WriteAsync(new byte[] { 1 }, Cancel);
        await line.Writer.CompleteAsync();
        using var response = await new TusClient(fixture.App, ann.Http).SendAsync(
            "POST", "/uploads", TusClient.Part(line.Reader.AsStream()), ("Upload-Length", "0"), ("Upload-Metadata", TusClient.Metadata("a")));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(before, (await ann.GetAsync("/api/rooms/Lobby/messages?limit=200")).GetArrayLength());
    }
}
