using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>Content that its sender can read here already is not sent again, and whatever else happens meanwhile, nothing is lost.</summary>
public sealed class AlreadyHereTests
{
    private static readonly byte[] Content = Make.Bytes(300_001);
    private static readonly string Sha256 = Make.Sha256(Content);

    [Theory(Timeout = Make.Patience)]
    [InlineData(0)]
    [InlineData(120_000)]
    public async Task Upload_of_it_becomes_the_file_and_whoever_reads_along_gets_all_of_it(int sent)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        await host.ShareAsync(anna, "first.bin", Content, token);
        var second = await host.OfferAsync(bert.Session, "second.bin", Content.Length, token);
        var source = new ScriptedStream(Content.AsMemory(0, sent), [7_000], ScriptedStream.Ending.Stalls);
        var append = second.AppendAsync(0, source, token);
        await source.Drained.WaitAsync(token);
        await using var relayed = (await host.Get<FileDirectory>().OpenArrivingAsync(second.Id, anna.Participant.Session, token))!;
        var got = new MemoryStream();
        using var download = host.Get<ActiveDownloads>().Begin(second.File, anna.Participant.Session, Door.Browser, Content.Length, isShown: false, token);
        var reading = relayed.CopyAsync(0, Content.Length, got, download);

        Assert.True(await TryAsync(host, second, bert.Session));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        await reading;
        Assert.Equal(Content, got.ToArray());
        Assert.Equal((FileState.Ready, Sha256, Content.Length), (second.File.State, second.File.Sha256, second.Received));
        await bert.UntilMessageAsync(m => m.Files is [{ State: FileState.Ready, Name: "second.bin" }], token);
        Assert.Equal([Sha256], host.Contents());
        Assert.Empty(host.PartialFiles());
        Assert.Null(host.Uploads.Find(second.Id));
        // Told twice it is the same answer.
        Assert.True(await TryAsync(host, second, bert.Session));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_cannot_be_read_is_not_here_and_the_upload_goes_on()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var root = await host.AdministratorAsync(token);
        var deleted = await host.ShareAsync(anna, "deleted", Content, token);
        await host.Get<FileRemoval>().DeleteAsync(deleted.Id, root, token);
        var withMessage = Make.Bytes(1000, seed: 2);
        await host.ShareAsync(anna, "with its message", withMessage, token);
        await host.Get<FileRemoval>().DeleteMessageAsync(host.Lobby, (await host.AllAsync(host.Lobby, token))[^1].Number, root, token);
        var underWay = await host.OfferAsync(anna, "under way", Content.Length, token);
        await underWay.AppendAsync(0, new MemoryStream(Content[..^1]), token);
        var shorter = await host.ShareAsync(anna, "shorter", Content[..1000], token);
        // On disk, and nobody's.
        var orphan = Make.Bytes(Content.Length, seed: 3);
        var folder = Path.Combine(host.Downloads, "files", Make.Sha256(orphan)[..2]);
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(Path.Combine(folder, Make.Sha256(orphan)), orphan, token);

        var upload = await host.OfferAsync(anna, "again", Content.Length, token);
        await upload.AppendAsync(0, new MemoryStream(Content[..500]), token);
        foreach (var sha256 in new[] { Sha256, Make.Sha256(withMessage), shorter.File.Sha256!, Make.Sha256(orphan), new string('0', 64) })
            Assert.False(await host.Get<AlreadyHere>().TryFinishAsync(upload.Id, sha256, anna.Participant.Session, token));

        await upload.AppendAsync(500, new MemoryStream(Content[500..]), token);
        Assert.Equal((FileState.Ready, Sha256), (upload.File.State, upload.File.Sha256));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Same_length_is_told_of_readable_files_that_are_worth_it_alone()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var root = await host.AdministratorAsync(token);
        var here = host.Get<AlreadyHere>();
        var large = new byte[AlreadyHere.LeastBytes + 1];
        var small = Content[..1000];
        await host.ShareAsync(anna, "small", small, token);
        await host.OfferAsync(anna, "under way", large.Length, token);
        Assert.Empty(await here.SameLengthsAsync([small.Length], anna.Participant.Session, token));
        Assert.Empty(await here.SameLengthsAsync([large.Length], anna.Participant.Session, token));

        var shared = await host.ShareAsync(anna, "large", large, token);
        var bert = await host.JoinAsync("bert", token);
        Assert.Equal([large.Length], await here.SameLengthsAsync([large.Length - 1, large.Length, large.Length, small.Length], bert, token));
        Assert.Empty(await here.SameLengthsAsync([large.Length - 1], bert, token));
        await host.Sessions.EndAsync(bert.Id, reason: null, token);
        Assert.Empty(await here.SameLengthsAsync([large.Length], bert, token));
        await host.Get<FileRemoval>().DeleteAsync(shared.Id, root, token);
        Assert.Empty(await here.SameLengthsAsync([large.Length], anna.Participant.Session, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_begins_otherwise_than_it_is_said_to_be_goes_on_by_its_bytes()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await host.ShareAsync(anna, "first", Content, token);
        var other = Make.Bytes(Content.Length, seed: 2);
        var upload = await host.OfferAsync(anna, "other", other.Length, token);
        await upload.AppendAsync(0, new MemoryStream(other[..1000]), token);

        Assert.False(await TryAsync(host, upload, anna));

        Assert.Equal((1000, true), (upload.Received, upload.IsUnderWay));
        await upload.AppendAsync(1000, new MemoryStream(other[1000..]), token);
        Assert.Equal(Make.Sha256(other), upload.File.Sha256);
        // It has become something else than is said now.
        var refused = await Assert.ThrowsAsync<RefusedException>(() => TryAsync(host, upload, anna));
        Assert.Equal(RefusalKind.Conflict, refused.Kind);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Only_its_sender_says_so_and_only_while_they_are_here()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = await host.EnterAsync("bert", token);
        await host.ShareAsync(anna, "first", Content, token);
        var upload = await host.OfferAsync(anna, "second", Content.Length, token);

        Assert.Equal(RefusalKind.NotPermitted, (await Assert.ThrowsAsync<RefusedException>(() => TryAsync(host, upload, bert))).Kind);
        await host.Sessions.EndAsync(anna.Participant.Session.Id, "Disconnected.", token);
        Assert.Equal(RefusalKind.SessionEnded, (await Assert.ThrowsAsync<RefusedException>(() => TryAsync(host, upload, anna))).Kind);
        await upload.Ended.WaitAsync(token);
        Assert.Equal(FileState.Failed, upload.File.State);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Last_byte_digest_deletion_and_cancelling_at_once_leave_a_whole_file_or_none()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var root = await host.AdministratorAsync(token);
        var store = host.Get<DownloadStore>();
        var goes = await host.ShareAsync(anna, "0", Content, token);
        for (var i = 1; i < 40; i++)
        {
            var upload = await host.OfferAsync(anna, $"{i}", Content.Length, token);
            var half = i % 3 == 0 ? 0 : 200_000;
            await upload.AppendAsync(0, new MemoryStream(Content[..half]), token);
            await Task.WhenAll(
                Task.Run(() => host.Get<FileRemoval>().DeleteAsync(goes.Id, root, token), token),
                Task.Run(() => QuietlyAsync(() => upload.AppendAsync(half, new MemoryStream(Content[half..]), token)), token),
                Task.Run(() => QuietlyAsync(() => TryAsync(host, upload, anna)), token),
                Task.Run(() => QuietlyAsync(() => TryAsync(host, upload, anna)), token),
                Task.Run(() => i % 5 == 0 ? upload.CancelAsync(anna.Participant.Session, token) : Task.CompletedTask, token));
            // Broken off by a digest whose content was deleted a moment later, it goes on.
            if (upload.IsUnderWay)
                await upload.AppendAsync(upload.Received, new MemoryStream(Content[(int)upload.Received..]), token);

            Assert.False(File.Exists(store.PartialPath(upload.Id)));
            if (upload.File.State == FileState.Ready)
                Assert.Equal(Content, await File.ReadAllBytesAsync(store.ContentPath(upload.File.Sha256!), token));
            else
                Assert.Equal((FileState.Cancelled, 0), (upload.File.State, host.Contents().Count));
            goes = upload.File.State == FileState.Ready ? upload : await host.ShareAsync(anna, "next", Content, token);
        }

        Assert.Empty(host.Errors);

        static async Task QuietlyAsync(Func<Task> act)
        {
            try
            {
                await act();
            }
            catch (Exception e) when (e is RefusedException or OperationCanceledException)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_crash_before_the_row_says_so_loses_nothing()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.EnterAsync("anna", token);
        await host.ShareAsync(anna, "first", Content, token);
        var upload = await host.OfferAsync(anna, "second", Content.Length, token);
        await upload.AppendAsync(0, new MemoryStream(Content[..1000]), token);
        // What the program does up to the point where it dies.
        host.Get<DownloadStore>().NoteAdopted(upload.Id, Sha256);
        await anna.DisposeAsync();

        await host.RestartAsync(token);

        var files = (await host.AllAsync(host.Lobby, token)).SelectMany(m => m.Files);
        Assert.All(files, file => Assert.Equal((FileState.Ready, Sha256), (file.State, file.Sha256)));
        Assert.Equal([Sha256], host.Contents());
        Assert.Empty(host.PartialFiles());
    }

    private static Task<bool> TryAsync(CoreHost host, Upload upload, RoomSession who) =>
        host.Get<AlreadyHere>().TryFinishAsync(upload.Id, Sha256, who.Participant.Session, TestContext.Current.CancellationToken);
}
