using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Security;

/// <summary>
/// The same by a tool that others wrote. It asks for a page itself meanwhile and gives the server three seconds, so that no other test may take
/// the processors.
/// </summary>
[Collection(nameof(SlowAttackTests))]
[CollectionDefinition(nameof(SlowAttackTests), DisableParallelization = true)]
public sealed partial class SlowAttackTests
{
    private const string Tool = "/usr/bin/slowhttptest";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("-H", "-i", "10", "-x", "24")]
    [InlineData("-B", "-i", "10", "-s", "8192", "-t", "POST")]
    [InlineData("-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3")]
    // From the second byte on: with 0 the tool says that the option lacks its argument, and does nothing.
    [InlineData("-R", "-a", "1", "-b", "1000")]
    public async Task Attacks_of_slowhttptest_leave_the_server_available(params string[] attack)
    {
        Assert.SkipUnless(Make.IsLong, "Takes a minute each; runs in the long form.");
        Assert.SkipUnless(File.Exists(Tool), "slowhttptest is not installed; ./test installs it on Debian as root.");
        await using var server = await ServerProcess.StartMigratedAsync(Cancel, "ChatShare:Limits:JoinsPerMinutePerAddress=0");
        string[] arguments = [.. attack, "-c", "1000", "-r", "200", "-l", "60", "-p", "3", "-u", $"{server.Address}/_content/MudBlazor/MudBlazor.min.css"];
        using var tool = Process.Start(new ProcessStartInfo(Tool, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (tool.StandardOutput.ReadToEndAsync(Cancel), tool.StandardError.ReadToEndAsync(Cancel));
        var served = 0;
        while (!tool.HasExited)
        {
            await ServesOthersAsync(server);
            served++;
            await TestClock.UntilAsync(TimeSpan.FromMilliseconds(500), Cancel);
        }

        var report = Colour().Replace(await output, "");
        Assert.True(tool.ExitCode == 0, report + await errors);
        // It has looked itself, and it came to its end: by time, or since the server had answered and hung up on all of it.
        Assert.Matches("service available: +YES", report);
        Assert.DoesNotMatch("service available: +NO", report);
        Assert.Matches("Exit status: +(Hit test time limit|No open connections left)", report);
        Assert.True(served > 1, report);
        await ServesOthersAsync(server);
    }

    /// <summary>By connections of their own, as somebody has who comes now: a page with everything in it, and a program that signs in and says something.</summary>
    private static async Task ServesOthersAsync(ServerProcess server)
    {
        // For each answer. What holds others up at all is the kernel, which has 1.7 GB waiting for a thousand readers of this machine.
        using var http = new HttpClient { BaseAddress = new Uri(server.Address), Timeout = TimeSpan.FromSeconds(30) };
        foreach (var path in new[] { "/health/ready", "/", "/_content/MudBlazor/MudBlazor.min.css" })
        {
            using var response = await http.GetAsync(path, Cancel);
            Assert.Equal((path, HttpStatusCode.OK), (path, response.StatusCode));
            Assert.NotEqual("", await response.Content.ReadAsStringAsync(Cancel));
        }

        using var opened = await http.PostAsJsonAsync("/api/session", new { nickname = $"Other {Guid.NewGuid():N}"[..20] }, Cancel);
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        var session = await opened.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session.GetProperty("accessToken").GetString());
        using var posted = await http.PostAsJsonAsync("/api/rooms/Lobby/messages", new { text = "still here", clientId = Make.ClientId() }, Cancel);
        Assert.Equal(HttpStatusCode.Created, posted.StatusCode);
    }

    [GeneratedRegex(@"\e\[[0-9;]*[A-Za-z]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Colour();
}
