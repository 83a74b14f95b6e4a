using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Tests.Files;

/// <summary>Slow, strange and badly timed requests: a clear answer, nothing lost, nothing left behind.</summary>
public sealed class BadInputTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Body_that_stops_after_one_byte_is_ended_and_the_byte_is_kept()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 10);
        using var slow = await tus.BeginPartAsync(location, 0, 10, [7]);
        using var reader = new StreamReader(slow.GetStream());

        Assert.StartsWith("HTTP/1.1 408", await reader.ReadLineAsync(Cancel), StringComparison.Ordinal);
        // To the end of the connection, which the server closes.
        await reader.ReadToEndAsync(Cancel);
        Assert.Equal(1, await tus.OffsetAsync(location));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 1, [1, 2, 3, 4, 5, 6, 7, 8, 9]));
        Assert.Equal([7, 1, 2, 3, 4, 5, 6, 7, 8, 9], await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Fast_body_that_falls_silent_is_ended_after_its_time_and_its_bytes_are_kept()
    {
        // The server’s own least rate lets it pass: so many bytes came that it counts as fast for hours.
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(new HurriedClock()));
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(3_000_000);
        var location = await tus.CreateAsync("a", content.Length);
        using var silent = await tus.BeginPartAsync(location, 0, content.Length, content[..2_000_000]);
        using var reader = new StreamReader(silent.GetStream());

        Assert.StartsWith("HTTP/1.1 408", await reader.ReadLineAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(2_000_000, await tus.OffsetAsync(location));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 2_000_000, content[2_000_000..]));
        Assert.Equal(content, await tus.DownloadAsync(location));
    }

    [Fact]
    public async Task Part_in_chunks_without_a_length_counts_as_far_as_it_comes()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(300_000);
        var location = await tus.CreateAsync("a", content.Length);
        using (var part = await tus.AppendAsync(location, 0, TusClient.Part(new ScriptedStream(content.AsMemory(0, 100_000), [7000, 1], ScriptedStream.Ending.Ends))))
            Assert.Equal((HttpStatusCode.NoContent, 100_000), (part.StatusCode, TusClient.OffsetIn(part)));
        await Assert.ThrowsAsync<HttpRequestException>(() => tus.AppendAsync(
            location, 100_000, TusClient.Part(new ScriptedStream(content.AsMemory(100_000, 50_000), [5000], ScriptedStream.Ending.Breaks))));
        await Eventually.TrueAsync(async () =>
        {
            // The server may still be reading what had come before the break.
            var at = (int)await tus.OffsetAsync(location);
            Assert.InRange(at, 100_000, 150_000);
            using var rest = await tus.AppendAsync(location, at, TusClient.Part(new ScriptedStream(content.AsMemory(at), [], ScriptedStream.Ending.Ends)));
            return rest.StatusCode == HttpStatusCode.NoContent;
        });

        Assert.Equal(content, await tus.DownloadAsync(location));
        using var creation = await tus.SendAsync(
            "POST", "/uploads", TusClient.Part(new ScriptedStream(content, [], ScriptedStream.Ending.Ends)), ("Upload-Metadata", TusClient.Metadata("b")));
        Assert.Equal(HttpStatusCode.BadRequest, creation.StatusCode);
    }

    [Theory]
    [InlineData("not hexadecimal\r\n")]
    [InlineData("FFFFFFFFFFFFFFFFF\r\nx")]
    public async Task Chunks_that_are_none_end_the_request_and_nothing_else(string chunks)
    {
        var app = fixture.App;
        var ann = await fixture.JoinAsync();
        var tus = new TusClient(app, ann);
        var location = await tus.CreateAsync("a", 2);
        var answer = await RawAsync(
            app, $"PATCH {location} HTTP/1.1", $"Cookie: {RunningApp.CookiesOf(ann)}", "Tus-Resumable: 1.0.0", "Upload-Offset: 0",
            "Content-Type: application/offset+octet-stream", "Transfer-Encoding: chunked", "", chunks);

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Equal(0, await tus.OffsetAsync(location));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, [1, 2]));
    }

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("-1")]
    [InlineData("99999999999999999999999")]
    public async Task Content_length_that_overflows_is_400(string length)
    {
        var app = fixture.App;
        var ann = await fixture.JoinAsync();
        var tus = new TusClient(app, ann);
        var location = await tus.CreateAsync("a", 2);
        var answer = await RawAsync(
            app, $"PATCH {location} HTTP/1.1", $"Cookie: {RunningApp.CookiesOf(ann)}", "Tus-Resumable: 1.0.0", "Upload-Offset: 0",
            "Content-Type: application/offset+octet-stream", $"Content-Length: {length}", "", "xx");

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Equal(0, await tus.OffsetAsync(location));
    }

    [Theory]
    [InlineData("POST", "/uploads")]
    [InlineData("HEAD", "/uploads/x")]
    [InlineData("PATCH", "/uploads/x")]
    [InlineData("DELETE", "/uploads/x")]
    public async Task Without_a_cookie_it_is_a_401_for_programs_and_never_a_way_to_the_join_page(string method, string address)
    {
        var app = fixture.App;
        using var response = await new TusClient(app, app.NewClient()).SendAsync(
            method, address, content: null, ("Upload-Length", "1"), ("Upload-Offset", "0"), ("Upload-Metadata", TusClient.Metadata("a")), ("Accept", "text/html"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Null(response.Headers.Location);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task File_that_is_deleted_while_it_is_downloaded_arrives_whole_and_is_gone_for_the_next()
    {
        await using var app = await RunningApp.StartAsync();
        var ann = await app.JoinAsync("Ann");
        var tus = new TusClient(app, ann);
        // More than the two sockets hold between them, so that the server is still reading.
        var content = Make.Bytes(20_000_000);
        var location = await tus.CreateAsync("a", content.Length);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, content));
        var address = location.Replace("/uploads/", "/files/", StringComparison.Ordinal) + "/a";
        using var begun = await ann.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.True(FileId.TryParse(location.Split('/')[^1], out var id));
        var account = await app.Get<AccountService>().CreateAdministratorAsync(Make.Nickname("root"), "a long enough password", Cancel);
        var root = await app.Get<SessionService>().SignInAsync(account, replaces: null, Cancel);
        await app.Get<FileRemoval>().DeleteAsync(id, root, Cancel);

        Assert.Equal(Make.Sha256(content), Make.Sha256(await begun.Content.ReadAsByteArrayAsync(Cancel)));
        using var next = await ann.GetAsync(address, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, next.StatusCode);
        Assert.Empty(Directory.GetFiles(Path.Combine(app.DownloadsDirectory, "files"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Clock_that_is_set_back_and_forth_gives_up_only_what_nobody_went_on_with()
    {
        var clock = new ForwardClock();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a", 3);
        Task SweepAsync() => app.Services.GetServices<IHostedService>().OfType<UploadClock>().Single().SweepAsync(Cancel);
        async Task GoesOnAsync(byte next)
        {
            await SweepAsync();
            Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, next, [next]));
        }

        clock.Jump(TimeSpan.FromDays(-3));
        await GoesOnAsync(0);
        clock.Jump(TimeSpan.FromDays(6));
        await GoesOnAsync(1);
        clock.Jump(TimeSpan.FromDays(-4));
        clock.Advance(TimeSpan.FromHours(25));
        await SweepAsync();
        Assert.Equal(HttpStatusCode.Gone, await tus.StatusAsync("HEAD", location));
        Assert.Empty(TestFiles.PartialIn(app.DownloadsDirectory));
    }

    private static async Task<string> RawAsync(RunningApp app, string request, params string[] lines)
    {
        var host = new Uri(app.Address);
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Host, host.Port, Cancel);
        var text = string.Join("\r\n", [request, $"Host: {host.Authority}", $"Origin: {app.Address}", .. lines]);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), Cancel);
        using var reader = new StreamReader(socket.GetStream());
        return await reader.ReadLineAsync(Cancel) ?? "";
    }

    /// <summary>Whoever waits ten seconds or more waits a hundredth of it.</summary>
    private sealed class HurriedClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new HurriedTimer(base.CreateTimer(callback, state, Hurry(dueTime), Hurry(period)));

        private static TimeSpan Hurry(TimeSpan time) => time >= TimeSpan.FromSeconds(10) ? time / 100 : time;

        private sealed class HurriedTimer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Hurry(dueTime), Hurry(period));

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
