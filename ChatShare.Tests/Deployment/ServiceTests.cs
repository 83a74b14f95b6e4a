using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;
using ChatShare.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ChatShare.Tests.Deployment;

/// <summary>deploy/chatshare.service, and what the program says to the service manager.</summary>
public sealed class ServiceTests
{
    private static readonly string Unit = SourceTree.Folder("deploy/chatshare.service");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unit_leaves_little_to_whoever_takes_the_program_over()
    {
        const string Analyzer = "/usr/bin/systemd-analyze";
        Assert.SkipUnless(File.Exists(Analyzer), "systemd-analyze is not installed; ./test installs it on Debian as root.");

        await Command.RequireAsync(Analyzer, "security", "--offline=true", "--threshold=20", "--no-pager", Unit);
    }

    [Fact]
    public async Task Unit_lets_the_program_end_in_its_own_time_and_make_code_while_it_runs()
    {
        var unit = await File.ReadAllTextAsync(Unit, Cancel);
        await using var app = ChatShareApp.Build([]);
        var drain = app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;

        Assert.InRange(Seconds("TimeoutStopSec"), drain.TotalSeconds + 10, 300);
        // Pings have stopped by then.
        Assert.True(Seconds("WatchdogSec") * (Watchdog.PingsPerSilence - 1) / Watchdog.PingsPerSilence > drain.TotalSeconds);
        Assert.DoesNotMatch(new Regex("^MemoryDenyWriteExecute", RegexOptions.Multiline), unit);

        int Seconds(string key) => int.Parse(Regex.Match(unit, $@"^{key}=(\d+)$", RegexOptions.Multiline).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Program_says_that_it_is_ready_that_it_lives_and_that_it_stops()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It is said over a Unix socket.");
        using var folder = new TemporaryFolder();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(folder.File("notify")));
        var environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = folder.File("notify"), ["WATCHDOG_USEC"] = "300000" };
        // From the start on: the system keeps a few for a manager that does not listen, then the program would wait.
        var told = UntilToldAsync("READY=1", "WATCHDOG=1");
        await using var server = await ServerProcess.StartInAsync(environment, Cancel);
        await told;
        var stopping = UntilToldAsync("STOPPING=1");
        var code = await server.StopAsync(Cancel);

        await stopping;
        Assert.Equal(0, code);

        async Task UntilToldAsync(params string[] states)
        {
            var missing = states.ToHashSet(StringComparer.Ordinal);
            var buffer = new byte[1024];
            while (missing.Count > 0)
            {
                var length = await manager.ReceiveAsync(buffer, Cancel);
                missing.ExceptWith(Encoding.UTF8.GetString(buffer, 0, length).Split('\n'));
            }
        }
    }

    [Theory]
    [InlineData("60000000", null, 60)]
    [InlineData("60000000", "", 60)]
    [InlineData("60000000", "7", 60)]
    [InlineData("60000000", "8", null)]
    [InlineData(null, null, null)]
    [InlineData("0", null, null)]
    [InlineData("-5", null, null)]
    [InlineData("soon", null, null)]
    public void Watchdog_pings_only_when_it_is_this_process_that_is_watched(string? microseconds, string? process, int? seconds) =>
        Assert.Equal(seconds, Watchdog.Allowed(microseconds, process, thisProcess: 7)?.TotalSeconds);
}
