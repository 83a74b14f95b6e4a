using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Reliability;

/// <summary>The clock of the machine is set while the real program runs: Debian's faketime makes it so for that program alone.</summary>
public sealed class FalseClockTests
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(Make.IsLong ? 5 : 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // The program takes four times as long under a false clock.
    [Fact]
    public async Task Clock_that_jumps_a_day_forward_and_back_ends_nothing_and_spins_nothing()
    {
        var library = Directory.Exists("/usr/lib") ? Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", SearchOption.AllDirectories).FirstOrDefault() : null;
        Assert.SkipWhen(library is null, "faketime is not installed; ./test installs it on Debian as root.");
        using var folder = new TemporaryFolder();
        var clock = folder.File("clock");
        await File.WriteAllTextAsync(clock, "+0d", Cancel);
        await using var server = await ServerProcess.StartInAsync(
            new Dictionary<string, string>
            {
                ["LD_PRELOAD"] = library!,
                ["FAKETIME_TIMESTAMP_FILE"] = clock,
                ["FAKETIME_CACHE_DURATION"] = "1",
                ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
                ["NO_FAKE_STAT"] = "1",
            },
            Cancel);
        using var http = new HttpClient { BaseAddress = new Uri(server.Address) };
        using var opened = await http.PostAsJsonAsync("/api/session", new { nickname = "Ann" }, Cancel);
        var token = (await opened.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("accessToken").GetString();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var events = await http.GetAsync("/api/rooms/Lobby/events", HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var stream = new StreamReader(await events.Content.ReadAsStreamAsync(Cancel));
        var content = Make.Bytes(300_000);
        var location = await CreateAsync(http, content.Length);
        await AppendAsync(http, location, content, 0, 100_000);
        var idle = await BusyAsync(server);

        var times = new List<DateTimeOffset> { await SayAsync(http, "0") };
        foreach (var days in new[] { 1, -1, 0 })
        {
            await File.WriteAllTextAsync(clock, string.Create(CultureInfo.InvariantCulture, $"{days:+0;-0;+0}d"), Cancel);
            await UntilItIsAsync(http, DateTimeOffset.UtcNow.AddDays(days));
            times.Add(await SayAsync(http, times.Count.ToString(CultureInfo.InvariantCulture)));
            await AppendAsync(http, location, content, times.Count * 50_000, 50_000);
            Assert.InRange(await BusyAsync(server), TimeSpan.Zero, (2 * idle) + TimeSpan.FromSeconds(1));
        }

        // The clock did jump.
        Assert.True(times[1] - times[0] > TimeSpan.FromHours(23) && times[1] - times[2] > TimeSpan.FromHours(47), string.Join(", ", times));
        await AppendAsync(http, location, content, 250_000, 50_000);
        Assert.Equal(content, await http.GetByteArrayAsync(location.Replace("/uploads/", "/files/", StringComparison.Ordinal) + "/x", Cancel));
        var messages = await http.GetFromJsonAsync<JsonElement>("/api/rooms/Lobby/messages", Cancel);
        Assert.Equal(["", "0", "1", "2", "3"], messages.EnumerateArray().Select(message => message.GetProperty("text").GetString()));
        // Whoever was listening from before hears the last of them in the same answer.
        string? line;
        do
        {
            line = await stream.ReadLineAsync(Cancel);
            Assert.NotNull(line);
        }
        while (!line.Contains("\"text\":\"3\"", StringComparison.Ordinal));
        using var other = new HttpClient { BaseAddress = http.BaseAddress };
        using var taken = await other.PostAsJsonAsync("/api/session", new { nickname = "Ann" }, Cancel);
        Assert.Equal(HttpStatusCode.Conflict, taken.StatusCode);
    }

    /// <summary>The library looks into the file now and then; each answer of the server says what it takes for the time.</summary>
    private static Task UntilItIsAsync(HttpClient http, DateTimeOffset time) => Eventually.TrueAsync(async () =>
    {
        using var answer = await http.GetAsync("/health/live", Cancel);
        return answer.Headers.Date is { } date && (date - time).Duration() < TimeSpan.FromHours(1);
    });

    private static async Task<TimeSpan> BusyAsync(ServerProcess server)
    {
        var before = server.ProcessorTime;
        await TestClock.UntilAsync(Watched, Cancel);
        return server.ProcessorTime - before;
    }

    private static async Task<DateTimeOffset> SayAsync(HttpClient http, string text)
    {
        using var response = await http.PostAsJsonAsync("/api/rooms/Lobby/messages", new { text, clientId = Make.ClientId() }, Cancel);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("sentAt").GetDateTimeOffset();
    }

    private static async Task<string> CreateAsync(HttpClient http, int length)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/uploads");
        request.Headers.Add("Tus-Resumable", "1.0.0");
        request.Headers.Add("Upload-Length", length.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Upload-Metadata", TusClient.Metadata("late.bin"));
        using var created = await http.SendAsync(request, Cancel);
        created.EnsureSuccessStatusCode();
        return created.Headers.Location!.OriginalString;
    }

    private static async Task AppendAsync(HttpClient http, string location, byte[] content, int offset, int count)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, location) { Content = TusClient.Part(content[offset..(offset + count)]) };
        request.Headers.Add("Tus-Resumable", "1.0.0");
        request.Headers.Add("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture));
        using var response = await http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }
}
