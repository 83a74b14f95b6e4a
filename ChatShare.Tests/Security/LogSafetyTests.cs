using System.Net;
using ChatShare.Benchmarks.Circuits;
using ChatShare.Benchmarks.Stall;
using ChatShare.Tests.Support;
using ChatShare.Web;
using ChatShare.Web.Security;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatShare.Tests.Security;

/// <summary>Whoever reads the log in a terminal sees what was sent, and their terminal does nothing of it.</summary>
public sealed class LogSafetyTests
{
    // Red, a title, a question that the terminal would answer, a line of its own, and text that runs backwards.
    private const string Hostile = "\u001b[31mred\u001b]0;title\u0007\u009b6n\r\nwarn: forged[0]\u202Eback";

    [Fact(Timeout = Make.Patience)]
    public async Task What_people_send_stands_in_the_log_without_what_a_terminal_obeys()
    {
        var token = TestContext.Current.CancellationToken;
        var log = new Collector();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.AddSingleton<ILoggerProvider>(new SafeConsole(log)), "Logging:LogLevel:Microsoft=Information");
        var encoded = Uri.EscapeDataString(Hostile);
        using var client = app.NewClient(sendsOrigin: false);
        foreach (var (method, path) in new[] { ("POST", $"/leave/{encoded}"), ("GET", $"/{encoded}?{encoded}"), ("DELETE", $"/api/{encoded}"), ("PUT", $"/files/{new string('a', 7000)}/{encoded}") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Headers.TryAddWithoutValidation("Origin", "http://evil.example");
            using var response = await client.SendAsync(request, token);
            Assert.NotEqual(HttpStatusCode.InternalServerError, response.StatusCode);
        }

        // The browser tells how its page has failed, and the framework writes that down.
        await using (var circuit = await BareCircuit.OpenAsync(await Visitor.JoinAsync(new Uri(app.Address), "Mallory", token), "/rooms/Lobby", token))
        {
            circuit.Acknowledges = false;
            Assert.True((await circuit.SendAsync("to draw something", token)).Succeeded);
            await circuit.UntilAsync(() => circuit.Unacknowledged > 0, token);
            await circuit.SayAsync("OnRenderCompleted", [circuit.FirstUnacknowledged, Hostile + new string('x', 40_000)], token);
            await circuit.UntilGoneAsync(token);
        }

        var lines = log.Lines;
        Assert.Contains(lines, line => line.Contains("refused: it comes from http://evil.example", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("\\u001b[31mred", StringComparison.Ordinal) && line.Contains("more)", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Any(c => (char.IsControl(c) && c is not ('\n' or '\t')) || c == '\u202E'));
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 2 * SafeConsole.MostCharacters + 100));
    }

    [Fact]
    public async Task Console_of_the_program_is_this_one()
    {
        await using var app = ChatShareApp.Build(["--ChatShare:Gateway:Endpoint="]);

        Assert.Contains(app.Services.GetServices<ILoggerProvider>(), provider => provider is SafeConsole);
        Assert.DoesNotContain(app.Services.GetServices<ILoggerProvider>(), provider => provider.GetType().Name == "ConsoleLoggerProvider");
    }

    [Theory]
    [InlineData("plain text\n\tand a second line")]
    [InlineData("Grüße 你好 😀")]
    public void What_no_terminal_obeys_is_left_alone(string text) => Assert.Same(text, SafeConsole.Safe(text));
}
