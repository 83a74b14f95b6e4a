using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using ChatShare.Core;
using ChatShare.Core.Cluster;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using ChatShare.Web.Gateway;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ChatShare.Web;

/// <summary>The way from a built application to one that people can open.</summary>
public static class Start
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    /// <summary>Opens the database, creates the configured administrator, listens, and says where.</summary>
    /// <param name="app">From <see cref="ChatShareApp.Build"/>; disposed when the start fails.</param>
    /// <param name="output">Receives the addresses and the set-up link; a secret, so never a log.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    public static async Task RunAsync(WebApplication app, TextWriter output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(output);
        try
        {
            var services = app.Services;
            var options = services.GetRequiredService<IOptions<ChatShareOptions>>().Value;
            TellUnknownSettings(services);
            await OpenAsync(services, cancellationToken);
            await CreateAdministratorAsync(services.GetRequiredService<AccountService>(), options.Admin, cancellationToken);
            var token = await services.GetRequiredService<SetupLink>().IssueAsync(cancellationToken);
            await ListenAsync(app, cancellationToken);
            services.GetRequiredService<StartState>().Started = true;
            var gateway = services.GetRequiredService<GatewayEndpoint>();
            var bound = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
            var addresses = Reachable(bound.Where(address => address != gateway.ServerAddress));
            if (token is not null)
                await output.WriteLineAsync($"Set up the administrator: {addresses[0]}/setup?token={token}");
            if (gateway.Address is { } listening)
                await output.WriteLineAsync($"The TCP gateway listens on {listening}");
            await output.WriteLineAsync($"ChatShare is open at {string.Join(" and ", addresses)}");
        }
        catch (Exception e)
        {
            // Its pages are read as they are needed: one that is broken may be met by whatever starts, and so may a disk that is full.
            var told = e is DbException or DbUpdateException or RefusedException { Kind: RefusalKind.DiskFull } ? app.Services.GetRequiredService<Database>().Unusable(e) : null;
            await app.DisposeAsync();
            if (told is not null)
                throw told;
            throw;
        }
    }

    /// <summary>A start that fails is told in one line; the host and the server would log it as well, with stack traces.</summary>
    internal static void KeepQuietUntilStarted(WebApplicationBuilder builder)
    {
        var state = new StartState();
        builder.Services.AddSingleton(state);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => state.Started && level >= LogLevel.Information);
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", level => state.Started && level >= LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", level => state.Started && level >= LogLevel.Error);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", level => state.Started && level >= LogLevel.Warning);
    }

    private static void TellUnknownSettings(IServiceProvider services)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Start));
        foreach (var key in UnknownSettings.In(services.GetRequiredService<IConfiguration>()))
            logger.UnknownSetting(key);
    }

    /// <summary>What a person can type: an address for all interfaces is this machine's, by both its names.</summary>
    internal static IReadOnlyList<string> Reachable(IEnumerable<string> bound)
    {
        var reachable = new List<string>();
        foreach (var address in bound.Select(BindingAddress.Parse))
        {
            var port = address.Port == (address.Scheme == "https" ? 443 : 80) ? "" : $":{address.Port}";
            var everywhere = address.Host is "*" or "+" or "[::]" or "0.0.0.0";
            string[] hosts = everywhere ? ["localhost", Dns.GetHostName()] : [address.Host];
            reachable.AddRange(hosts.Select(host => $"{address.Scheme}://{host}{port}"));
        }

        return [.. reachable.Distinct()];
    }

    /// <summary>
    /// Opens what the program cannot be without. A server or a mount that is away is waited for: it and the nodes may have been started in any order, and the
    /// same outage an hour later would be waited for, too.
    /// </summary>
    private static async Task OpenAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (await TryOpenAsync(services, cancellationToken) is not { } missing)
            return;
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Start));
        await using var door = await ClosedDoor.OpenAsync(services.GetRequiredService<IConfiguration>(), cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, door.Stopping);
        string? told = null;
        for (var wait = ShortestWait; missing is not null; missing = await TryOpenAsync(services, stop.Token))
        {
            if (missing != told)
                logger.Waiting(missing);
            told = missing;
            ClosedDoor.Tell(missing);
            await Task.Delay(wait, stop.Token);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }

        logger.Waited();
    }

    /// <returns>What to say of what is away; null when everything is open.</returns>
    /// <exception cref="StorageException">It cannot be opened, and waiting would not help.</exception>
    private static async Task<string?> TryOpenAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        try
        {
            var database = services.GetRequiredService<Database>();
            await database.OpenAsync(cancellationToken);
            await services.GetRequiredService<RedisConnection>().OpenAsync(cancellationToken);
            // Two nodes that both find no key would each make one, and refuse what the other has signed.
            await database.InTurnAsync("keys:", () => KeyFolder.Check(services), cancellationToken);
            return null;
        }
        catch (StorageException e) when (e.MayPass)
        {
            return e.Message;
        }
    }

    private static async Task ListenAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (app.Services.GetRequiredService<StartState>().IsListening && (e is IOException or SocketException or InvalidOperationException))
        {
            // The server names the address and what is wrong with it, but not where it was set.
            var sentence = e.Message.ReplaceLineEndings(" ");
            var key = ListenAddresses.KeyOf(sentence, app.Configuration);
            throw new OptionsValidationException(key, typeof(string), [$"ChatShare cannot start ({key}): {sentence}"]);
        }
    }

    private static async Task CreateAdministratorAsync(AccountService accounts, AdminOptions admin, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(admin.UserName) || await accounts.HasAdministratorAsync(cancellationToken))
            return;
        try
        {
            if (!Nickname.TryParse(admin.UserName, out var name, out var error))
                throw new RefusedException(RefusalKind.Invalid, error);
            await accounts.CreateAdministratorAsync(name, admin.Password ?? "", cancellationToken);
        }
        catch (RefusedException e) when (e.Kind != RefusalKind.DiskFull)
        {
            // Another node has made the same one in the same moment.
            if (e.Kind == RefusalKind.Taken && await accounts.HasAdministratorAsync(cancellationToken))
                return;
            throw new OptionsValidationException(ChatShareOptions.Section, typeof(ChatShareOptions),
                [$"ChatShare:Admin:UserName and ChatShare:Admin:Password cannot be used: {e.Message}"]);
        }
    }
}

/// <summary>How far the start has come. The last one of what is started, but for the server.</summary>
internal sealed class StartState : IHostedService
{
    public volatile bool Started;

    /// <summary>Whether all else has started: a fault that comes now is one of the address.</summary>
    public bool IsListening { get; private set; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        IsListening = true;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
