using System.Net;
using System.Text;
using System.Text.Json;
using ChatShare.Core.Files;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SkiaSharp;

namespace ChatShare.Tests.Reliability;

/// <summary>
/// A disk that is full, one step after the other: each that needs room says so with a sentence, each other goes on, and all is well when
/// there is room again.
/// </summary>
public sealed class FullDiskTests
{
    private const string NoDisk = "A small file system cannot be mounted here: it takes Linux and the right to mount.";

    /// <summary>With the database on this disk; the downloads are elsewhere.</summary>
    private static Task<RunningApp> StartOnAsync(TinyDisk disk) => RunningApp.StartAsync(
        $"ChatShare:DataDirectory={disk.Path}", "ChatShare:Admin:UserName=Root", "ChatShare:Admin:Password=correct horse battery");

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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Downloads_that_are_away_or_read_only_hold_files_up_and_nothing_else(bool isAway)
    {
        using var disk = TinyDisk.TryMount(kilobytes: 8000, files: 200);
        Assert.SkipWhen(disk is null, NoDisk);
        var log = new Collector();
        var folder = Path.Combine(disk!.Path, "downloads");
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<ILoggerProvider>(log), $"ChatShare:Downloads:Directory={folder}");
        var ann = await app.JoinAsync("Ann");
        using var bob = await ApiClient.SignInAsync(app, "Bob");
        var tus = new TusClient(app, ann);
        var there = await tus.CreateAsync("there", 3);
        await tus.AppendAsync(there, 0, [1, 2, 3]);
        var begun = await tus.CreateAsync("begun", 100);
        await tus.AppendAsync(begun, 0, new byte[50]);
        var whole = await tus.CreateAsync("whole", 2);
        await tus.AppendAsync(whole, 0, [1]);
        Set(isGone: true);

        await IsAsync(HttpStatusCode.ServiceUnavailable, () => tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "10"), ("Upload-Metadata", TusClient.Metadata("new"))));
        await IsAsync(HttpStatusCode.ServiceUnavailable, () => tus.AppendAsync(begun, 50, TusClient.Part(new byte[50])));
        await IsAsync(HttpStatusCode.ServiceUnavailable, () => tus.AppendAsync(whole, 1, TusClient.Part([2])));
        await IsAsync(isAway ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, () => ann.GetAsync($"/files/{there["/uploads/".Length..]}/there", Cancel));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await ann.GetAsync("/health/ready", Cancel)).StatusCode);
        await IsAsync(HttpStatusCode.OK, () => ann.GetAsync("/health/live", Cancel));
        await bob.SayAsync("still here");
        Assert.Single(log.Lines, line => line.Contains("ChatShare:Downloads:Directory", StringComparison.Ordinal));

        Set(isGone: false);
        // What was found a moment ago is said for a second.
        await Eventually.TrueAsync(async () =>
        {
            using var ready = await ann.GetAsync("/health/ready", Cancel);
            return ready.StatusCode == HttpStatusCode.OK;
        });
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(begun, 50, new byte[50]));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(whole, 1, [2]));
        Assert.Equal(new byte[100], await tus.DownloadAsync(begun));
        Assert.Equal([1, 2], await tus.DownloadAsync(whole));
        Assert.Equal(["ready", "ready", "ready"], await StatesAsync(bob));

        void Set(bool isGone)
        {
            if (!isAway)
                disk.SetReadOnly(isGone);
            else if (isGone)
                Directory.Move(folder, folder + ".away");
            else
                Directory.Move(folder + ".away", folder);
        }
    }

    [Fact]
    public async Task Database_without_room_refuses_with_a_sentence_and_catches_up_by_itself()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 8000, files: 100);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var app = await StartOnAsync(disk!);
        using var ann = await ApiClient.SignInAsync(app, "Ann");
        var tus = new TusClient(app, ann.Http);
        await ann.SayAsync("before");
        var whole = await tus.CreateAsync("whole", 100);
        await tus.AppendAsync(whole, 0, new byte[50]);
        var unwanted = await tus.CreateAsync("unwanted", 100);
        var regretted = await tus.CreateAsync("regretted", 3);
        await FillAsync(disk, ann);

        await IsAsync(HttpStatusCode.InsufficientStorage, () => ann.PostAsync("/api/rooms/Lobby/messages", LongMessage()));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => SessionAsync(app, """{"nickname":"Bob"}"""));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => SessionAsync(app, """{"userName":"Root","password":"correct horse battery"}"""));
        await SaysSoAsync(() => RunningApp.PostFormAsync(app.NewClient(), "/", "join", ("Nickname", "Bob")));
        await SaysSoAsync(() => RunningApp.PostFormAsync(
            app.NewClient(), "/signin", "signin", ("UserName", "Root"), ("Password", "correct horse battery")));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => ann.PostAsync("/api/rooms", """{"name":"Another"}"""));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "10"), ("Upload-Metadata", TusClient.Metadata("new"))));
        await IsAsync(HttpStatusCode.NoContent, () => tus.AppendAsync(whole, 50, TusClient.Part(new byte[20])));
        // All of it is here: whoever sent it again would have it twice.
        await IsAsync(HttpStatusCode.ServiceUnavailable, () => tus.AppendAsync(whole, 70, TusClient.Part(new byte[30])));
        await IsAsync(HttpStatusCode.ServiceUnavailable, () => tus.AppendAsync(whole, 100, TusClient.Part([])));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await tus.StatusAsync("HEAD", whole));
        await IsAsync(HttpStatusCode.ServiceUnavailable, () => tus.AppendAsync(regretted, 0, TusClient.Part([1, 2, 3])));
        await IsAsync(HttpStatusCode.NoContent, () => tus.SendAsync("DELETE", regretted, content: null));
        Assert.Equal(HttpStatusCode.Gone, await tus.StatusAsync("HEAD", regretted));
        await IsAsync(HttpStatusCode.NoContent, () => tus.SendAsync("DELETE", unwanted, content: null));
        await IsAsync(HttpStatusCode.InsufficientStorage, () => ann.Http.DeleteAsync("/api/session", Cancel));
        await IsAsync(HttpStatusCode.OK, () => ann.Http.GetAsync("/api/rooms/Lobby/messages", Cancel));

        disk.Empty();
        await LookAtDiskAsync(app);
        Assert.Equal(["cancelled", "cancelled", "ready"], (await StatesAsync(ann)).Order(StringComparer.Ordinal));
        Assert.Equal(100, await tus.OffsetAsync(whole));
        Assert.Equal(new byte[100], await tus.DownloadAsync(whole));
        Assert.Empty(TestFiles.PartialIn(app.DownloadsDirectory));
        await ann.SayAsync("after");
        using var bob = await ApiClient.SignInAsync(app, "Bob");
        await bob.CreateRoomAsync("Another");
        await IsAsync(HttpStatusCode.NoContent, () => ann.Http.DeleteAsync("/api/session", Cancel));
    }

    [Fact]
    public async Task Start_without_room_lets_people_in_and_finishes_later_what_was_whole()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 8000, files: 100);
        Assert.SkipWhen(disk is null, NoDisk);
        await using var app = await StartOnAsync(disk!);
        using var ann = await ApiClient.SignInAsync(app, "Ann");
        var tus = new TusClient(app, ann.Http);
        await ann.SayAsync("before");
        var whole = await tus.CreateAsync("whole", 100);
        await FillAsync(disk, ann);
        await IsAsync(HttpStatusCode.ServiceUnavailable, () => tus.AppendAsync(whole, 0, TusClient.Part(new byte[100])));
        await app.StopAsync();
        disk.Empty();
        await TidyAsync(disk);
        // For the index that SQLite makes beside its log, and not for what is written into the log.
        disk.FillTo(freeKilobytes: 40);

        await app.StartAgainAsync();
        await IsAsync(HttpStatusCode.InsufficientStorage, () => ann.PostAsync("/api/rooms/Lobby/messages", LongMessage()));
        Assert.Contains("uploading", await StatesAsync(ann));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await tus.StatusAsync("HEAD", whole));

        disk.Empty();
        await LookAtDiskAsync(app);
        Assert.Equal(["ready"], await StatesAsync(ann));
        Assert.Equal(new byte[100], await tus.DownloadAsync(whole));
        Assert.Empty(TestFiles.PartialIn(app.DownloadsDirectory));
    }

    /// <summary>Until the database takes nothing more: its log may have pages at hand that it can use again.</summary>
    private static async Task FillAsync(TinyDisk disk, ApiClient client)
    {
        disk.Fill();
        await Eventually.TrueAsync(async () =>
        {
            using var response = await client.PostAsync("/api/rooms/Lobby/messages", LongMessage());
            return response.StatusCode == HttpStatusCode.InsufficientStorage;
        });
    }

    private static string LongMessage() => JsonSerializer.Serialize(new { text = new string('x', 15_000), clientId = Make.ClientId() });

    /// <summary>What had no room to be brought in from the log when the program stopped is brought in, and the log is gone.</summary>
    private static async Task TidyAsync(TinyDisk disk)
    {
        var database = new SqliteConnectionStringBuilder { DataSource = Path.Combine(disk.Path, "chatshare.db"), Pooling = false };
        await using var connection = new SqliteConnection(database.ToString());
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE);";
        await command.ExecuteNonQueryAsync(Cancel);
        await connection.CloseAsync();
        // A file that was deleted takes its room until the last who has it open lets it go: the program stops within this process.
        await Eventually.TrueAsync(() => Task.FromResult(!OpenFiles().Any(file => file.StartsWith(disk.Path, StringComparison.Ordinal))));
    }

    private static IEnumerable<string> OpenFiles() =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(file => new FileInfo(file).LinkTarget ?? "");

    private static Task LookAtDiskAsync(RunningApp app) =>
        app.Services.GetServices<IHostedService>().OfType<UploadClock>().Single().LookAtDiskAsync(Cancel);

    private static async Task IsAsync(HttpStatusCode expected, Func<Task<HttpResponseMessage>> act)
    {
        using var response = await act();
        var body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == response.StatusCode, $"{response.RequestMessage!.Method} {response.RequestMessage.RequestUri}: {response.StatusCode} {body}");
        if (expected == HttpStatusCode.ServiceUnavailable)
            Assert.NotNull(response.Headers.RetryAfter);
        if (expected is HttpStatusCode.InsufficientStorage or HttpStatusCode.ServiceUnavailable)
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
