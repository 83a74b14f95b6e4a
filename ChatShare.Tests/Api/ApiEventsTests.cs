using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ChatShare.Tests.Api;

public sealed class ApiEventsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RunningApp App => fixture.App;

    [Fact]
    public async Task Stream_begins_now_and_brings_each_message_with_its_number()
    {
        using var ann = await ApiClient.SignInAsync(App, "Ann");
        await ann.CreateRoomAsync("Now");
        await ann.SayAsync("before", "Now");
        // Open at once although nothing is said; the first ping would come much later.
        await using var events = await ann.FollowAsync("now");
        var said = await ann.SayAsync("after", "Now");
        var message = await events.NextAsync();

        var epoch = Assert.Single(events.Response.Headers.GetValues("Epoch"));
        Assert.Equal("text/event-stream", events.Response.Content.Headers.ContentType?.MediaType);
        Assert.True(events.Response.Headers.CacheControl?.NoStore);
        Assert.Equal("no", Assert.Single(events.Response.Headers.GetValues("X-Accel-Buffering")));
        Assert.Equal(("message", $"{epoch}-2", said.GetRawText()), (message?.Type, message?.Id, message?.Data));
    }

    [Fact]
    public async Task Changes_come_again_with_their_new_number_and_the_header_wins_over_the_address()
    {
        using var ben = await ApiClient.SignInAsync(App, "Ben");
        await ben.CreateRoomAsync("Again");
        await using var live = await ben.FollowAsync("Again");
        await ben.SayAsync("one", "Again");
        await ben.UploadAsync("f.txt", [1], "Again");
        var seen = await live.NextMessagesAsync(3);
        await using var after = await ben.FollowAsync("Again", "?after=1");
        await using var last = await ben.FollowAsync("Again", "?after=0", seen[1].Id);

        Assert.Equal([1L, 2L, 3L], seen.Select(message => message.Changed));
        Assert.Equal([1L, 2L, 2L], seen.Select(message => message.Message.GetProperty("number").GetInt64()));
        Assert.Equal(["uploading", "ready"], seen.Skip(1).Select(message => message.Message.GetProperty("files")[0].GetProperty("state").GetString()));
        Assert.Null(seen[1].Message.GetProperty("files")[0].GetProperty("sha256").GetString());
        // Read from the ring or the log, as it is now.
        Assert.Equal(seen[2].Data, (await after.NextMessagesAsync(2))[^1].Data);
        Assert.Equal(seen[2], await last.NextMessageAsync());
    }

    [Theory]
    [InlineData("?after=0123456789abcdef-0", null)]
    [InlineData("", "0123456789abcdef-5")]
    [InlineData("", "rubbish")]
    public async Task Reader_of_another_epoch_is_told_to_start_afresh_and_gets_what_comes(string query, string? last)
    {
        using var cleo = await ApiClient.SignInAsync(App, $"Cleo {Make.ClientId()[..8]}");
        var room = $"Reset {Make.ClientId()[..8]}";
        await cleo.CreateRoomAsync(room);
        await cleo.SayAsync("old", room);
        await using var events = await cleo.FollowAsync(room, query, last);
        var reset = await events.NextAsync();
        await cleo.SayAsync("new", room);

        Assert.Equal("reset", reset?.Type);
        Assert.EndsWith("-1", reset?.Id, StringComparison.Ordinal);
        Assert.Equal("new", (await events.NextMessageAsync()).Text);
    }

    [Fact]
    public async Task Number_ahead_of_the_room_waits_for_what_is_above_it()
    {
        using var kim = await ApiClient.SignInAsync(App, "Kim");
        await kim.CreateRoomAsync("Ahead");
        await kim.SayAsync("1", "Ahead");
        await using var bare = await kim.FollowAsync("Ahead", "?after=3");
        var epoch = Assert.Single(bare.Response.Headers.GetValues("Epoch"));
        await using var full = await kim.FollowAsync("Ahead", $"?after={epoch}-3");
        await using var last = await kim.FollowAsync("Ahead", last: $"{epoch}-3");
        await using var farthest = await kim.FollowAsync("Ahead", $"?after={long.MaxValue}");
        foreach (var number in Enumerable.Range(2, 3))
        {
            Assert.Empty((await kim.GetAsync("/api/rooms/Ahead/messages?after=3")).EnumerateArray());
            await kim.SayAsync($"{number}", "Ahead");
        }

        foreach (var events in new[] { bare, full, last })
            Assert.Equal(("message", $"{epoch}-4"), await events.NextAsync() is { } next ? (next.Type, next.Id) : default);
        Assert.Equal("4", Assert.Single((await kim.GetAsync("/api/rooms/Ahead/messages?after=3")).EnumerateArray()).GetProperty("text").GetString());
    }

    [Fact]
    public async Task Order_of_events_is_the_order_of_the_log_when_many_post_at_once()
    {
        var people = await Task.WhenAll(Enumerable.Range(1, 5).Select(number => ApiClient.SignInAsync(App, $"Poster {number}")));
        await people[0].CreateRoomAsync("Order");
        await using var first = await people[0].FollowAsync("Order");
        await using var second = await people[1].FollowAsync("Order");
        await Task.WhenAll(people.Select(async person =>
        {
            foreach (var number in Enumerable.Range(1, 40))
                await person.SayAsync($"{number}", "Order");
        }));

        var log = await App.Get<MessageLog>().AfterAsync(App.Get<RoomService>().Find(Make.RoomName("Order"))!, 0, int.MaxValue, Cancel);
        var expected = log.Select(message => (message.Number, message.Sender, message.Text)).ToList();
        Assert.Equal(200, expected.Count);
        foreach (var reader in new[] { first, second })
        {
            Assert.Equal(expected, (await reader.NextMessagesAsync(200)).Select(
                message => (message.Message.GetProperty("number").GetInt64(), message.Message.GetProperty("sender").GetString()!, message.Text!)));
        }
    }

    [Fact]
    public async Task Reader_that_does_not_read_delays_nobody_and_misses_nothing_that_was_not_sent()
    {
        using var dora = await ApiClient.SignInAsync(App, "Dora");
        await dora.CreateRoomAsync("Stall");
        using var stalled = await StallAsync(dora, "Stall");
        await using var reader = await dora.FollowAsync("Stall");
        var text = new string('x', 15_000);
        var watch = Stopwatch.StartNew();
        // More than all buffers between the two can hold.
        foreach (var number in Enumerable.Range(1, 700))
            await dora.SayAsync($"{number} {text}", "Stall");
        var messages = await reader.NextMessagesAsync(700);

        Assert.Equal(Enumerable.Range(1, 700).Select(number => (long)number), messages.Select(message => message.Changed));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"It took {watch.Elapsed}.");
    }

    [Fact]
    public async Task Disconnect_ends_stream_and_token_within_two_seconds()
    {
        using var root = await ApiClient.SignInAdministratorAsync(App);
        using var ed = await ApiClient.SignInAsync(App, "Ed");
        await ed.CreateRoomAsync("Ends");
        await using var events = await ed.FollowAsync("Ends");
        var id = (await root.GetAsync("/api/connections")).EnumerateArray()
            .Single(user => user.GetProperty("nickname").GetString() == "Ed").GetProperty("id").GetString();
        var watch = Stopwatch.StartNew();
        using var gone = await root.Http.DeleteAsync($"/api/connections/{id}?reason=Enough", Cancel);
        await events.EndedAsync();
        using var refused = await ed.Http.GetAsync("/api/rooms", Cancel);

        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"It took {watch.Elapsed}.");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.EndsWith("Reason: Enough", (await ApiClient.ReadAsync(refused)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disconnect_cuts_off_a_reader_that_does_not_read()
    {
        using var ian = await ApiClient.SignInAsync(App, "Ian");
        using var jo = await ApiClient.SignInAsync(App, "Jo");
        await jo.CreateRoomAsync("Cut");
        using var stalled = await StallAsync(ian, "Cut");
        var text = new string('x', 15_000);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => jo.SayAsync(text, "Cut")));
        await App.EndSessionAsync("Ian", null);

        // Nothing is read meanwhile: then everything would come, to a clean end.
        await Eventually.TrueAsync(() => Task.FromResult(
            stalled.Client.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is (int)SocketError.ConnectionReset));
    }

    [Fact]
    public async Task Streams_of_one_person_are_limited_and_a_closed_one_makes_room()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:EventStreamsPerPerson=1");
        using var flo = await ApiClient.SignInAsync(app, "Flo");
        await using (await flo.FollowAsync("Lobby"))
        {
            using var second = await flo.Http.GetAsync("/api/rooms/Lobby/events", Cancel);
            Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
            Assert.NotNull(second.Headers.RetryAfter);
        }

        await Eventually.TrueAsync(async () =>
        {
            using var response = await flo.Http.GetAsync("/api/rooms/Lobby/events", HttpCompletionOption.ResponseHeadersRead, Cancel);
            return response.StatusCode == HttpStatusCode.OK;
        });
    }

    [Fact]
    public async Task Restart_of_the_server_ends_the_stream_at_once_and_the_last_id_goes_on_behind_it()
    {
        await using var app = await RunningApp.StartAsync(ApiFixture.Settings);
        using var gus = await ApiClient.SignInAsync(app, "Gus");
        string? last;
        await using (var events = await gus.FollowAsync("Lobby"))
        {
            await gus.SayAsync("one");
            last = (await events.NextMessageAsync()).Id;
            await gus.SayAsync("two");
            var watch = Stopwatch.StartNew();
            await app.StopAsync();
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(4), $"It took {watch.Elapsed}.");
        }

        await app.StartAgainAsync();
        await gus.SayAsync("three");
        await using var again = await gus.FollowAsync("Lobby", last: last);

        Assert.Equal(["two", "three"], (await again.NextMessagesAsync(2)).Select(message => message.Text));
    }

    /// <summary>Asks for the events and reads none of them.</summary>
    private async Task<TcpClient> StallAsync(ApiClient client, string room)
    {
        var stalled = new TcpClient { ReceiveBufferSize = 4096 };
        var host = new Uri(App.Address);
        await stalled.ConnectAsync(host.Host, host.Port, Cancel);
        var authorization = client.Http.DefaultRequestHeaders.Authorization;
        await stalled.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"GET /api/rooms/{room}/events HTTP/1.1\r\nHost: {host.Authority}\r\nAuthorization: {authorization}\r\n\r\n"), Cancel);
        // The first line of the answer, so that the stream is open.
        var first = new byte[4];
        await stalled.GetStream().ReadExactlyAsync(first, Cancel);
        return stalled;
    }

    [Fact]
    public async Task Quiet_stream_pings_and_whoever_follows_stays_in_the_room_until_a_while_after()
    {
        await using var app = await RunningApp.StartAsync(Hurry);
        using var hal = await ApiClient.SignInAsync(app, "Hal");
        using var ida = await ApiClient.SignInAsync(app, "Ida");
        var watch = Stopwatch.StartNew();
        await using (var events = await hal.FollowAsync("Lobby"))
        {
            Assert.EndsWith("-0", (await events.NextAsync())?.Id, StringComparison.Ordinal);
            // Fifteen seconds of a clock that is a hundred times as fast.
            Assert.True(watch.ElapsedMilliseconds >= 140, $"The first one came after {watch.Elapsed}.");
            // More pings than fit into the time after which somebody without a request is gone.
            foreach (var _ in Enumerable.Range(0, 10))
                Assert.Equal("ping", (await events.NextAsync())?.Type);
            Assert.Equal(["Hal"], await PeopleAsync());
        }

        await Eventually.TrueAsync(async () => (await PeopleAsync()).Count == 0);
        await hal.SayAsync("I am back");
        Assert.Equal(["Hal"], await PeopleAsync());

        async Task<List<string?>> PeopleAsync() =>
            [.. (await ida.GetAsync("/api/rooms/Lobby/people")).EnumerateArray().Select(person => person.GetProperty("nickname").GetString())];

        static void Hurry(WebApplicationBuilder builder) => builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(new HurriedClock()));
    }
}
