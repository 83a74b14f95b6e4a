using System.Collections.Concurrent;
using System.Net;
using System.Text;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Files;

/// <summary><c>GET /files/{id}/{name}</c> as any HTTP client meets it.</summary>
public sealed class DownloadTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Html = "<!DOCTYPE html><script>alert(1)</script>";

    private static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bytes=0-3", HttpStatusCode.PartialContent, "0123", "bytes 0-3/10")]
    [InlineData("bytes=-3", HttpStatusCode.PartialContent, "789", "bytes 7-9/10")]
    [InlineData("bytes=8-", HttpStatusCode.PartialContent, "89", "bytes 8-9/10")]
    [InlineData("bytes=8-99", HttpStatusCode.PartialContent, "89", "bytes 8-9/10")]
    [InlineData("bytes=0-0,5-6", HttpStatusCode.OK, "0123456789", null)]
    public async Task Range_of_a_file_is_what_is_sent(string range, HttpStatusCode status, string content, string? contentRange)
    {
        var app = fixture.App;
        var (ann, upload) = await ShareAsync(app, fixture.NewName(), "digits.txt", "0123456789"u8.ToArray());
        using var response = await GetAsync(ann, Address(upload), ("Range", range));

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(content, await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(contentRange, response.Content.Headers.ContentRange?.ToString());
    }

    [Fact]
    public async Task Tag_of_a_file_is_its_hash_and_answers_conditions()
    {
        var app = fixture.App;
        var content = "0123456789"u8.ToArray();
        var (ann, upload) = await ShareAsync(app, fixture.NewName(), "digits.txt", content);
        var tag = $"\"{Make.Sha256(content)}\"";
        using var known = await GetAsync(ann, Address(upload), ("If-None-Match", tag));
        using var same = await GetAsync(ann, Address(upload), ("Range", "bytes=0-3"), ("If-Range", tag));
        using var other = await GetAsync(ann, Address(upload), ("Range", "bytes=0-3"), ("If-Range", "\"other\""));

        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        Assert.Equal(tag, known.Headers.ETag?.ToString());
        Assert.True(known.Headers.CacheControl?.Private);
        Assert.Equal(HttpStatusCode.PartialContent, same.StatusCode);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Head_has_the_headers_and_no_content()
    {
        var app = fixture.App;
        var (ann, upload) = await ShareAsync(app, fixture.NewName(), "digits.txt", "0123456789"u8.ToArray());
        using var request = new HttpRequestMessage(HttpMethod.Head, Address(upload));
        using var response = await ann.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(10, response.Content.Headers.ContentLength);
        Assert.Contains("bytes", response.Headers.AcceptRanges);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task Inline_is_honoured_by_content_and_never_for_what_runs(string name, byte[] content, string type, bool inline, bool sandboxed)
    {
        var app = fixture.App;
        var (ann, upload) = await ShareAsync(app, fixture.NewName(), name, content);
        using var asked = await GetAsync(ann, Address(upload) + "?inline");
        using var plain = await GetAsync(ann, Address(upload));

        Assert.Equal(type, asked.Content.Headers.ContentType?.ToString());
        Assert.Equal(inline ? "inline" : "attachment", asked.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal("attachment", plain.Content.Headers.ContentDisposition?.DispositionType);
        foreach (var response in new[] { asked, plain })
        {
            var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith(sandboxed ? "sandbox; default-src 'none'" : "default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        }
    }

    public static TheoryData<string, byte[], string, bool, bool> Contents() => new()
    {
        { "picture.txt", Png, "image/png", true, true },
        { "notes.html", "just words"u8.ToArray(), "text/plain; charset=utf-8", true, true },
        { "paper.pdf", "%PDF-1.7\n%%EOF"u8.ToArray(), "application/pdf", true, false },
        { "page.png", Encoding.UTF8.GetBytes(Html), "application/octet-stream", false, true },
        { "page.txt", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Html)], "application/octet-stream", false, true },
        { "drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"u8.ToArray(), "application/octet-stream", false, true },
    };

    [Theory]
    [InlineData("Žluťoučký 日本 ع 🎉.txt")]
    [InlineData("it's; 100% \"quoted\".txt")]
    [InlineData("a\r\nSet-Cookie: x=y.txt")]
    public async Task Name_of_any_script_arrives_whole(string name)
    {
        var app = fixture.App;
        var (ann, upload) = await ShareAsync(app, fixture.NewName(), name, [1]);
        using var response = await GetAsync(ann, Address(upload));

        Assert.Equal(FileName.Clean(name).Value, response.Content.Headers.ContentDisposition?.FileNameStar);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Only_the_id_counts_and_only_as_it_was_given()
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, upload) = await ShareAsync(app, "Ann", "digits.txt", "0123456789"u8.ToArray());
        var id = upload.Id.ToString();
        // Never an id, even when this one happens to have digits alone.
        var shouted = string.Concat(id[..^1], "Z");
        using var renamed = await GetAsync(ann, $"/files/{id}/..%2F..%2Fother.html");
        using var nameless = await GetAsync(ann, $"/files/{id}");
        using var unknown = await GetAsync(ann, $"/files/{FileId.New()}/digits.txt");
        using var other = await GetAsync(ann, $"/files/{shouted}/digits.txt");
        using var path = await GetAsync(ann, "/files/..%2F..%2Fdata%2Fchatshare.db/x");

        Assert.Equal("digits.txt", renamed.Content.Headers.ContentDisposition?.FileNameStar);
        Assert.Equal(HttpStatusCode.OK, nameless.StatusCode);
        Assert.All(new[] { unknown, other, path }, response => Assert.Equal(HttpStatusCode.NotFound, response.StatusCode));
    }

    [Fact]
    public async Task File_that_still_comes_in_is_sent_as_it_arrives_and_ends_with_its_last_byte()
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await app.EnterAsync("Ann");
        var content = Make.Bytes(400_000);
        var upload = (await app.Get<UploadService>().BeginAsync(session, [Make.File("half.html", content.Length)], Make.ClientId(), Cancel))[0];
        using var response = await ArrivingAsync(ann, upload);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(content.Length, response.Content.Headers.ContentLength);
        Assert.Null(response.Headers.ETag);
        Assert.False(response.Headers.Contains("Repr-Digest"));
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.MediaType);

        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        var got = new byte[content.Length];
        await upload.AppendAsync(0, new MemoryStream(content[..150_000]), Cancel);
        await body.ReadExactlyAsync(got.AsMemory(0, 150_000), Cancel);
        // The rest has not been sent yet, so it cannot be here.
        Assert.True(upload.IsUnderWay);
        await upload.AppendAsync(150_000, new MemoryStream(content[150_000..]), Cancel);
        await body.ReadExactlyAsync(got.AsMemory(150_000), Cancel);

        Assert.Equal(content, got);
        Assert.Equal(0, await body.ReadAsync(new byte[1], Cancel));
        Assert.Equal(FileState.Ready, upload.File.State);
    }

    [Fact]
    public async Task Range_of_a_file_that_still_comes_in_waits_for_its_bytes()
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await app.EnterAsync("Ann");
        var upload = (await app.Get<UploadService>().BeginAsync(session, [Make.File("digits.txt", 10)], Make.ClientId(), Cancel))[0];
        await upload.AppendAsync(0, new MemoryStream("0123"u8.ToArray()), Cancel);

        using var here = await GetAsync(ann, Address(upload), ("Range", "bytes=1-2"));
        Assert.Equal((HttpStatusCode.PartialContent, "12"), (here.StatusCode, await here.Content.ReadAsStringAsync(Cancel)));
        Assert.Equal("bytes 1-2/10", here.Content.Headers.ContentRange!.ToString());
        using var beyond = await GetAsync(ann, Address(upload), ("Range", "bytes=10-"));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
        Assert.Equal("application/problem+json", beyond.Content.Headers.ContentType?.MediaType);
        Assert.False(beyond.Headers.Contains("Repr-Digest"));

        var last = GetAsync(ann, Address(upload), ("Range", "bytes=-3"));
        await upload.AppendAsync(4, new MemoryStream("45678"u8.ToArray()), Cancel);
        Assert.False(last.IsCompleted);
        await upload.AppendAsync(9, new MemoryStream("9"u8.ToArray()), Cancel);
        using var waited = await last;
        Assert.Equal("789", await waited.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_that_ends_before_its_last_byte_breaks_the_download_and_never_ends_it_short(bool cancelled)
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await app.EnterAsync("Ann");
        var upload = (await app.Get<UploadService>().BeginAsync(session, [Make.File("half.txt", 10)], Make.ClientId(), Cancel))[0];
        await upload.AppendAsync(0, new MemoryStream("0123"u8.ToArray()), Cancel);
        using var response = await ArrivingAsync(ann, upload);
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        await body.ReadExactlyAsync(new byte[4], Cancel);

        if (cancelled)
            await upload.CancelAsync(session.Participant.Session, Cancel);
        else
            await upload.FailAsync("It broke.", Cancel);

        await Assert.ThrowsAnyAsync<IOException>(async () => await body.ReadExactlyAsync(new byte[6], Cancel));
        using var after = await GetAsync(ann, Address(upload));
        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
    }

    [Fact]
    public async Task Reader_who_is_far_ahead_waits_as_long_as_bytes_come()
    {
        var clock = new RelayClock();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var (_, session) = await app.EnterAsync("Ann");
        var upload = await app.OfferAsync(session, "film.mp4", 10);
        await upload.AppendAsync(0, new MemoryStream("0123"u8.ToArray()), Cancel);
        var who = session.Participant.Session;
        await using var arriving = (await app.Get<FileDirectory>().OpenArrivingAsync(upload.Id, who, Cancel))!;
        using var download = app.Get<ActiveDownloads>().Begin(arriving.File, who, Door.Browser, 1, isShown: false, Cancel);
        var end = arriving.CopyAsync(9, 1, Stream.Null, download);
        await Eventually.TrueAsync(() => Task.FromResult(clock.Waits == 1));

        await upload.AppendAsync(4, new MemoryStream("4"u8.ToArray()), Cancel);
        clock.PassPatience();
        await Eventually.TrueAsync(() => Task.FromResult(clock.Waits == 2 || end.IsCompleted));
        Assert.False(end.IsCompleted);
        clock.PassPatience();
        var refused = await Assert.ThrowsAsync<RefusedException>(() => end);
        Assert.Equal(RefusalKind.Gone, refused.Kind);
    }

    [Fact]
    public async Task Upload_that_is_paused_holds_the_download_until_nobody_would_wait_any_longer()
    {
        var clock = new RelayClock();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var (ann, session) = await app.EnterAsync("Ann");
        var upload = await app.OfferAsync(session, "half.txt", 10);
        await upload.AppendAsync(0, new MemoryStream("0123"u8.ToArray()), Cancel);
        using var response = await ArrivingAsync(ann, upload);
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        await body.ReadExactlyAsync(new byte[4], Cancel);

        await Eventually.TrueAsync(() => Task.FromResult(clock.Waits == 1));
        var next = body.ReadAsync(new byte[1], Cancel).AsTask();
        await upload.AppendAsync(4, new MemoryStream("4"u8.ToArray()), Cancel);
        Assert.Equal(1, await next);
        await Eventually.TrueAsync(() => Task.FromResult(clock.Waits == 2));
        clock.PassPatience();

        await Assert.ThrowsAnyAsync<IOException>(async () => await body.ReadExactlyAsync(new byte[5], Cancel));
        Assert.True(upload.IsUnderWay);
    }

    [Fact]
    public async Task Part_with_a_checksum_is_passed_on_only_when_it_was_found_right()
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, session) = await app.EnterAsync("Ann");
        var content = Make.Bytes(300_000);
        Assert.True(PartChecksum.TryParse($"sha256 {Convert.ToBase64String(Convert.FromHexString(Make.Sha256(content)))}", out var checksum));
        var upload = await app.OfferAsync(session, "half.bin", content.Length);
        using var response = await ArrivingAsync(ann, upload);
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        var got = new byte[content.Length];
        var first = body.ReadAsync(got.AsMemory(0, 1), Cancel).AsTask();

        await Assert.ThrowsAsync<RefusedException>(
            () => upload.AppendAsync(session.Participant.Session, 0, new MemoryStream(Make.Bytes(content.Length, seed: 2)), checksum, Cancel));
        Assert.False(first.IsCompleted);
        await upload.AppendAsync(session.Participant.Session, 0, new MemoryStream(content), checksum, Cancel);
        Assert.Equal(1, await first);
        await body.ReadExactlyAsync(got.AsMemory(1), Cancel);
        Assert.Equal(content, got);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_without_a_living_session_gets_a_byte(bool ended)
    {
        await using var app = await RunningApp.StartAsync();
        var (ann, upload) = await ShareAsync(app, "Ann", "digits.txt", "0123456789"u8.ToArray());
        if (ended)
            await app.EndSessionAsync("Ann", reason: null);
        using var response = await GetAsync(ended ? ann : app.NewClient(), Address(upload));

        // A status, not a way to the join page: programs ask here.
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("0123456789", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static string Address(Upload upload) => $"/files/{upload.Id}/{Uri.EscapeDataString(upload.File.Name)}";

    /// <summary>The answer begins before the file is complete.</summary>
    private static Task<HttpResponseMessage> ArrivingAsync(HttpClient client, Upload upload) =>
        client.GetAsync(Address(upload), HttpCompletionOption.ResponseHeadersRead, Cancel);

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string address, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await client.SendAsync(request, Cancel);
    }

    private static async Task<(HttpClient Ann, Upload Upload)> ShareAsync(RunningApp app, string nickname, string name, byte[] content)
    {
        var (ann, session) = await app.EnterAsync(nickname);
        var upload = (await app.Get<UploadService>().BeginAsync(session, [Make.File(name, content.Length)], Make.ClientId(), Cancel))[0];
        await upload.AppendAsync(0, new MemoryStream(content), Cancel);
        Assert.Equal(FileState.Ready, upload.File.State);
        return (ann, upload);
    }

    /// <summary>The time that a reader waits for the next byte passes when the test says so.</summary>
    private sealed class RelayClock : TimeProvider
    {
        private readonly ConcurrentQueue<ITimer> _waits = [];

        public int Waits => _waits.Count;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime != RelayedFile.Patience)
                return base.CreateTimer(callback, state, dueTime, period);
            var wait = base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
            _waits.Enqueue(wait);
            return wait;
        }

        public void PassPatience()
        {
            // A wait that has ended is disposed of, and stays so.
            foreach (var wait in _waits)
                wait.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
