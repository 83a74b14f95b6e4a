using System.Net;
using System.Text.Json;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Api;

/// <summary>What the API says of a file while it comes in.</summary>
public sealed class ApiFileStateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_whose_bytes_stay_away_is_paused_also_after_a_restart_until_they_come_again()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:ApiRequestsPerSecond=0");
        var http = await app.JoinAsync("Ann");
        using var ann = new ApiClient(app, http);
        var tus = new TusClient(app, http);
        var location = await tus.CreateAsync("a.bin", 4);
        Assert.Equal("uploading", await StateAsync());
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, [1, 2]));

        await Eventually.TrueAsync(async () => await StateAsync() == "paused");
        await using (var events = await ann.FollowAsync("Lobby", "?after=0"))
            Assert.Equal("paused", StateIn((await events.NextMessageAsync()).Message));
        await app.StopAsync();
        await app.StartAgainAsync();
        Assert.Equal("paused", await StateAsync());

        using var part = await tus.BeginPartAsync(location, 2, 2, [3]);
        await Eventually.TrueAsync(async () => await StateAsync() == "uploading");
        await part.GetStream().WriteAsync(new byte[] { 4 }, Cancel);
        await Eventually.TrueAsync(async () => await StateAsync() == "ready");
        Assert.Equal("ready", Assert.Single((await ann.GetAsync("/api/rooms/Lobby/files")).EnumerateArray()).GetProperty("state").GetString());

        async Task<string?> StateAsync() => StateIn(Assert.Single((await ann.GetAsync("/api/rooms/Lobby/messages")).EnumerateArray()));
    }

    private static string? StateIn(JsonElement message) => Assert.Single(message.GetProperty("files").EnumerateArray()).GetProperty("state").GetString();
}
