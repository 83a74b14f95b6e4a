using System.Net;
using System.Text;
using System.Text.Json;
using ChatShare.Core.Files;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SkiaSharp;

namespace ChatShare.Tests.Reliability;

/// <summary>
/// A disk that is full, one step after the other: each that needs room says so with a sentence, each other goes on, and all is well when
/// there is room again.
/// </summary>
public sealed class FullDiskTests
{
    private const string NoDisk = "A small file system cannot be mounted here: it takes Linux and the right to mount.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Downloads_without_room_stop_files_and_nothing_else()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 8000, files: 200);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var app = await RunningApp.StartAsync($"ChatShare:Downloads:Directory={disk!.Path}");
        var ann = await app.JoinAsync("Ann");
        using var bob = await ApiClient.SignInAsync(app, "Bob");
        var tus = new TusClient(app, ann);
        var bytes = Picture();
        var picture = await tus.CreateAsync("picture.png", bytes.Length);
        await tus.AppendAsync(picture, 0, bytes);
        var id = picture["/uploads/".Length..];
        var begun = await tus.CreateAsync("begun", 100);
        var whole = await tus.CreateAsync("whole", 2);
        await tus.AppendAsync(whole, 0, [1]);
        disk.Fill();
        disk.FillWithNames();

        await IsAsync(HttpStatusCode.InsufficientStorage, () => tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "10"), ("Upload-Metadata", TusClient.Metadata("new"))));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => tus.AppendAsync(begun, 0, TusClient.Part(new byte[50])));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => tus.AppendAsync(whole, 1, TusClient.Part([2])));
        // The card shows the picture itself, then.
        await IsAsync(HttpStatusCode.NotFound, () => ann.GetAsync($"/thumbnails/{id}", Cancel));
        await IsAsync(HttpStatusCode.OK, () => ann.GetAsync("/files/archive?room=Lobby", Cancel));
        Assert.Equal(bytes, await tus.DownloadAsync(picture));
        Assert.Equal("still here", (await bob.SayAsync("still here")).GetProperty("text").GetString());
        await bob.CreateRoomAsync("Another");
        using (var carl = await ApiClient.SignInAsync(app, "Carl"))
            await carl.SayAsync("and so am I");

        disk.EmptyAll();
        await IsAsync(HttpStatusCode.OK, () => ann.GetAsync($"/thumbnails/{id}", Cancel));
        var next = await tus.CreateAsync("next", 2);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(next, 0, [1, 2]));
        Assert.Equal(["failed", "failed", "ready", "ready"], (await StatesAsync(bob)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Database_without_room_refuses_with_a_sentence_and_catches_up_by_itself()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 8000, files: 100);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var app = await RunningApp.StartAsync(
            $"ChatShare:DataDirectory={disk!.Path}", "ChatShare:Admin:UserName=Root", "ChatShare:Admin:Password=correct horse battery");
        using var ann = await ApiClient.SignInAsync(app, "Ann");
        var tus = new TusClient(app, ann.Http);
        await ann.SayAsync("before");
        var whole = await tus.CreateAsync("whole", 100);
        await tus.AppendAsync(whole, 0, new byte[50]);
        var unwanted = await tus.CreateAsync("unwanted", 100);
        disk.Fill();
        var text = JsonSerializer.Serialize(new { text = new string('x', 15_000), clientId = "too-much" });
        // The log of the database may have pages at hand that it can use again.
        await Eventually.TrueAsync(async () =>
        {
            using var response = await ann.PostAsync("/api/rooms/Lobby/messages", text.Replace("too-much", Make.ClientId(), StringComparison.Ordinal));
            return response.StatusCode == HttpStatusCode.InsufficientStorage;
        });

        await IsAsync(HttpStatusCode.InsufficientStorage, () => ann.PostAsync("/api/rooms/Lobby/messages", text));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => SessionAsync(app, """{"nickname":"Bob"}"""));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => SessionAsync(app, """{"userName":"Root","password":"correct horse battery"}"""));
        await SaysSoAsync(() => RunningApp.PostFormAsync(app.NewClient(), "/", "join", ("Nickname", "Bob")));
        await SaysSoAsync(() => RunningApp.PostFormAsync(
            app.NewClient(), "/signin", "signin", ("UserName", "Root"), ("Password", "correct horse battery")));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => ann.PostAsync("/api/rooms", """{"name":"Another"}"""));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "10"), ("Upload-Metadata", TusClient.Metadata("new"))));
        await IsAsync(HttpStatusCode.NoContent, () => tus.AppendAsync(whole, 50, TusClient.Part(new byte[20])));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => tus.AppendAsync(whole, 70, TusClient.Part(new byte[30])));
        await IsAsync(HttpStatusCode.NoContent, () => tus.SendAsync("DELETE", unwanted, content: null));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => ann.Http.DeleteAsync("/api/session", Cancel));
        await IsAsync(HttpStatusCode.OK, () => ann.Http.GetAsync("/api/rooms/Lobby/messages", Cancel));

        disk.Empty();
        await app.Services.GetServices<IHostedService>().OfType<UploadClock>().Single().LookAtDiskAsync();
        Assert.Equal(["cancelled", "ready"], (await StatesAsync(ann)).Order(StringComparer.Ordinal));
        Assert.Equal(new byte[100], await tus.DownloadAsync(whole));
        Assert.Empty(Directory.GetFiles(Path.Combine(app.DownloadsDirectory, "partial")));
        await ann.SayAsync("after");
        using var bob = await ApiClient.SignInAsync(app, "Bob");
        await bob.CreateRoomAsync("Another");
        await IsAsync(HttpStatusCode.NoContent, () => ann.Http.DeleteAsync("/api/session", Cancel));
    }

    private static async Task IsAsync(HttpStatusCode expected, Func<Task<HttpResponseMessage>> act)
    {
        using var response = await act();
        var body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == response.StatusCode, $"{response.RequestMessage!.Method} {response.RequestMessage.RequestUri}: {response.StatusCode} {body}");
        if (expected == HttpStatusCode.InsufficientStorage)
            Assert.Contains("server", JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static async Task SaysSoAsync(Func<Task<HttpResponseMessage>> post)
    {
        using var response = await post();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("The server cannot store anything right now.", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> SessionAsync(RunningApp app, string json) =>
        await app.NewClient(sendsOrigin: false).PostAsync("/api/session", new StringContent(json, Encoding.UTF8, "application/json"), Cancel);

    private static async Task<IReadOnlyList<string>> StatesAsync(ApiClient client) =>
    [
        .. (await client.GetAsync("/api/rooms/Lobby/messages?limit=200")).EnumerateArray()
            .SelectMany(message => message.GetProperty("files").EnumerateArray()).Select(file => file.GetProperty("state").GetString()!),
    ];

    private static byte[] Picture()
    {
        using var bitmap = new SKBitmap(600, 400);
        bitmap.Erase(SKColors.Teal);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 90);
        return data.ToArray();
    }
}
