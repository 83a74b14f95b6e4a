using System.Globalization;
using System.Net.Sockets;
using ChatShare.Web.Endpoints;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Console;

namespace ChatShare.Web;

/// <summary>Tells systemd, when that has started the program, that it is ready, that it is alive, and that it stops.</summary>
internal static class ServiceManager
{
    private const string SocketVariable = "NOTIFY_SOCKET";
    private const string FormatterKey = "Logging:Console:FormatterName";

    public static void Use(WebApplicationBuilder builder)
    {
        // AddSystemd would look at the parent process, which a unit with ProtectProc=invisible hides: it would never be told that we are ready.
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(SocketVariable)))
            return;
        builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        builder.Services.AddSingleton<IHostLifetime, SystemdLifetime>();
        // With the level in front, which the journal takes out of the line, and without a time, which it has itself.
        if (builder.Configuration[FormatterKey] is null)
            builder.Services.Configure<ConsoleLoggerOptions>(console => console.FormatterName = ConsoleFormatterNames.Systemd);
        var allowed = Watchdog.Allowed(
            Environment.GetEnvironmentVariable("WATCHDOG_USEC"), Environment.GetEnvironmentVariable("WATCHDOG_PID"), Environment.ProcessId);
        if (allowed is { } silence)
        {
            builder.Services.AddHostedService(provider => ActivatorUtilities.CreateInstance<Watchdog>(provider, silence / Watchdog.PingsPerSilence));
        }
    }
}

/// <summary>
/// Pings as long as timers and threads come to their turn and the program calls itself alive; without it systemd starts it anew. A database that does
/// not answer is no reason: a start would not mend it.
/// </summary>
/// <param name="notifier">Where to.</param>
/// <param name="health">What <c>/health/live</c> asks.</param>
/// <param name="time">Paces it.</param>
/// <param name="logger">Receives why a ping could not be sent.</param>
/// <param name="interval">From ping to ping.</param>
internal sealed class Watchdog(ISystemdNotifier notifier, HealthCheckService health, TimeProvider time, ILogger<Watchdog> logger, TimeSpan interval)
    : BackgroundService
{
    /// <summary>Two may be late.</summary>
    public const int PingsPerSilence = 3;

    private static readonly ServiceState Alive = new("WATCHDOG=1");

    /// <summary>How long the program may be silent, by the variables of systemd; null when it is not watched.</summary>
    /// <param name="microseconds"><c>WATCHDOG_USEC</c>.</param>
    /// <param name="watchedProcess"><c>WATCHDOG_PID</c>; null and empty for any.</param>
    /// <param name="thisProcess">The id of this one.</param>
    public static TimeSpan? Allowed(string? microseconds, string? watchedProcess, int thisProcess)
    {
        if (!string.IsNullOrEmpty(watchedProcess) && watchedProcess != thisProcess.ToString(CultureInfo.InvariantCulture))
            return null;
        return long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
            ? TimeSpan.FromMicroseconds(value)
            : null;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(interval, time);
        do
        {
            var report = await health.CheckHealthAsync(check => check.Name == Health.Live, stoppingToken);
            if (report.Status == HealthStatus.Healthy)
                Ping();
        }
        while (await ticks.WaitForNextTickAsync(stoppingToken));
    }

    private void Ping()
    {
        try
        {
            notifier.Notify(Alive);
        }
        catch (SocketException e)
        {
            logger.PingFailed(e);
        }
    }
}
