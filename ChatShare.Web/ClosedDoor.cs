using System.Globalization;
using ChatShare.Web.Endpoints;
using ChatShare.Web.Security;
using Microsoft.Extensions.Hosting.Systemd;

namespace ChatShare.Web;

/// <summary>
/// Answers at the program's address while it waits for the servers and the folder that it needs: it lives, it is not ready, and whoever comes is told to come again.
/// </summary>
internal sealed class ClosedDoor : IAsyncDisposable
{
    private const int AskAgainSeconds = 5;

    private const string Sentence = "ChatShare is not open yet: it waits for a server or a folder that it needs. Try again in a moment.";

    private const string Page =
        """
        <!DOCTYPE html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <meta name="color-scheme" content="light dark">
        <title>ChatShare</title>
        <body style="font: 1rem/1.5 system-ui, sans-serif; max-width: 28rem; margin: 20vh auto; padding: 0 1rem">
        <h1 style="font-size: 1.5rem">ChatShare is not open yet</h1>
        <p>It waits for a server or a folder that it needs. This page tries again by itself.</p>
        </html>

        """;

    private readonly WebApplication _app;

    private ClosedDoor(WebApplication app) => _app = app;

    /// <summary>Somebody wants the program to end.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    /// <param name="settings">Those of the program: the same addresses and certificates.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ClosedDoor> OpenAsync(IConfiguration settings, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddConfiguration(settings);
        builder.WebHost.UseKestrel((context, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Configure(context.Configuration.GetSection("Kestrel"));
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        var app = builder.Build();
        app.UseMiddleware<SecurityHeaders>();
        app.Run(AnswerAsync);
        await app.StartAsync(cancellationToken);
        return new ClosedDoor(app);
    }

    /// <summary>What systemd shows and how long it goes on waiting; it is told that the program is ready by the program itself.</summary>
    public static void Tell(string status)
    {
        var notifier = new SystemdNotifier();
        if (notifier.IsEnabled)
            notifier.Notify(new ServiceState($"EXTEND_TIMEOUT_USEC=60000000\nSTATUS={status.ReplaceLineEndings(" ")}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == "/health/live")
        {
            await context.Response.WriteAsync("Healthy", context.RequestAborted);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = AskAgainSeconds.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.CacheControl = "no-store";
        if (context.Request.Path == "/health/ready")
        {
            await context.Response.WriteAsync("Unhealthy", context.RequestAborted);
            return;
        }

        if (Paths.IsForPrograms(context.Request.Path) && !Paths.IsFileForPerson(context.Request))
        {
            await Refusals.Status(StatusCodes.Status503ServiceUnavailable, Sentence).ExecuteAsync(context);
            return;
        }

        context.Response.Headers["Refresh"] = AskAgainSeconds.ToString(CultureInfo.InvariantCulture);
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(Page, context.RequestAborted);
    }
}
