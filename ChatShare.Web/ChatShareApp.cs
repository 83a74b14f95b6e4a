using ChatShare.Core;
using ChatShare.Web.Circuits;
using ChatShare.Web.Components;
using ChatShare.Web.Endpoints;
using ChatShare.Web.Endpoints.Api;
using ChatShare.Web.Endpoints.Uploads;
using ChatShare.Web.Gateway;
using ChatShare.Web.Security;
using ChatShare.Web.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration.Json;
using MudBlazor;
using MudBlazor.Services;

namespace ChatShare.Web;

/// <summary>Builds the application; tests build the same one on port 0.</summary>
public static class ChatShareApp
{
    // 16,000 characters of a script that takes three bytes each are 48 KB; the default of 32 KB would end the circuit.
    private const int HubMessageBytes = 64 * 1024;

    // A quarter of a megabyte each, for three minutes; how many one address can have open at once is limited.
    private const int MostDisconnected = 5000;

    // A page takes three times this for the end of its connection (boot.js), and tells its person so.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(5);

    /// <summary>Runs until it is told to stop.</summary>
    /// <returns>The exit code: 1 when it could not start, which is then told in one line, or could not go on.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(error);
        WebApplication app;
        try
        {
            app = Build(args);
            await Start.RunAsync(app, output, cancellationToken);
        }
        catch (Exception e) when (StartFailure.Sentence(e) is { } sentence)
        {
            await error.WriteLineAsync(sentence.AsMemory(), cancellationToken);
            return 1;
        }
        catch (OperationCanceledException)
        {
            // Told to stop while it was waiting for a server.
            return 0;
        }

        await using (app)
            return await UntilStoppedAsync(app, cancellationToken);
    }

    /// <summary>Waits until a program that was started is stopped, by whatever it is.</summary>
    /// <returns>The exit code: 1 when it could not go on.</returns>
    internal static async Task<int> UntilStoppedAsync(WebApplication app, CancellationToken cancellationToken)
    {
        await app.WaitForShutdownAsync(cancellationToken);
        // One that cannot go on stops all; whoever looks after the program starts it again by that.
        return app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Any(service => service.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
    }

    /// <summary>Puts services and pipeline together and starts nothing; see <see cref="Start.RunAsync"/>.</summary>
    /// <param name="args">Settings as <c>--Key:Name=value</c>.</param>
    /// <param name="configure">Changes made after everything is registered; null for none.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        CommandLine.Check(args);
        var published = Path.Combine(AppContext.BaseDirectory, "wwwroot");
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            // Settings are read once. The framework would watch the content root with all its folders for changed ones, and be told of
            // every write into a shared file.
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
            // Not the name of whatever program hosts it: static assets are found by it.
            ApplicationName = typeof(ChatShareApp).Assembly.GetName().Name,
            // A published program finds its own files whatever folder it is started from.
            WebRootPath = Directory.Exists(published) ? published : null,
        });
        AddSettingsFile(builder.Configuration);
        // Without it, build output that is started as Production has no _framework/blazor.web.js.
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Half of what it is otherwise. Each upload fills it as soon as the disk is slower than the line.
            kestrel.Limits.MaxRequestBufferSize = 512 * 1024;
        });
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, WideBlocks>();
        Start.KeepQuietUntilStarted(builder);
        KeepSecretsOutOfTheLog(builder.Logging);
        SafeConsole.Use(builder.Logging);
        StartFailure.CheckSettings(builder.Configuration);

        builder.Services.AddChatShareCore(builder.Configuration, builder.Environment.ContentRootPath);
        builder.Services.AddChatShareSecurity();
        builder.Services.AddMudServices(ConfigureNotices);
        builder.Services.AddRazorComponents()
            .AddInteractiveServerComponents(circuits =>
            {
                // Everybody's, for three minutes: by default a hundred, and when a switch fails, whoever is beyond would be gone and not away.
                circuits.DisconnectedCircuitMaxRetained = MostDisconnected;
                // A page whose circuit is gone loads itself again and has everything of its own. The framework would keep something of each that
                // was closed without a word for two hours, and a timer beside it.
                circuits.PersistedCircuitInMemoryRetentionPeriod = TimeSpan.FromSeconds(1);
            })
            .AddHubOptions(hub => (hub.MaximumReceiveMessageSize, hub.KeepAliveInterval) = (HubMessageBytes, KeepAlive));
        builder.Services.AddChatSharePages();
        builder.Services.AddUploads();
        builder.Services.AddSingleton<DownloadEndpoints>();
        builder.Services.AddApi();
        builder.Services.AddGateway();
        builder.Services.AddChatShareHealth();
        builder.AddTelemetry();
        ServiceManager.Use(builder);
        configure?.Invoke(builder);
        builder.Services.AddHostedService(provider => provider.GetRequiredService<StartState>());

        var app = builder.Build();
        app.UseChatShareSecurity();
        app.MapStaticAssets().KeepIcons().AllowAnonymous();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(server =>
        {
            // Compression costs every circuit a window of memory and every message time; an intranet has the bandwidth.
            server.DisableWebSocketCompression = true;
            // Said by SecurityHeaders, for every response.
            server.ContentSecurityFrameAncestorsPolicy = null;
        });
        DownloadEndpoints.Map(app);
        app.MapPageParts();
        app.MapArchive();
        app.MapThumbnails();
        app.MapUploads();
        app.MapApi();
        app.MapLeaving();
        app.MapHealth();
        app.MapMetrics();
        return app;
    }

    /// <summary>
    /// Whatever levels are set: the framework logs addresses with their query (the set-up link) at Information, and what a hub was
    /// called with (messages) and every path (names of shared files) at Debug. What a probe of the health finds, each check says itself, and once.
    /// </summary>
    private static void KeepSecretsOutOfTheLog(ILoggingBuilder logging)
    {
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore.SignalR", LogLevel.Information);
        logging.AddFilter("Microsoft.AspNetCore.SignalR.Internal", LogLevel.Information);
        logging.AddFilter("Microsoft.AspNetCore.Components.Server", LogLevel.Information);
        logging.AddFilter("Microsoft.AspNetCore.Http.Connections", LogLevel.Information);
        logging.AddFilter("Microsoft.AspNetCore.Routing", LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
    }

    private static void ConfigureNotices(MudServicesConfiguration mud)
    {
        var notices = mud.SnackbarConfiguration;
        notices.PositionClass = Defaults.Classes.Position.TopCenter; // below the top bar, see notices.css
        notices.VisibleStateDuration = 8000;
        notices.ShowTransitionDuration = notices.HideTransitionDuration = 160;
        notices.PreventDuplicates = true;
        notices.ShowCloseIcon = true;
    }

    /// <summary>
    /// The one settings file lives at the root of the repository and is linked into the output. It comes first, so that
    /// environment and command line win; the content root, where <c>dotnet run</c> would look, holds none.
    /// </summary>
    private static void AddSettingsFile(ConfigurationManager configuration)
    {
        var file = new JsonConfigurationSource { Path = Path.Combine(AppContext.BaseDirectory, "appsettings.json"), Optional = true };
        file.ResolveFileProvider();
        configuration.Sources.Insert(0, file);
    }
}
