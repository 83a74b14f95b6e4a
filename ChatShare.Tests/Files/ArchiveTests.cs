using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Files;

public sealed class ArchiveTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_room_comes_as_one_zip_with_names_that_differ_and_a_table_of_what_is_inside()
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await EnterAsync(app);
        var contents = new[] { Make.Bytes(200_000), Make.Bytes(10, seed: 2), Make.Bytes(0, seed: 3), "=1+1"u8.ToArray() };
        await ShareAsync(app, session, ("a.txt", null, contents[0]), ("A.TXT", null, contents[1]));
        await ShareAsync(app, session, ("manifest.csv", null, contents[2]), ("=cmd.csv", "photos/2026", contents[3]));
        await app.Get<UploadService>().BeginAsync(session, [Make.File("unfinished.txt", 10)], Make.ClientId(), Cancel);

        using var response = await ann.GetAsync("/files/archive?room=lobby", Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("Lobby.zip", response.Content.Headers.ContentDisposition!.FileNameStar);
        var entries = await EntriesAsync(response);
        Assert.Equal(["a.txt", "A (2).TXT", "manifest (2).csv", "photos/2026/=cmd.csv", "manifest.csv"], entries.Keys);
        Assert.Equal(contents, entries.Values.SkipLast(1));
        var manifest = System.Text.Encoding.UTF8.GetString(entries["manifest.csv"]);
        Assert.Contains($"\"a.txt\",\"Ann\",", manifest, StringComparison.Ordinal);
        Assert.Contains($",200000,{Make.Sha256(contents[0])}\r\n", manifest, StringComparison.Ordinal);
        Assert.Equal(5, manifest.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task A_message_or_a_selection_comes_alone()
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await EnterAsync(app);
        var first = await ShareAsync(app, session, ("one.txt", null, [1]), ("two.txt", null, [2]));
        var second = await ShareAsync(app, session, ("=three.txt", null, [3]));
        var odd = await ShareAsync(app, session, ("-4.csv", null, [4]), ("+4.csv", null, [4]), ("＝cmd|x!A1.csv", null, [4]), ("@five", "+sums, =all", [5]), ("+6", "-sums, =all", [6]), ("_sums, =all", null, [7]));

        using var message = await ann.GetAsync($"/files/archive?with={first[1].Id}", Cancel);
        Assert.Equal(["one.txt", "two.txt", "manifest.csv"], (await EntriesAsync(message)).Keys);
        Assert.Equal("Files of Ann.zip", message.Content.Headers.ContentDisposition!.FileNameStar);
        using var selection = await ann.GetAsync($"/files/archive?room=Lobby&id={second[0].Id}", Cancel);
        var entries = await EntriesAsync(selection);
        Assert.Equal(["_three.txt", "manifest.csv"], entries.Keys);
        using var oddities = await ann.GetAsync($"/files/archive?with={odd[0].Id}", Cancel);
        var oddEntries = await EntriesAsync(oddities);
        Assert.Equal(["_4.csv", "_4 (2).csv", "_cmd_x!A1.csv", "_sums, =all/@five", "_sums, =all/+6", "_sums, =all (2)", "manifest.csv"], oddEntries.Keys);
        // The table names each file as its entry is named, and none so that a spreadsheet would see a formula.
        foreach (var archive in new[] { entries, oddEntries })
            Assert.Equal(archive.Keys.SkipLast(1), NamesIn(archive["manifest.csv"]));
    }

    [Fact]
    public async Task Person_whose_name_begins_like_a_formula_is_no_formula_in_the_table()
    {
        await using var zip = new MemoryStream();
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("content"), [1], Cancel);

        await FileArchive.WriteAsync([new(new StoredFile(Sample.File("-1+1"), folder.File("content"), Sample.Noon), "-Ann")], zip, Begin());

        using var archive = new ZipArchive(zip);
        using var manifest = new StreamReader(await archive.GetEntry(FileArchive.ManifestName)!.OpenAsync(Cancel));
        Assert.Contains("\r\n\"_1+1\",\"'-Ann\",", await manifest.ReadToEndAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_selection_of_a_thousand_comes_by_a_form_and_each_counts_as_taken()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:FilesPerMessage=0", "ChatShare:Limits:UploadsPerMinute=0");
        var (_, ann) = await app.EnterAsync("Ann");
        var (bo, _) = await app.EnterAsync("Bo");
        var uploads = await ShareAsync(app, ann, [.. Enumerable.Range(0, 1002).Select(n => ("a.txt", (string?)null, new[] { (byte)n }))]);
        var ids = uploads.Take(1000).Select(upload => upload.Id.ToString()).ToList();

        using var response = await PostAsync(bo, "lobby", [string.Join(',', ids.Take(600)), .. ids.Skip(600)]);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var entries = await EntriesAsync(response);
        Assert.Equal(Enumerable.Range(1, 1000).Select(n => n == 1 ? "a.txt" : $"a ({n}).txt").Append("manifest.csv"), entries.Keys);
        Assert.Equal([(byte)(999 % 256)], entries["a (1000).txt"]);
        Assert.Equal(1001, System.Text.Encoding.UTF8.GetString(entries["manifest.csv"]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        await Eventually.TrueAsync(async () => (await app.Get<WhoHasIt>().CountAsync([uploads[999].Id], ann.Participant.Session, Cancel))[0].Count == 1);
        Assert.Equal(0, (await app.Get<WhoHasIt>().CountAsync([uploads[1000].Id], ann.Participant.Session, Cancel))[0].Count);
    }

    [Fact]
    public async Task A_form_is_read_as_strictly_as_an_address()
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await EnterAsync(app);
        var id = (await ShareAsync(app, session, ("one.txt", null, [1])))[0].Id.ToString();
        using var stranger = await PostAsync(app.NewClient(), "Lobby", [id]);
        using var program = await PostAsync(app.NewClient(sendsOrigin: false), "Lobby", [id]);
        using var victim = app.NewClient(sendsOrigin: false);
        victim.DefaultRequestHeaders.Add("Cookie", RunningApp.CookiesOf(ann));
        using var foreign = await PostAsync(victim, "Lobby", [id]);
        using var nothing = await PostAsync(ann, "Lobby", []);
        using var other = await PostAsync(ann, "Lobby", [FileId.New().ToString()]);
        using var nowhere = await PostAsync(ann, "Nowhere", [id]);
        using var roomless = await PostAsync(ann, "", [id]);
        using var json = await ann.PostAsync("/files/archive", new StringContent("{}", System.Text.Encoding.UTF8, "application/json"), Cancel);

        Assert.Equal(
            [
                HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.NotFound,
                HttpStatusCode.NotFound, HttpStatusCode.BadRequest, HttpStatusCode.UnsupportedMediaType,
            ],
            new[] { stranger, program, foreign, nothing, other, nowhere, roomless, json }.Select(response => response.StatusCode));
    }

    [Fact]
    public async Task Head_tells_what_get_would_send_and_nothing_counts_as_taken()
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await EnterAsync(app);
        var shared = await ShareAsync(app, session, ("one.txt", null, [1]));
        using var head = await ann.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/files/archive?room=lobby"), Cancel);
        using var nowhere = await ann.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/files/archive?room=Nowhere"), Cancel);

        Assert.Equal((HttpStatusCode.OK, "application/zip"), (head.StatusCode, head.Content.Headers.ContentType?.MediaType));
        Assert.Equal("Lobby.zip", head.Content.Headers.ContentDisposition?.FileNameStar);
        Assert.Null(head.Content.Headers.ContentLength);
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
        Assert.Equal(0, (await app.Get<WhoHasIt>().CountAsync([shared[0].Id], session.Participant.Session, Cancel))[0].Count);
    }

    [Fact]
    public async Task No_archive_is_made_of_files_that_are_out_of_reach()
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await EnterAsync(app);
        await ShareAsync(app, session, ("one.txt", null, [1]));
        Directory.Move(app.DownloadsDirectory, app.DownloadsDirectory + "-away");
        using var away = await ann.GetAsync("/files/archive?room=lobby", Cancel);
        Directory.Move(app.DownloadsDirectory + "-away", app.DownloadsDirectory);
        using var back = await ann.GetAsync("/files/archive?room=lobby", Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
        Assert.NotNull(away.Headers.RetryAfter);
        Assert.Equal(["one.txt", "manifest.csv"], (await EntriesAsync(back)).Keys);
    }

    [Fact]
    public async Task A_form_that_is_too_long_is_refused_by_what_it_says_of_itself()
    {
        await using var app = await RunningApp.StartAsync();
        var ann = await app.JoinAsync("Ann");
        var host = new Uri(app.Address);
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Host, host.Port, Cancel);
        await socket.GetStream().WriteAsync(
            System.Text.Encoding.ASCII.GetBytes(string.Join(
                "\r\n", "POST /files/archive HTTP/1.1", $"Host: {host.Authority}", $"Origin: {app.Address}", $"Cookie: {RunningApp.CookiesOf(ann)}",
                "Content-Type: application/x-www-form-urlencoded", "Content-Length: 2000000", "", "")),
            Cancel);

        using var reader = new StreamReader(socket.GetStream());
        Assert.StartsWith("HTTP/1.1 413", await reader.ReadLineAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_the_clock_said_and_however_long_or_alike_the_names_are_it_can_be_unpacked()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("content");
        await File.WriteAllBytesAsync(path, [1], Cancel);
        var longest = new string('日', 83) + "ab.txt";
        (string Name, string? Folder, DateTimeOffset At)[] shared =
        [
            (longest, null, DateTimeOffset.UnixEpoch), (longest, null, new(2500, 1, 1, 0, 0, 0, TimeSpan.Zero)), ("photos", null, Sample.Noon), ("2026", "Photos", Sample.Noon),
            ("x", "photos/2026", Sample.Noon), ("y", "manifest.csv", Sample.Noon), ("z", "Manifest.csv/a", Sample.Noon),
            ("manifest.csv", null, Sample.Noon), ("a", "manifest.csv", Sample.Noon), ("gone", "no/folder", Sample.Noon),
        ];
        await using var zip = new MemoryStream();

        await FileArchive.WriteAsync(
            [
                .. shared.Select(file => new ArchivedFile(
                    new StoredFile(Sample.File(file.Name) with { Folder = file.Folder }, file.Name == "gone" ? folder.File("no/folder/gone") : path, file.At), "Ann")),
            ],
            zip,
            Begin());

        using var archive = new ZipArchive(zip);
        Assert.Equal(
            [
                longest, new string('日', 82) + " (2).txt", "photos (2)", "Photos/2026 (2)", "photos/2026/x",
                "manifest (2).csv/y", "manifest (2).csv/a/z", "manifest (3).csv", "manifest (2).csv/a (2)", "manifest.csv",
            ],
            archive.Entries.Select(entry => entry.FullName));
        Assert.Equal([1980, 2107], archive.Entries.Take(2).Select(entry => entry.LastWriteTime.Year));
        await archive.ExtractToDirectoryAsync(folder.File("unpacked"), Cancel);
    }

    [Theory]
    [InlineData("--x\r\nContent-Disposition: form-data; name=\"room\"\r\n\r\nLob")]
    [InlineData("--x\r\nContent-Disp")]
    [InlineData("nothing of the kind")]
    public async Task A_form_that_ends_too_soon_is_said_to(string body)
    {
        var ann = await fixture.JoinAsync();
        using var content = new StringContent(body);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");

        using var response = await ann.PostAsync("/files/archive", content, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.EndsWith(".", (await ApiClient.ReadAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/files/archive?room=a%2Fb", HttpStatusCode.BadRequest)]
    [InlineData("/files/archive", HttpStatusCode.BadRequest)]
    [InlineData("/files/archive?room=Nowhere", HttpStatusCode.NotFound)]
    [InlineData("/files/archive?room=Lobby", HttpStatusCode.NotFound)]
    [InlineData("/files/archive?room=Lobby&id=..%2Fx", HttpStatusCode.NotFound)]
    [InlineData("/files/archive?with=..%2Fx", HttpStatusCode.NotFound)]
    public async Task What_is_not_there_is_said(string address, HttpStatusCode expected)
    {
        var app = fixture.App;
        var ann = await fixture.JoinAsync();

        using var response = await ann.GetAsync(address, Cancel);
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.BadRequest, (await ApiClient.ReadAsync(response)).TryGetProperty("errors", out var errors) && errors.TryGetProperty("room", out _));
        using var stranger = await app.NewClient().GetAsync(address, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
    }

    [Fact]
    public async Task A_file_that_is_deleted_meanwhile_is_left_out_and_the_rest_is_whole()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("here");
        await File.WriteAllBytesAsync(path, [1, 2, 3], Cancel);
        ArchivedFile[] files =
        [
            new(new StoredFile(Sample.File("gone"), folder.File("gone"), Sample.Noon), "Ann"),
            new(new StoredFile(Sample.File("here", length: 3), path, Sample.Noon), "Ann"),
        ];
        await using var zip = new MemoryStream();

        var download = Begin(files);
        await FileArchive.WriteAsync(files, zip, download);

        using var archive = new ZipArchive(zip);
        Assert.Equal(["here", "manifest.csv"], archive.Entries.Select(entry => entry.FullName));
        // All that there was, and no more is waited for.
        Assert.Equal((3L, 3L), (download.Sent, download.Length));
    }

    [Fact]
    public async Task A_file_of_more_than_four_gigabytes_is_told_in_the_table_of_the_format()
    {
        Assert.SkipUnless(Make.IsLong, "Copies four gigabytes; runs in the long form.");
        const long Length = (4L << 30) + 5;
        using var folder = new TemporaryFolder();
        // Sparse: it takes no place.
        await using (var content = File.Create(folder.File("huge")))
            content.SetLength(Length);
        await File.WriteAllBytesAsync(folder.File("small"), [1, 2, 3], Cancel);
        ArchivedFile[] files =
        [
            new(new StoredFile(Sample.File("huge", length: Length), folder.File("huge"), Sample.Noon), "Ann"),
            new(new StoredFile(Sample.File("behind", length: 3), folder.File("small"), Sample.Noon), "Ann"),
        ];
        await using (var zip = new SparseFile(folder.File("zip")))
            await FileArchive.WriteAsync(files, zip, Begin(files));

        await using var archive = await ZipFile.OpenReadAsync(folder.File("zip"), Cancel);
        Assert.Equal([("huge", Length), ("behind", 3L)], archive.Entries.Take(2).Select(entry => (entry.FullName, entry.Length)));
        Assert.Equal(Length, archive.Entries[0].CompressedLength);
        var behind = new byte[3];
        await using (var entry = await archive.Entries[1].OpenAsync(Cancel))
            await entry.ReadExactlyAsync(behind, Cancel);
        Assert.Equal([1, 2, 3], behind);
        using var manifest = new StreamReader(await archive.Entries[2].OpenAsync(Cancel));
        Assert.Contains(",4294967301,", await manifest.ReadToEndAsync(Cancel), StringComparison.Ordinal);
    }

    private Download Begin(params IReadOnlyCollection<ArchivedFile> files) =>
        fixture.App.Get<ActiveDownloads>().BeginArchive(
            FileName.Clean("a.zip"), "", files, new PersonSession(Guid.NewGuid(), Guid.NewGuid(), Make.Nickname("Ann"), accountId: null, isAdministrator: false), Door.Browser, Cancel);

    /// <summary>The first column, without its heading.</summary>
    private static IEnumerable<string> NamesIn(byte[] manifest) => System.Text.Encoding.UTF8.GetString(manifest)
        .Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1)
        .Select(line => line[1..line.IndexOf("\",\"", StringComparison.Ordinal)].Replace("\"\"", "\"", StringComparison.Ordinal));

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string room, IEnumerable<string> ids) => await client.PostAsync(
        "/files/archive", new FormUrlEncodedContent([KeyValuePair.Create("room", room), .. ids.Select(id => KeyValuePair.Create("id", id))]), Cancel);

    private static async Task<Dictionary<string, byte[]>> EntriesAsync(HttpResponseMessage response)
    {
        using var archive = new ZipArchive(new MemoryStream(await response.Content.ReadAsByteArrayAsync(Cancel)));
        var entries = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var entry in archive.Entries)
        {
            await using var content = await entry.OpenAsync(Cancel);
            using var copy = new MemoryStream();
            await content.CopyToAsync(copy, Cancel);
            entries.Add(entry.FullName, copy.ToArray());
        }

        return entries;
    }

    private static async Task<IReadOnlyList<Upload>> ShareAsync(RunningApp app, RoomSession session, params (string Name, string? Folder, byte[] Content)[] files)
    {
        var uploads = await app.Get<UploadService>().BeginAsync(
            session, [.. files.Select(file => Make.File(file.Name, file.Content.Length) with { Folder = file.Folder })], Make.ClientId(), Cancel);
        foreach (var (upload, file) in uploads.Zip(files))
            await upload.AppendAsync(0, new MemoryStream(file.Content), Cancel);
        return uploads;
    }

    private static async Task<(HttpClient Ann, RoomSession Session)> EnterAsync(RunningApp app)
    {
        var ann = await app.JoinAsync("Ann");
        await using var db = await app.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel);
        var id = await db.Sessions.Select(session => session.Id).SingleAsync(Cancel);
        var person = await app.Get<SessionService>().FindAsync(id, Cancel);
        var participant = app.Get<ConnectedUsers>().Connect(person!, Door.Browser, "127.0.0.1");
        var rooms = app.Get<RoomService>();
        return (ann, await rooms.JoinAsync(rooms.Find(RoomService.Lobby)!, participant, afterNumber: null, Cancel));
    }

    /// <summary>A reader who cannot seek, and for whom zeros take no place on the disk.</summary>
    private sealed class SparseFile(string path) : Stream
    {
        private readonly FileStream _file = File.Create(path);

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.Span.ContainsAnyExcept((byte)0))
                await _file.WriteAsync(buffer, cancellationToken);
            else
                _file.Position += buffer.Length;
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask DisposeAsync()
        {
            await _file.DisposeAsync();
            await base.DisposeAsync();
        }

        public override void Flush() => _file.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
