using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Reliability;

/// <summary>A file on a bad line to a server that is killed now and then: what arrives is what was sent.</summary>
public sealed class UploadCutTests
{
    private const int AnHour = 3_600_000;

    private static readonly int Length = Make.IsLong ? 60_000_000 : 2_000_000;
    private static readonly int Cuts = Make.IsLong ? 100 : 8;
    private static readonly int Kills = Make.IsLong ? 20 : 1;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = AnHour)]
    public async Task Upload_that_is_cut_anywhere_and_whose_server_is_killed_arrives_whole()
    {
        await using var server = await ServerProcess.StartMigratedAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri(server.Address) };
        // A server that was killed has no connections left.
        http.DefaultRequestHeaders.ConnectionClose = true;
        using var opened = await http.PostAsJsonAsync("/api/session", new { nickname = "Ann" }, Cancel);
        var token = (await opened.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("accessToken").GetString();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        http.DefaultRequestHeaders.Add("Tus-Resumable", "1.0.0");
        var content = Make.Bytes(Length, seed: 4);
        var location = await CreateAsync(http);

        var (offset, sent, moved) = (0L, 0L, 0);
        for (var cut = 0; cut < Cuts; cut++)
        {
            // Anywhere, and so that something is left for the cuts that are to come.
            var count = (int)Random.Shared.NextInt64(1, Math.Max(2, 2 * (Length - offset) / (Cuts - cut + 1)));
            using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
            {
                await BeginAsync(socket, http, location, offset, content.AsMemory((int)offset, count));
                // A quarter is cut at once, the others when something of them has arrived; or was refused, when the part before is still here.
                if (cut % 4 != 3)
                    await Eventually.TrueAsync(async () => socket.Available > 0 || await OffsetAsync(http, location) > offset);
                if (cut % (Cuts / Kills) == Cuts / Kills / 2)
                {
                    await server.KillAsync(Cancel);
                    await server.StartAgainAsync(Cancel);
                }

                // Half of the others are reset, half end in the middle.
                if (cut % 2 == 0)
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }

            sent = Math.Max(sent, offset + count);
            var now = await OffsetAsync(http, location);
            Assert.InRange(now, offset, sent);
            if (now > offset)
                moved++;
            offset = now;
        }

        Assert.True(moved >= Cuts / 2, $"Only {moved} of {Cuts} parts brought anything.");
        await Eventually.TrueAsync(async () => await SendAsync(http, location, content, await OffsetAsync(http, location)) == HttpStatusCode.NoContent);
        var file = await http.GetByteArrayAsync(location.Replace("/uploads/", "/files/", StringComparison.Ordinal) + "/x", Cancel);
        Assert.Equal(Make.Sha256(content), Make.Sha256(file));
        Assert.Empty(TestFiles.PartialIn(server.Downloads));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Upload_whose_server_is_stopped_is_told_to_come_again_and_goes_on_where_its_bytes_ended()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(200_000, seed: 5);
        const int half = 100_000;
        var location = await tus.CreateAsync("half.bin", content.Length);
        using var socket = await tus.BeginPartAsync(location, 0, content.Length, content[..half]);
        // Not by HEAD, to which a part gives way that is silent.
        await Eventually.TrueAsync(() => Task.FromResult(Assert.Single(app.Get<UploadService>().Active).Received == half));

        var stopping = app.StopAsync();
        using var answer = new StreamReader(socket.GetStream());
        Assert.StartsWith("HTTP/1.1 503 ", await answer.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await stopping;
        await app.StartAgainAsync();

        Assert.Equal(half, await tus.OffsetAsync(location));
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, half, content[half..]));
        Assert.Equal(Make.Sha256(content), Make.Sha256(await tus.DownloadAsync(location)));
    }

    private static async Task<string> CreateAsync(HttpClient http)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/uploads");
        request.Headers.Add("Upload-Length", Length.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Upload-Metadata", TusClient.Metadata("bad line.bin"));
        using var created = await http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        return created.Headers.Location!.OriginalString;
    }

    private static async Task<long> OffsetAsync(HttpClient http, string location)
    {
        using var response = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, location), Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return TusClient.OffsetIn(response);
    }

    /// <summary>All the rest.</summary>
    private static async Task<HttpStatusCode> SendAsync(HttpClient http, string location, byte[] content, long offset)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, location) { Content = TusClient.Part(content[(int)offset..]) };
        request.Headers.Add("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture));
        using var response = await http.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    /// <summary>A part that promises all the rest and brings some of it.</summary>
    private static async Task BeginAsync(Socket socket, HttpClient http, string location, long offset, ReadOnlyMemory<byte> bytes)
    {
        var host = http.BaseAddress!;
        await socket.ConnectAsync(host.Host, host.Port, Cancel);
        var head = string.Join("\r\n",
            $"PATCH {location} HTTP/1.1", $"Host: {host.Authority}", $"Authorization: {http.DefaultRequestHeaders.Authorization}",
            "Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream",
            string.Create(CultureInfo.InvariantCulture, $"Upload-Offset: {offset}"),
            string.Create(CultureInfo.InvariantCulture, $"Content-Length: {Length - offset}"), "", "");
        await socket.SendAsync(Encoding.ASCII.GetBytes(head), Cancel);
        await socket.SendAsync(bytes, Cancel);
    }
}
