using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using ChatShare.Core.Storage;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Telemetry;

/// <summary>The numbers of a server: what they say, who may read them at <c>/metrics</c>, and what is sent by OTLP.</summary>
[Collection(nameof(MetricsFixture))]
public sealed class MetricsPageTests(MetricsFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Numbers_tell_what_has_happened_and_how_things_stand()
    {
        var before = await fixture.ReadAsync();
        using var ann = await ApiClient.SignInAsync(fixture.App, "Ann");
        await using var events = await ann.FollowAsync("Lobby");
        await ann.SayAsync("never to be seen in a number");
        await events.NextMessageAsync();
        var file = await ann.UploadAsync("secret name.txt", [1, 2, 3, 4, 5]);
        await events.NextMessagesAsync(2);
        Assert.Equal(5, (await ann.Http.GetByteArrayAsync($"/files/{file}", Cancel)).Length);
        var waiting = await new TusClient(fixture.App, ann.Http).CreateAsync("waits.txt", 10);
        await ann.CreateRoomAsync("First");
        using (var second = await ann.PostAsync("/api/rooms", """{"name":"Second"}"""))
            Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        await Eventually.TrueAsync(async () => ValueOf(await fixture.ReadAsync(), "chatshare_ready") > 0);

        var after = await fixture.ReadAsync();

        // Three messages: one is text, two are cards.
        Assert.Equal(3, Grown("chatshare_messages_total{chatshare_door=\"Api\"}"));
        Assert.Equal(0, Grown("chatshare_messages_total{chatshare_door=\"Browser\"}"));
        Assert.InRange(Grown("chatshare_delivery_duration_seconds_count"), 2, 4);
        Assert.InRange(Grown("chatshare_delivery_duration_seconds_sum"), 1e-6, 60);
        Assert.Equal(Grown("chatshare_delivery_duration_seconds_count"), Grown("chatshare_delivery_duration_seconds_bucket{le=\"+Inf\"}"));
        // A card that becomes the file is a change, too.
        Assert.Equal(4, Grown("chatshare_log_commit_changes_sum"));
        Assert.Equal(Grown("chatshare_log_commit_changes_count"), Grown("chatshare_log_commit_duration_seconds_count"));
        Assert.InRange(Grown("chatshare_log_commit_duration_seconds_sum"), 1e-6, 60);
        Assert.Equal((2, 1, 0), (Grown("chatshare_uploads_begun_total"), Ended("Ready"), Ended("Cancelled")));
        Assert.Equal((1, 0), (ValueOf(after, "chatshare_uploads_active"), ValueOf(after, "chatshare_uploads_receiving")));
        Assert.Equal((5, 5), (Grown("chatshare_uploads_received_bytes_total"), Grown("chatshare_downloads_sent_bytes_total")));
        Assert.Equal(1, Grown("chatshare_refusals_total{chatshare_limit=\"RoomsPerHour\"}"));
        Assert.Equal(1, ValueOf(after, "chatshare_people{chatshare_door=\"Api\"}"));
        foreach (var folder in new[] { "data", "downloads" })
            Assert.InRange(ValueOf(after, $"chatshare_disk_free_bytes{{chatshare_folder=\"{folder}\"}}"), 1, ValueOf(after, $"chatshare_disk_size_bytes{{chatshare_folder=\"{folder}\"}}"));
        Assert.DoesNotContain("secret", after, StringComparison.Ordinal);
        Assert.DoesNotContain("Ann", after, StringComparison.Ordinal);
        Assert.DoesNotContain("never to be seen", after, StringComparison.Ordinal);

        // What ends, and who goes, is not there any more.
        Assert.Equal(HttpStatusCode.NoContent, await new TusClient(fixture.App, ann.Http).StatusAsync("DELETE", waiting));
        using (await ann.Http.DeleteAsync("/api/session", Cancel))
            after = await fixture.ReadAsync();
        Assert.Equal((0, 1, 0), (ValueOf(after, "chatshare_uploads_active"), Ended("Cancelled"), ValueOf(after, "chatshare_people{chatshare_door=\"Api\"}")));

        double Grown(string sample) => ValueOf(after, sample) - ValueOf(before, sample);

        double Ended(string how) => Grown($"chatshare_uploads_ended_total{{chatshare_upload_end=\"{how}\"}}");
    }

    /// <summary>
    /// With a proxy on this machine, which is believed: what it says is where somebody is, and nobody behind it is on this machine, though its addresses are
    /// listed.
    /// </summary>
    [Theory]
    [InlineData(null, null, true)]
    [InlineData("10.9.9.9", null, false)]
    [InlineData("127.0.0.1", null, false)]
    [InlineData("127.0.0.1, 10.9.9.9", null, false)]
    [InlineData("10.1.0.1, 10.9.9.9", null, false)]
    [InlineData("10.1.2.3", null, true)]
    [InlineData("::ffff:10.1.2.3", null, true)]
    [InlineData("fd00::1", null, true)]
    [InlineData("10.9.9.9", MetricsFixture.Token, true)]
    [InlineData("10.9.9.9", "0123456789abcdef-of-somebody", false)]
    [InlineData("10.9.9.9", "", false)]
    public async Task They_are_for_this_machine_for_networks_that_are_listed_and_for_whoever_has_the_token(string? forwardedFor, string? token, bool may)
    {
        using var response = await fixture.AskAsync(forwardedFor, token);
        var text = await response.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(may ? HttpStatusCode.OK : HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(may, text.Contains("chatshare_messages_total", StringComparison.Ordinal));
        Assert.True(response.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("X-Real-IP", "10.9.9.9")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("X-Forwarded-Host", "chat.example.org")]
    [InlineData("X-Forwarded-Port", "443")]
    [InlineData("X-Forwarded-Server", "proxy")]
    [InlineData("Forwarded", "proto=https")]
    [InlineData("Via", "1.1 proxy")]
    public async Task Whoever_comes_through_a_proxy_on_this_machine_is_not_of_it_whatever_the_proxy_adds(string header, string value)
    {
        // Whatever they ask: what is not there knows no methods.
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head, HttpMethod.Options })
        {
            using var request = new HttpRequestMessage(method, "/metrics");
            request.Headers.Add(header, value);
            using var response = await fixture.App.NewClient(sendsOrigin: false).SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }

        using var here = await fixture.App.NewClient(sendsOrigin: false).SendAsync(new HttpRequestMessage(HttpMethod.Options, "/metrics"), Cancel);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET, HEAD"), (here.StatusCode, string.Join(", ", here.Content.Headers.Allow)));
    }

    [Fact]
    public async Task Whoever_reads_them_is_nobodys_session_and_the_token_opens_nothing_else()
    {
        var before = await SessionsAsync();
        using var client = fixture.App.NewClient(sendsOrigin: false);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", MetricsFixture.Token);
        using var metrics = await client.GetAsync("/metrics", Cancel);
        using var rooms = await client.GetAsync("/api/rooms", Cancel);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (metrics.StatusCode, rooms.StatusCode));
        Assert.False(metrics.Headers.Contains("Set-Cookie"));
        Assert.Equal(before, await SessionsAsync());
    }

    [Fact]
    public async Task Receiver_of_otlp_gets_them_too()
    {
        var (type, bytes) = await fixture.Received.WaitAsync(Make.PatienceForOne, Cancel);

        Assert.Equal("application/x-protobuf", type);
        foreach (var expected in new[] { "service.name", "chatshare", "chatshare.messages", "chatshare.door", "chatshare.people", "dotnet.process.cpu.time" })
            Assert.True(Contains(bytes, expected), expected);
        Assert.False(Contains(bytes, "Ann"));

        static bool Contains(byte[] bytes, string text) => bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0;
    }

    private async Task<int> SessionsAsync()
    {
        await using var db = await fixture.App.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel);
        return await db.Sessions.CountAsync(Cancel);
    }

    private static double ValueOf(string page, string sample) => double.Parse(
        Assert.Single(page.Split('\n'), line => line.StartsWith(sample + " ", StringComparison.Ordinal))[(sample.Length + 1)..], CultureInfo.InvariantCulture);
}
