using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Cluster;

/// <summary>Uploads that several nodes could append to, and that only one does, with the real PostgreSQL and Redis and one folder.</summary>
public sealed class UploadLeaseTests : IDisposable
{
    private const int Half = 400_000;

    private static readonly byte[] Content = Make.Bytes(2 * Half);
    private static readonly string Sha256 = Make.Sha256(Content);

    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public UploadLeaseTests() => _patience.CancelAfter(Make.Patience);

    private CancellationToken Cancel => _patience.Token;

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task Contents_are_held_and_space_is_granted_at_one_node_at_a_time()
    {
        await using var nodes = await Nodes.StartAsync(0);
        await nodes.AddAsync(("Limits:PersonBytes", "100"));
        await nodes.AddAsync(("Limits:PersonBytes", "100"));
        var held = await nodes[0].Get<StoredContents>().HoldAsync(Cancel);
        var waits = nodes[1].Get<StoredContents>().HoldAsync(Cancel);
        // Somebody waits for the lock who has not got it.
        await Eventually.TrueAsync(async () => await PostgreSqlServer.AskAsync(
            nodes.Database,
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted") is 1L);
        Assert.False(waits.IsCompleted);
        held.Dispose();
        (await waits).Dispose();

        for (var round = 0; round < 10; round++)
        {
            var here = await nodes[0].JoinAsync($"Both {round}", Cancel);
            var there = await nodes.FindAsync(1, here);
            var outcomes = await Task.WhenAll(Announce(nodes[0], here), Announce(nodes[1], there));
            Assert.Equal([false, true], outcomes.Order());
        }

        Task<bool> Announce(CoreHost node, PersonSession who) => Task.Run(async () =>
        {
            try
            {
                await node.Uploads.BeginAsync(node.Lobby, who, Door.Api, [Make.File("a.bin", 60)], Make.ClientId(), Cancel);
                return true;
            }
            catch (RefusedException e) when (e.Kind == RefusalKind.DiskFull)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task What_is_being_finished_while_its_node_has_lost_it_becomes_the_file_and_nothing_else()
    {
        await using var nodes = await Nodes.StartAsync(1);
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel);
        var upload = await nodes[0].OfferAsync(ann, "a.bin", Content.Length, Cancel);
        var held = await nodes[0].Get<StoredContents>().HoldAsync(Cancel);
        var append = upload.AppendAsync(0, new MemoryStream(Content), Cancel);
        await Eventually.TrueAsync(() => Task.FromResult(upload.Received == Content.Length && !upload.IsUnderWay));
        await PostgreSqlServer.AskAsync(nodes.Database, $"""UPDATE "Nodes" SET "Until" = 1 WHERE "Id" = '{upload.Holder}'""");
        var keeping = nodes[0].KeepLeaseAsync(Cancel);
        await Eventually.TrueAsync(() => Task.FromResult(upload.IsLetGo));

        // Its sender has not heard of the end and asks.
        var refused = await Assert.ThrowsAsync<RefusedException>(() => nodes[0].Uploads.FindOwnAsync(upload.Id, ann.Participant.Session, Cancel));
        Assert.Equal(RefusalKind.Elsewhere, refused.Kind);
        held.Dispose();
        await append;
        await keeping;
        await nodes[0].KeepLeaseAsync(Cancel);

        Assert.Empty(nodes[0].Uploads.Active);
        var file = (await nodes[0].AllAsync(nodes[0].Lobby, Cancel)).Single().Files.Single();
        Assert.Equal((FileState.Ready, Sha256), (file.State, file.Sha256));
        Assert.Equal([Sha256], nodes[0].Contents());
    }

    [Fact]
    public async Task What_comes_in_at_one_node_is_left_alone_by_others_until_that_one_stops_and_goes_on_there_at_once()
    {
        await using var nodes = await Nodes.StartAsync(1);
        var ann = await nodes[0].EnterAsync("Ann", Cancel);
        var upload = await nodes[0].OfferAsync(ann, "a.bin", Content.Length, Cancel);
        var append = await FeedHalfAsync(upload);

        // By its start, by the wishes of time, and by looks that change nothing.
        await nodes.AddAsync();
        await using var bo = new RoomReader(await nodes[1].EnterAsync("Bo", Cancel));
        var annThere = await nodes.FindAsync(1, ann.Participant.Session);
        nodes[1].Clock.Advance(TimeSpan.FromHours(100));
        await nodes[1].SweepUploadsAsync();
        await nodes[1].KeepLeaseAsync(Cancel);
        var own = Assert.Single(await nodes[1].Get<OwnUploads>().OfAsync(annThere, Cancel));
        Assert.Equal((upload.Id, (long)Half, "Lobby"), (own.File.Id, own.Received, own.Room));
        Assert.Empty(nodes[1].Uploads.Active);
        Assert.False(append.IsCompleted);
        Assert.NotEmpty(nodes[0].PartialFiles());

        await nodes[0].StopAsync(Cancel);
        Assert.Equal(RefusalKind.Elsewhere, (await Assert.ThrowsAsync<RefusedException>(() => append)).Kind);
        await FinishAsync(nodes[1], upload.Id, annThere);

        await bo.UntilMessageAsync(message => message.Files is [{ State: FileState.Ready }], Cancel);
        Assert.Equal([Sha256], nodes[1].Contents());
        Assert.Empty(nodes[1].PartialFiles());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sender_who_comes_to_another_node_goes_on_there_and_an_administrator_ends_it_anywhere(bool byRedis)
    {
        await using var nodes = await Nodes.StartAsync();
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel);
        var annThere = await nodes.FindAsync(1, ann.Participant.Session);
        var root = await nodes[0].AdministratorAsync(Cancel);
        var upload = await nodes[0].OfferAsync(ann, "a.bin", Content.Length, Cancel);
        var unwanted = await nodes[1].Uploads.CreateAsync(
            nodes[1].Lobby, annThere, Door.Browser, Make.File("b.bin", 10) with { ClientId = "b" }, batch: null, Cancel);
        var append = await FeedHalfAsync(upload);
        if (!byRedis)
            await nodes.Redis.KillAsync();

        var (there, _) = await AgainAsync(() => nodes[1].Uploads.FindOwnAsync(upload.Id, annThere, Cancel));
        Assert.Equal(RefusalKind.Elsewhere, (await Assert.ThrowsAsync<RefusedException>(() => append)).Kind);
        Assert.Equal(RefusalKind.Elsewhere, (await Assert.ThrowsAsync<RefusedException>(() => upload.AppendAsync(Half, new MemoryStream(Content[Half..]), Cancel))).Kind);
        await there!.AppendAsync(Half, new MemoryStream(Content[Half..]), Cancel);
        Assert.Equal((FileState.Ready, Sha256), (there!.File.State, there.File.Sha256));

        // The same creation again is the same upload, wherever it is; and it is called off where nobody has it.
        var same = await AgainAsync(() => nodes[0].Uploads.CreateAsync(
            nodes[0].Lobby, ann.Participant.Session, Door.Browser, Make.File("b.bin", 10) with { ClientId = "b" }, batch: null, Cancel));
        Assert.Equal((unwanted.Id, true), (same.Id, unwanted.IsLetGo));
        var bo = await nodes[1].JoinAsync("Bo", Cancel);
        Assert.Equal(RefusalKind.NotPermitted, (await Assert.ThrowsAsync<RefusedException>(() => nodes[1].Uploads.CancelAsync(unwanted.Id, bo, Cancel))).Kind);
        var rootThere = await nodes.FindAsync(1, root);
        await AgainAsync(async () =>
        {
            await nodes[1].Get<FileRemoval>().DeleteAsync(unwanted.Id, rootThere, Cancel);
            return true;
        });
        Assert.Equal(FileState.Cancelled, Assert.Single((await nodes[0].AllAsync(nodes[0].Lobby, Cancel))[1].Files).State);
    }

    [Fact]
    public async Task A_node_that_counts_as_dead_loses_its_uploads_of_nodes_that_are_asked_at_once_one_appends_and_nothing_is_doubled()
    {
        await using var nodes = await Nodes.StartAsync(3);
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel);
        await using var bo = new RoomReader(await nodes[1].EnterAsync("Bo", Cancel));
        var upload = await nodes[0].OfferAsync(ann, "a.bin", Content.Length, Cancel);
        var append = await FeedHalfAsync(upload);
        var session = ann.Participant.Session;
        PersonSession[] there = [await nodes.FindAsync(1, session), await nodes.FindAsync(2, session)];
        // It was not heard of for longer than it may be.
        await PostgreSqlServer.AskAsync(nodes.Database, $"""UPDATE "Nodes" SET "Until" = 1 WHERE "Id" = '{upload.Holder}'""");

        var both = there.Select((who, i) => Task.Run(() => SendAllAsync(nodes[i + 1], upload.Id, who), Cancel)).ToList();
        await Task.WhenAll(both);
        await nodes[0].KeepLeaseAsync(Cancel);

        Assert.Equal(RefusalKind.Elsewhere, (await Assert.ThrowsAsync<RefusedException>(() => append)).Kind);
        var ready = await bo.UntilMessageAsync(message => message.Files is [{ State: FileState.Ready }], Cancel);
        // The announcement and one end.
        Assert.Equal((2L, Sha256), (ready.Changed, ready.Files[0].Sha256));
        Assert.Equal(Content, await File.ReadAllBytesAsync(Path.Combine(nodes[0].Downloads, "files", Sha256[..2], Sha256), Cancel));
        // It begins another life.
        var next = await nodes[0].ShareAsync(ann, "next.bin", [1, 2, 3], Cancel);
        Assert.Equal(FileState.Ready, next.File.State);
    }

    [Fact]
    public async Task An_upload_of_a_dead_node_that_nobody_asks_for_is_taken_up_paused_and_expires()
    {
        await using var nodes = await Nodes.StartAsync();
        var ann = await nodes[0].EnterAsync("Ann", Cancel);
        await using var bo = new RoomReader(await nodes[1].EnterAsync("Bo", Cancel));
        var upload = await nodes[0].OfferAsync(ann, "a.bin", Content.Length, Cancel);
        await upload.AppendAsync(0, new MemoryStream(Content[..Half]), Cancel);

        await nodes[0].StopAsync(Cancel);
        // Nobody calls for it here: its rounds find it.
        await bo.UntilProgressAsync(progress => progress is { Received: Half, IsPaused: true }, Cancel);
        nodes[1].Clock.Advance(TimeSpan.FromHours(100));
        await nodes[1].SweepUploadsAsync();

        await bo.UntilMessageAsync(message => message.Files is [{ State: FileState.Failed }], Cancel);
        Assert.Empty(nodes[1].PartialFiles());
    }

    [Fact]
    public async Task An_upload_whose_announcement_was_refused_and_is_written_all_the_same_is_taken_up_paused_and_expires()
    {
        await using var nodes = await Nodes.StartAsync(1);
        var ann = await nodes[0].EnterAsync("Ann", Cancel);
        await using var bo = new RoomReader(await nodes[0].EnterAsync("Bo", Cancel));
        var upload = await nodes[0].OfferAsync(ann, "a.bin", Content.Length, Cancel);

        // As after a batch in doubt that turns out to be durable: its row names a node that knows nothing of it.
        nodes[0].Uploads.Forget([upload]);
        await nodes[0].KeepLeaseAsync(Cancel);

        Assert.NotNull(nodes[0].Uploads.Find(upload.Id));
        await bo.UntilProgressAsync(progress => progress is { Received: 0, IsPaused: true }, Cancel);
        nodes[0].Clock.Advance(TimeSpan.FromHours(100));
        await nodes[0].SweepUploadsAsync();
        await bo.UntilMessageAsync(message => message.Files is [{ State: FileState.Failed }], Cancel);
    }

    [Fact]
    public async Task A_file_that_comes_in_at_one_node_is_read_at_another_and_one_that_is_called_off_does_not_end_as_if_it_were_whole()
    {
        await using var nodes = await Nodes.StartAsync();
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel);
        var bo = await nodes[1].JoinAsync("Bo", Cancel);
        var upload = await nodes[0].OfferAsync(ann, "a.bin", Content.Length, Cancel);
        var unwanted = await nodes[0].OfferAsync(ann, "b.bin", Content.Length, Cancel);
        await upload.AppendAsync(0, new MemoryStream(Content[..Half]), Cancel);
        await unwanted.AppendAsync(0, new MemoryStream(Content[..Half]), Cancel);

        await using var whole = await ReadAsync(nodes[1], upload, bo);
        await using var range = await ReadAsync(nodes[1], upload, bo, from: Half - 10, count: 20);
        await using var off = await ReadAsync(nodes[1], unwanted, bo);
        await Eventually.TrueAsync(() => Task.FromResult(whole.Got.Length == Half && off.Got.Length == Half));
        await upload.AppendAsync(Half, new MemoryStream(Content[Half..]), Cancel);
        await unwanted.CancelAsync(ann.Participant.Session, Cancel);

        await whole.Copied;
        await range.Copied;
        Assert.Equal(Content, whole.Got.ToArray());
        Assert.Equal(Content[(Half - 10)..(Half + 10)], range.Got.ToArray());
        Assert.Equal(RefusalKind.Gone, (await Assert.ThrowsAsync<RefusedException>(() => off.Copied)).Kind);
    }

    [Fact]
    public async Task After_a_kill_an_upload_goes_on_at_another_node_when_the_lease_is_over_and_not_before()
    {
        Assert.SkipUnless(Make.IsLong, "Waits for a lease; runs in the long form.");
        await using var nodes = await Nodes.StartAsync(0);
        await using var one = await ServerProcess.StartAsync(Cancel, nodes.ProcessSettings());
        await using var other = await ServerProcess.StartAsync(Cancel, nodes.ProcessSettings());
        using var here = new HttpClient { BaseAddress = new Uri(one.Address) };
        using var there = new HttpClient { BaseAddress = new Uri(other.Address) };
        using (var joined = await here.PostAsJsonAsync("/api/session", new { nickname = "Ann" }, Cancel))
        {
            var opened = await joined.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            here.DefaultRequestHeaders.Authorization = there.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Bearer", opened.GetProperty("accessToken").GetString());
        }

        using var created = await SendAsync(here, "POST", "/uploads", null, ("Upload-Length", Text(Content.Length)), ("Upload-Metadata", TusClient.Metadata("a.bin")));
        var location = created.Headers.Location!.OriginalString;
        using var half = await SendAsync(here, "PATCH", location, TusClient.Part(Content[..Half]), ("Upload-Offset", "0"));
        Assert.Equal(HttpStatusCode.NoContent, half.StatusCode);

        await one.KillAsync(Cancel);
        using (var early = await SendAsync(there, "HEAD", location, null))
            Assert.Equal((HttpStatusCode.Locked, true), (early.StatusCode, early.Headers.RetryAfter?.Delta > TimeSpan.Zero));
        await Eventually.TrueAsync(async () =>
        {
            using var head = await SendAsync(there, "HEAD", location, null);
            return head.StatusCode == HttpStatusCode.OK && TusClient.OffsetIn(head) == Half;
        });
        using var rest = await SendAsync(there, "PATCH", location, TusClient.Part(Content[Half..]), ("Upload-Offset", Text(Half)));

        Assert.Equal(HttpStatusCode.NoContent, rest.StatusCode);
        Assert.Equal(Content, await there.GetByteArrayAsync(location.Replace("/uploads/", "/files/", StringComparison.Ordinal) + "/a.bin", Cancel));
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpClient http, string method, string address, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address) { Content = content };
        request.Headers.Add("Tus-Resumable", "1.0.0");
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await http.SendAsync(request, Cancel);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Sends the first half, and leaves the append waiting for more.</summary>
    private async Task<Task> FeedHalfAsync(Upload upload)
    {
        var source = new ScriptedStream(Content.AsMemory(0, Half), [50_000], ScriptedStream.Ending.Stalls);
        var append = upload.AppendAsync(0, source, Cancel);
        await source.Drained.WaitAsync(Cancel);
        return append;
    }

    private async Task FinishAsync(CoreHost node, FileId id, PersonSession who)
    {
        var (upload, _) = await AgainAsync(() => node.Uploads.FindOwnAsync(id, who, Cancel));
        Assert.Equal(Half, upload!.Received);
        await upload.AppendAsync(Half, new MemoryStream(Content[Half..]), Cancel);
        Assert.Equal((FileState.Ready, Sha256), (upload.File.State, upload.File.Sha256));
    }

    /// <summary>As a client does that is told to ask again.</summary>
    private static async Task<T> AgainAsync<T>(Func<Task<T>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (RefusedException refused) when (refused.Kind == RefusalKind.Elsewhere)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>As a client does that goes on wherever it may: part by part until the file is there.</summary>
    private async Task SendAllAsync(CoreHost node, FileId id, PersonSession who)
    {
        const int part = 70_000;
        while (true)
        {
            try
            {
                var (upload, _) = await node.Uploads.FindOwnAsync(id, who, Cancel);
                if (upload is null)
                    return;
                var from = (int)upload.Received;
                await upload.AppendAsync(from, new MemoryStream(Content[from..Math.Min(Content.Length, from + part)]), Cancel);
            }
            catch (RefusedException refused) when (refused.Kind is RefusalKind.Elsewhere or RefusalKind.Conflict)
            {
                await Task.Yield();
            }
        }
    }

    private async Task<Reading> ReadAsync(CoreHost node, Upload upload, PersonSession who, long from = 0, long? count = null)
    {
        var file = await node.Get<FileDirectory>().OpenArrivingAsync(upload.Id, who, Cancel);
        Assert.NotNull(file);
        var download = node.Get<ActiveDownloads>().Begin(file.File, who, Door.Browser, count ?? Content.Length, isShown: false, Cancel);
        var got = new MemoryStream();
        return new Reading(file, download, got, file.CopyAsync(from, count ?? Content.Length, got, download));
    }

    private sealed record Reading(RelayedFile File, Download Download, MemoryStream Got, Task Copied) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Download.Dispose();
            await File.DisposeAsync();
        }
    }
}
