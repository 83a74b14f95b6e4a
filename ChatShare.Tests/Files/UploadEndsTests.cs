using System.Net;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Tests.Files;

/// <summary>Ends of uploads that the database does not take for a while: of the whole ones, and of those that become nothing.</summary>
public sealed class UploadEndsTests
{
    private const string Allowing = """DROP TRIGGER "Full" """;

    private static readonly byte[] Content = Make.Bytes(100);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_cannot_be_recorded_at_a_start_either_is_recorded_by_that_run()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        var anna = await host.EnterAsync("anna", Cancel);
        var unwanted = await host.OfferAsync(anna, "unwanted", 100, Cancel);
        await RefuseAsync(host);
        await SendWholeAsync(await host.OfferAsync(anna, "whole", 100, Cancel));
        await host.Uploads.CancelAsync(unwanted.Id, anna.Participant.Session, Cancel);
        await anna.DisposeAsync();
        await host.RestartAsync(Cancel);
        Assert.Equal([("unwanted", FileState.Uploading), ("whole", FileState.Uploading)], await StatesAsync(host));

        await AllowAsync(host);
        await host.UploadClock.LookAtDiskAsync(Cancel);

        Assert.Equal([("unwanted", FileState.Cancelled), ("whole", FileState.Ready)], await StatesAsync(host));
        Assert.Empty(host.PartialFiles());
        Assert.Equal([Make.Sha256(Content)], host.Contents());
    }

    [Theory]
    [InlineData(FileState.Failed)]
    [InlineData(FileState.Cancelled)]
    [InlineData(FileState.Uploading)]
    public async Task What_is_a_file_cannot_become_an_upload_that_has_failed(FileState state)
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var anna = await host.EnterAsync("anna", Cancel);
        var file = (await host.ShareAsync(anna, "whole", Content, Cancel)).File;

        // As by another object of the same upload, which had not heard of it.
        var told = await host.Get<MessageLog>().AppendAsync(
            new LogEntry.ChangeFile(host.Lobby, file with { State = state, Sha256 = null, Failure = "The sender left." }), Cancel);

        Assert.Equal(file, told.Files.Single());
        Assert.Equal(file, (await host.AllAsync(host.Lobby, Cancel)).Single().Files.Single());
    }

    [Fact]
    public async Task Sender_of_what_is_whole_is_told_to_wait_until_it_is_the_file()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        var anna = await host.JoinAsync("anna", Cancel);
        var bert = await host.JoinAsync("bert", Cancel);
        var request = Make.File("whole", 100) with { ClientId = Make.ClientId() };
        var upload = await CreateAsync();
        await RefuseAsync(host);
        await SendWholeAsync(upload);

        Assert.Equal(RefusalKind.NotYet, await RefusalAsync(() => host.Uploads.FindOwnAsync(upload.Id, anna, Cancel)));
        Assert.Equal(RefusalKind.NotYet, await RefusalAsync(CreateAsync));
        Assert.Equal(RefusalKind.NotPermitted, await RefusalAsync(() => host.Uploads.FindOwnAsync(upload.Id, bert, Cancel)));
        // Whoever wants to read it is told the same, and not that there is no such file.
        Assert.Equal(RefusalKind.NotYet, await RefusalAsync(() => host.Get<FileDirectory>().FindAsync(upload.Id, bert, Cancel)));
        await AllowAsync(host);
        await host.UploadClock.LookAtDiskAsync(Cancel);

        var (_, file) = await host.Uploads.FindOwnAsync(upload.Id, anna, Cancel);
        Assert.Equal((FileState.Ready, Make.Sha256(Content)), (file.State, file.Sha256));
        Assert.Equal(file, await host.Uploads.FindReadyAsync(anna, request.ClientId, Cancel));
        Assert.Equal(file, (await host.Get<FileDirectory>().FindAsync(upload.Id, bert, Cancel))!.File);

        Task<Upload> CreateAsync() => host.Uploads.CreateAsync(host.Lobby, anna, Door.Browser, request, batch: null, Cancel);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_whole_and_waits_can_be_called_off(bool restarts)
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        var anna = await host.EnterAsync("anna", Cancel);
        var bert = await host.JoinAsync("bert", Cancel);
        var upload = await host.OfferAsync(anna, "whole", 100, Cancel);
        await RefuseAsync(host);
        await SendWholeAsync(upload);

        Assert.Equal(RefusalKind.NotPermitted, await RefusalAsync(() => host.Uploads.CancelAsync(upload.Id, bert, Cancel)));
        Assert.True(await host.Uploads.CancelAsync(upload.Id, anna.Participant.Session, Cancel));

        // The row may need the space.
        Assert.Empty(host.Contents());
        Assert.Equal(RefusalKind.CalledOff, await RefusalAsync(() => host.Uploads.FindOwnAsync(upload.Id, anna.Participant.Session, Cancel)));
        await anna.DisposeAsync();
        if (restarts)
            await host.RestartAsync(Cancel);
        await AllowAsync(host);
        await host.UploadClock.LookAtDiskAsync(Cancel);
        Assert.Equal([("whole", FileState.Cancelled)], await StatesAsync(host));
        Assert.Empty(host.PartialFiles());
        Assert.False(await host.Uploads.CancelAsync(upload.Id, bert, Cancel));
    }

    [Fact]
    public async Task What_was_called_off_when_the_program_died_stays_so()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        var anna = await host.EnterAsync("anna", Cancel);
        var upload = await host.OfferAsync(anna, "whole", 100, Cancel);
        await RefuseAsync(host);
        await SendWholeAsync(upload);
        // The first thing that calling it off does.
        host.Get<DownloadStore>().NoteEnd(upload.Id, FileState.Cancelled, failure: null);
        await anna.DisposeAsync();
        await AllowAsync(host);
        await host.RestartAsync(Cancel);

        Assert.Equal([("whole", FileState.Cancelled)], await StatesAsync(host));
        Assert.Empty(host.PartialFiles());
        Assert.Empty(host.Contents());
    }

    [Fact]
    public async Task Sweep_leaves_the_note_of_an_end_that_waits()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        var anna = await host.EnterAsync("anna", Cancel);
        await RefuseAsync(host);
        await SendWholeAsync(await host.OfferAsync(anna, "whole", 100, Cancel));
        foreach (var note in host.PartialFiles())
            File.SetLastWriteTimeUtc(note, DateTime.UnixEpoch);
        await host.SweepUploadsAsync();
        await anna.DisposeAsync();
        await AllowAsync(host);
        await host.RestartAsync(Cancel);

        Assert.Equal([("whole", FileState.Ready)], await StatesAsync(host));
    }

    [Fact]
    public async Task End_that_cannot_be_recorded_holds_up_no_other()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var anna = await host.EnterAsync("anna", Cancel);
        await RefuseAsync(host);
        // Among so many some stand in front of others, in whatever order they are tried.
        for (var i = 0; i < 5; i++)
        {
            await host.Uploads.CancelAsync((await host.OfferAsync(anna, "bad", 100, Cancel)).Id, anna.Participant.Session, Cancel);
            await host.Uploads.CancelAsync((await host.OfferAsync(anna, "good", 100, Cancel)).Id, anna.Participant.Session, Cancel);
        }

        var whole = await host.OfferAsync(anna, "whole", 100, Cancel);
        await SendWholeAsync(whole);
        await AllowAsync(host);
        await RefuseAsync(host, name: "bad");
        await using (new FileStream(host.Get<DownloadStore>().ContentPath(Make.Sha256(Content)), FileMode.Open, FileAccess.Read, FileShare.None))
            await host.UploadClock.LookAtDiskAsync(Cancel);

        var states = (await StatesAsync(host)).ToLookup(file => file.Name, file => file.State);
        Assert.All(states["good"], state => Assert.Equal(FileState.Cancelled, state));
        Assert.All(states["bad"].Concat(states["whole"]), state => Assert.Equal(FileState.Uploading, state));
        await AllowAsync(host);
        await host.UploadClock.LookAtDiskAsync(Cancel);
        states = (await StatesAsync(host)).ToLookup(file => file.Name, file => file.State);
        Assert.All(states["bad"], state => Assert.Equal(FileState.Cancelled, state));
        Assert.Equal([FileState.Ready], states["whole"]);
    }

    [Fact]
    public async Task End_whose_note_cannot_be_written_is_recorded_all_the_same()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var anna = await host.EnterAsync("anna", Cancel);
        var upload = await host.OfferAsync(anna, "unwanted", 100, Cancel);
        await RefuseAsync(host);
        // Where the note belongs.
        Directory.CreateDirectory(host.Get<DownloadStore>().PartialPath(upload.Id) + ".ended");
        await host.Uploads.CancelAsync(upload.Id, anna.Participant.Session, Cancel);
        await AllowAsync(host);
        await host.UploadClock.LookAtDiskAsync(Cancel);

        Assert.Equal([("unwanted", FileState.Cancelled)], await StatesAsync(host));
    }

    [Fact]
    public async Task Disk_that_does_not_answer_holds_up_no_end()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var anna = await host.EnterAsync("anna", Cancel);
        var upload = await host.OfferAsync(anna, "unwanted", 100, Cancel);
        await RefuseAsync(host);
        await host.Uploads.CancelAsync(upload.Id, anna.Participant.Session, Cancel);
        await AllowAsync(host);
        // The folder whose disk is looked at.
        Directory.Delete(Path.Combine(host.Downloads, "files"));

        await Assert.ThrowsAnyAsync<IOException>(() => host.UploadClock.LookAtDiskAsync(Cancel));
        Assert.Equal([("unwanted", FileState.Cancelled)], await StatesAsync(host));
    }

    [Fact]
    public async Task Equal_file_that_is_deleted_leaves_the_content_of_one_that_waits()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var anna = await host.EnterAsync("anna", Cancel);
        var root = await host.AdministratorAsync(Cancel);
        var first = await host.ShareAsync(anna, "first", Content, Cancel);
        await RefuseAsync(host, name: "second");
        var second = await host.OfferAsync(anna, "second", 100, Cancel);
        await SendWholeAsync(second);
        await host.Get<FileRemoval>().DeleteAsync(first.Id, root, Cancel);
        await AllowAsync(host);

        using (await host.Get<StoredContents>().HoldAsync(Cancel))
        {
            var look = host.UploadClock.LookAtDiskAsync(Cancel);
            // Whatever is written was asked for before this.
            await anna.SayAsync("meanwhile", Cancel);
            await anna.SayAsync("and again", Cancel);
            // From its look at the content to its row nobody may delete an equal one.
            Assert.Contains(("second", FileState.Uploading), await StatesAsync(host));
            Assert.False(look.IsCompleted);
        }

        await host.UploadClock.LookAtDiskAsync(Cancel);
        Assert.Contains(("second", FileState.Ready), await StatesAsync(host));
        Assert.Equal([Make.Sha256(Content)], host.Contents());
        await host.Get<FileRemoval>().DeleteAsync(second.Id, root, Cancel);
        Assert.Empty(host.Contents());
    }

    [Fact]
    public async Task Administrator_deletes_what_is_whole_and_waits()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var anna = await host.EnterAsync("anna", Cancel);
        var root = await host.AdministratorAsync(Cancel);
        var upload = await host.OfferAsync(anna, "whole", 100, Cancel);
        await RefuseAsync(host);
        await SendWholeAsync(upload);
        await AllowAsync(host);
        await host.Get<FileRemoval>().DeleteAsync(upload.Id, root, Cancel);

        Assert.Equal([("whole", FileState.Cancelled)], await StatesAsync(host));
        Assert.Empty(host.Contents());
        Assert.Empty(host.PartialFiles());
    }

    [Fact]
    public async Task Creation_that_brought_all_bytes_is_told_where_they_wait()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        await using var db = await app.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel);
        await db.Database.ExecuteSqlRawAsync(Refusing(name: null), Cancel);
        using var created = await tus.SendAsync(
            "POST", "/uploads", TusClient.Part([1, 2, 3]), ("Upload-Length", "3"), ("Upload-Metadata", TusClient.Metadata("whole")));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, created.StatusCode);
        // Whoever hears it lets go of their copy.
        Assert.False(created.Headers.Contains("Upload-Offset"));
        await db.Database.ExecuteSqlRawAsync(Allowing, Cancel);
        await app.Services.GetServices<IHostedService>().OfType<UploadClock>().Single().LookAtDiskAsync(Cancel);
        Assert.Equal(3, await tus.OffsetAsync(created.Headers.Location!.OriginalString));
    }

    /// <summary>All of it arrives, and the database does not take its end.</summary>
    private static async Task SendWholeAsync(Upload upload) =>
        Assert.Equal(RefusalKind.NotYet, await RefusalAsync(() => upload.AppendAsync(0, new MemoryStream(Content), Cancel)));

    private static async Task<RefusalKind> RefusalAsync(Func<Task> act) => (await Assert.ThrowsAsync<RefusedException>(act)).Kind;

    /// <summary>From now on the database takes no change of a file, or none of those with this name.</summary>
    private static Task RefuseAsync(CoreHost host, string? name = null) => ExecuteAsync(host, Refusing(name));

    private static Task AllowAsync(CoreHost host) => ExecuteAsync(host, Allowing);

    private static string Refusing(string? name) =>
        $"""CREATE TRIGGER "Full" BEFORE UPDATE ON "Files" {(name is null ? "" : $"""WHEN NEW."Name" = '{name}'""")} BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END""";

    private static async Task ExecuteAsync(CoreHost host, string sql)
    {
        await using var db = await host.OpenDatabaseAsync(Cancel);
        await db.Database.ExecuteSqlRawAsync(sql, Cancel);
    }

    private static async Task<IEnumerable<(string Name, FileState State)>> StatesAsync(CoreHost host) =>
        (await host.AllAsync(host.Lobby, Cancel)).SelectMany(message => message.Files).Select(file => (file.Name, file.State)).Order();
}
