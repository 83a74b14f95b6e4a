using System.Runtime.Versioning;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Files;

/// <summary>One content for all files that are equal, there as long as one of them needs it; what a crash left is cleared at start.</summary>
public sealed class StoredContentTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Equal_files_are_one_content_that_stays_until_the_last_is_deleted()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var root = await host.AdministratorAsync(token);
        var content = Make.Bytes(5000);
        var first = await host.ShareAsync(anna, "one.bin", content, token);
        var second = await host.ShareAsync(anna, "two.bin", content, token);
        Assert.Equal([Make.Sha256(content)], host.Contents());
        Assert.Empty(host.PartialFiles());

        await host.Get<FileRemoval>().DeleteAsync(first.Id, root, token);
        Assert.Equal([Make.Sha256(content)], host.Contents());
        var files = host.Get<FileDirectory>();
        Assert.Null(await files.FindAsync(first.Id, root, token));
        Assert.Equal(content, await File.ReadAllBytesAsync((await files.FindAsync(second.Id, root, token))!.Path, token));

        await host.Get<FileRemoval>().DeleteAsync(second.Id, root, token);
        Assert.Empty(host.Contents());
        Assert.All(
            (await host.AllAsync(host.Lobby, token)).SelectMany(m => m.Files),
            file => Assert.Equal((FileState.Deleted, null), (file.State, file.Sha256)));
        // The same bytes again are a new content.
        var third = await host.ShareAsync(anna, "three.bin", content, token);
        Assert.Equal(content, await File.ReadAllBytesAsync((await files.FindAsync(third.Id, root, token))!.Path, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Equal_files_that_come_and_go_at_once_never_lose_a_content_that_is_needed()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var root = await host.AdministratorAsync(token);
        var content = Make.Bytes(5000);
        var goes = await host.ShareAsync(anna, "0", content, token);
        for (var i = 1; i < 40; i++)
        {
            var comes = await host.OfferAsync(anna, $"{i}", content.Length, token);
            await Task.WhenAll(
                host.Get<FileRemoval>().DeleteAsync(goes.Id, root, token),
                Task.Run(() => comes.AppendAsync(0, new MemoryStream(content), token), token));
            Assert.Equal([Make.Sha256(content)], host.Contents());
            goes = comes;
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Deleting_a_message_takes_its_text_its_files_and_its_uploads()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        var root = await host.AdministratorAsync(token);
        var uploads = await host.Uploads.BeginAsync(anna, [Make.File("done", 3), Make.File("running", 9)], Make.ClientId(), token);
        await uploads[0].AppendAsync(0, new MemoryStream([1, 2, 3]), token);
        var source = new ScriptedStream(new byte[5], [1], ScriptedStream.Ending.Stalls);
        var append = uploads[1].AppendAsync(0, source, token);
        await source.Drained.WaitAsync(token);
        var text = await anna.SayAsync("a secret", token);

        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => host.Get<FileRemoval>().DeleteMessageAsync(host.Lobby, text.Number, bert.Session.Participant.Session, token));
        Assert.Equal(RefusalKind.NotPermitted, refused.Kind);
        await host.Get<FileRemoval>().DeleteMessageAsync(host.Lobby, 1, root, token);
        // One's own needs no administrator.
        await host.Get<FileRemoval>().DeleteMessageAsync(host.Lobby, text.Number, anna.Participant.Session, token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        Assert.Empty(host.Contents());
        Assert.Empty(host.PartialFiles());
        await bert.UntilMessageAsync(m => m.Deleted && m.Number == text.Number, token);
        var log = await host.AllAsync(host.Lobby, token);
        Assert.All(log, m => Assert.Equal((true, ""), (m.Deleted, m.Text)));
        Assert.All(log[0].Files, file => Assert.Equal((FileState.Deleted, null), (file.State, file.Sha256)));
        Assert.Equal([text.Number, 1L], log.OrderByDescending(m => m.Changed).Select(m => m.Number));
        refused = await Assert.ThrowsAsync<RefusedException>(() => host.Get<FileRemoval>().DeleteMessageAsync(host.Lobby, 1, root, token));
        Assert.Equal(RefusalKind.NotFound, refused.Kind);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Files_that_join_a_message_while_it_is_deleted_go_with_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var who = anna.Participant.Session;
        var root = await host.AdministratorAsync(token);
        await CreateAsync("first");
        Upload ending, waiting;
        Task deletion, append;
        using (await host.Get<StoredContents>().HoldAsync(token))
        {
            deletion = host.Get<FileRemoval>().DeleteMessageAsync(host.Lobby, 1, root, token);
            ending = await CreateAsync("ending");
            waiting = await CreateAsync("waiting");
            await waiting.AppendAsync(0, new MemoryStream([1]), token);
            append = ending.AppendAsync(0, new MemoryStream([1, 2, 3]), token);
        }

        await deletion;
        // Called off before it has the contents, or gone with its message when it has them.
        Assert.True(await Record.ExceptionAsync(() => append) is OperationCanceledException or RefusedException { Kind: RefusalKind.Gone });

        Assert.False(waiting.IsUnderWay);
        Assert.Empty(host.Uploads.Active);
        Assert.Empty(host.Contents());
        Assert.Empty(host.PartialFiles());
        var message = Assert.Single(await host.AllAsync(host.Lobby, token));
        Assert.Equal((true, 3), (message.Deleted, message.Files.Count(file => file is { State: FileState.Deleted, Sha256: null })));
        Assert.Empty(await host.Get<FileDirectory>().InRoomAsync(host.Lobby, null, who, token));

        Task<Upload> CreateAsync(string name) => host.Uploads.CreateAsync(host.Lobby, who, Core.People.Door.Api, Make.File(name, 3), "batch", token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Sending_a_damaged_file_again_heals_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var content = Make.Bytes(5000);
        var file = await host.ShareAsync(anna, "one", content, token);
        var path = host.Get<DownloadStore>().ContentPath(file.File.Sha256!);
        await File.WriteAllBytesAsync(path, new byte[5000], token);

        await host.ShareAsync(anna, "two", content, token);

        Assert.Equal(content, await File.ReadAllBytesAsync(path, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Database_that_takes_nothing_stops_no_start_and_forgets_no_end()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.EnterAsync("anna", token);
        var bert = (await host.JoinAsync("bert", token)).Id;
        var content = Make.Bytes(100);
        var cancelled = await host.OfferAsync(anna, "cancelled", 100, token);
        await cancelled.AppendAsync(0, new MemoryStream(content[..50]), token);
        var almost = await host.OfferAsync(anna, "almost", 100, token);
        await almost.AppendAsync(0, new MemoryStream(content[..99]), token);
        var store = host.Get<DownloadStore>();
        await File.WriteAllBytesAsync(store.PartialPath(almost.Id), content, token);
        store.Adopt(almost.Id, Make.Sha256(content));
        await ExecuteAsync("""CREATE TRIGGER "Full" BEFORE UPDATE ON "Files" BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END""");
        await cancelled.CancelAsync(anna.Participant.Session, token);
        await anna.DisposeAsync();

        await host.RestartAsync(token);
        await using var reader = await host.EnterAsync((await host.Sessions.FindAsync(bert, token))!, token);
        Assert.Equal(2, reader.Backlog.Messages.Length);
        await ExecuteAsync("""DROP TRIGGER "Full" """);
        await host.RestartAsync(token);

        var files = (await host.AllAsync(host.Lobby, token)).SelectMany(m => m.Files).ToDictionary(file => file.Name, file => file.State);
        Assert.Equal((FileState.Cancelled, FileState.Ready), (files["cancelled"], files["almost"]));
        Assert.Empty(host.PartialFiles());

        async Task ExecuteAsync(string sql)
        {
            await using var db = await host.OpenDatabaseAsync(token);
            await db.Database.ExecuteSqlRawAsync(sql, token);
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task File_that_becomes_ready_while_it_is_deleted_is_deleted()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var root = await host.AdministratorAsync(token);
        for (var i = 0; i < 60; i++)
        {
            var upload = await host.OfferAsync(anna, $"{i}", 1000, token);
            var append = Task.Run(() => upload.AppendAsync(0, new MemoryStream(Make.Bytes(1000, i)), token), token);
            // At another moment of its end each time.
            for (var wait = 0; wait < i * 50 && upload.Received < 1000; wait++)
                await Task.Yield();
            await (i % 2 == 0
                ? host.Get<FileRemoval>().DeleteAsync(upload.Id, root, token)
                : host.Get<FileRemoval>().DeleteMessageAsync(host.Lobby, (await NewestAsync()).Number, root, token));
            try
            {
                await append;
            }
            catch (Exception e) when (e is RefusedException or OperationCanceledException)
            {
                Assert.NotEqual(FileState.Ready, upload.File.State);
            }

            Assert.Contains((await NewestAsync()).Files[0].State, new[] { FileState.Deleted, FileState.Cancelled });
            Assert.Empty(host.Contents());
            Assert.Empty(host.PartialFiles());
        }

        async Task<Core.Rooms.ChatMessage> NewestAsync() => (await host.AllAsync(host.Lobby, token))[^1];
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Start_goes_on_with_uploads_of_people_who_are_still_here_and_clears_up_after_the_others_alone()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.EnterAsync("anna", token);
        var bert = await host.EnterAsync("bert", token);
        var content = Make.Bytes(100);
        var whole = await host.ShareAsync(anna, "whole", Make.Bytes(100, seed: 2), token);
        var half = await host.OfferAsync(anna, "half", 100, token);
        await half.AppendAsync(0, new MemoryStream(content[..50]), token);
        var lost = await host.OfferAsync(bert, "lost", 100, token);
        await lost.AppendAsync(0, new MemoryStream(content[..70]), token);
        // With a new or an older database in front of it, the folder holds what that one does not know of.
        var orphan = Make.Sha256([1, 2, 3]);
        var folder = Path.Combine(host.Downloads, "files", orphan[..2]);
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(Path.Combine(folder, orphan), [1, 2, 3], token);
        var others = FileId.New().ToString();
        await File.WriteAllBytesAsync(Path.Combine(host.Downloads, "partial", others), [1], token);
        var berts = bert.Participant.Session.Id;
        await using (var db = await host.OpenDatabaseAsync(token))
            await db.Sessions.Where(session => session.Id == berts).ExecuteUpdateAsync(set => set.SetProperty(session => session.EndedAt, DateTimeOffset.UtcNow), token);

        await host.RestartAsync(token);

        Assert.Equal(new[] { half.Id.ToString(), others }.Order(), host.PartialFiles().Select(path => Path.GetFileName(path)!).Order());
        Assert.Equal(new[] { whole.File.Sha256!, orphan }.Order(), host.Contents().Order());
        var files = (await host.AllAsync(host.Lobby, token)).SelectMany(m => m.Files).ToDictionary(file => file.Name);
        Assert.Equal(whole.File, files["whole"]);
        Assert.Equal((FileState.Failed, FileState.Uploading), (files["lost"].State, files["half"].State));
        Assert.NotEmpty(files["lost"].Failure!);

        var annaAgain = (await host.Sessions.FindAsync(anna.Participant.Session.Id, token))!;
        var (found, _) = await host.Uploads.FindOwnAsync(half.Id, annaAgain, token);
        Assert.Equal((50L, true), (found!.Received, found.Progress.IsPaused));
        await found.AppendAsync(annaAgain, 50, new MemoryStream(content[50..]), checksum: null, token);
        Assert.Equal((FileState.Ready, Make.Sha256(content)), (found.File.State, found.File.Sha256));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_crash_between_the_rename_and_the_row_loses_nothing()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.EnterAsync("anna", token);
        var content = Make.Bytes(100);
        var upload = await host.OfferAsync(anna, "almost", 100, token);
        await upload.AppendAsync(0, new MemoryStream(content[..99]), token);
        // What the program does with the last byte, up to the point where it dies.
        var store = host.Get<DownloadStore>();
        await File.WriteAllBytesAsync(store.PartialPath(upload.Id), content, token);
        store.Adopt(upload.Id, Make.Sha256(content));
        await anna.DisposeAsync();

        await host.RestartAsync(token);

        var file = (await host.AllAsync(host.Lobby, token)).Single().Files.Single();
        Assert.Equal((FileState.Ready, Make.Sha256(content)), (file.State, file.Sha256));
        Assert.Equal([Make.Sha256(content)], host.Contents());
        Assert.Empty(host.PartialFiles());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Content_that_cannot_be_deleted_holds_up_no_other()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var store = host.Get<DownloadStore>();
        var names = Enumerable.Range(0, 5).Select(seed => Make.Sha256(Make.Bytes(10, seed))).ToArray();
        foreach (var name in names)
        {
            var path = store.ContentPath(name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (name == names[2])
                Directory.CreateDirectory(path);
            else
                await File.WriteAllBytesAsync(path, [1], token);
            store.Condemn(name);
        }

        await host.Get<StoredContents>().RepairAsync(token);

        Assert.Empty(host.Contents());
        Assert.Equal([names[2]], store.Condemned());
    }

    [Fact(Timeout = Make.Patience)]
    [UnsupportedOSPlatform("windows")]
    public async Task Hold_of_somebody_who_gives_no_rights_can_be_looked_at_by_others()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var hold = Path.Combine(host.Downloads, "backup.lock");
        await File.WriteAllBytesAsync(hold, [], token);
        File.SetUnixFileMode(hold, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        using (await host.Get<DownloadStore>().Deletions.HoldAsync(token))
            Assert.True(File.GetUnixFileMode(hold).HasFlag(UnixFileMode.OtherRead));
    }
}
