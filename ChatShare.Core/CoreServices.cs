using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Core.Storage.PostgreSql;
using ChatShare.Core.Storage.Sqlite;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatShare.Core;

/// <summary>Puts a chat server together.</summary>
public static class CoreServices
{
    // OWASP's figure for PBKDF2 with HMAC-SHA512.
    private const int PasswordIterations = 210_000;

    /// <summary>Registers everything a chat server is. Call <see cref="Database.OpenAsync"/> before the host starts.</summary>
    /// <param name="services">Receives the services.</param>
    /// <param name="configuration">Holds the section <see cref="ChatShareOptions.Section"/>.</param>
    /// <param name="contentRoot">An absolute folder that relative ones are taken from.</param>
    public static IServiceCollection AddChatShareCore(this IServiceCollection services, IConfiguration configuration, string contentRoot)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ChatShareMetrics>();
        services.AddChatShareOptions(configuration, contentRoot);
        services.AddChatShareStorage();
        services.AddChatSharePeople();
        services.AddRooms();
        services.AddHostedService<ChatShareGauges>();
        return services;
    }

    private static void AddChatShareOptions(this IServiceCollection services, IConfiguration configuration, string contentRoot)
    {
        services.AddSingleton<IValidateOptions<ChatShareOptions>, ChatShareOptionsValidator>();
        services.AddOptions<ChatShareOptions>()
            .Configure(options => Bind(options, configuration))
            .PostConfigure(options =>
            {
                options.DataDirectory = Absolute(options.DataDirectory);
                options.Downloads.Directory = Absolute(options.Downloads.Directory);
            })
            .ValidateOnStart();

        // An empty one stays empty, for the validator to find.
        string Absolute(string folder) => string.IsNullOrWhiteSpace(folder) ? folder : Path.GetFullPath(folder, contentRoot);
    }

    private static void Bind(ChatShareOptions options, IConfiguration configuration)
    {
        var unreadable = UnknownSettings.Unreadable(configuration).ToList();
        if (unreadable.Count > 0)
            throw new OptionsValidationException(ChatShareOptions.Section, typeof(ChatShareOptions), unreadable);
        var section = configuration.GetSection(ChatShareOptions.Section);
        section.Bind(options);
        // One environment variable is enough for a list of addresses.
        AddFromText(options.TrustedProxies, section[nameof(ChatShareOptions.TrustedProxies)]);
        AddFromText(options.Gateway.AllowedNetworks, section[$"{nameof(ChatShareOptions.Gateway)}:{nameof(GatewayOptions.AllowedNetworks)}"]);
        AddFromText(options.Metrics.AllowedNetworks, section[$"{nameof(ChatShareOptions.Metrics)}:{nameof(MetricsOptions.AllowedNetworks)}"]);
    }

    private static void AddFromText(IList<string> list, string? text)
    {
        foreach (var entry in (text ?? "").Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            list.Add(entry);
    }

    private static void AddChatShareStorage(this IServiceCollection services)
    {
        services.AddSingleton(provider => IDatabaseEngine.For(provider.GetRequiredService<IOptions<ChatShareOptions>>().Value));
        services.AddDbContextFactory<SqliteChatShareDbContext>((provider, options) => Engine<SqliteEngine>(provider).Configure(options));
        services.AddDbContextFactory<PostgreSqlChatShareDbContext>((provider, options) => Engine<PostgreSqlEngine>(provider).Configure(options));
        services.AddSingleton<IDbContextFactory<ChatShareDbContext>>(provider => provider.GetRequiredService<IDatabaseEngine>() is SqliteEngine
            ? ActivatorUtilities.CreateInstance<EngineContextFactory<SqliteChatShareDbContext>>(provider)
            : ActivatorUtilities.CreateInstance<EngineContextFactory<PostgreSqlChatShareDbContext>>(provider));
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<ChatShareDbContext>>().CreateDbContext());
        services.AddSingleton<Outage>();
        services.AddSingleton(provider => new Database(
            provider.GetRequiredService<IOptions<ChatShareOptions>>(),
            provider.GetRequiredService<IDatabaseEngine>(),
            provider.GetRequiredService<IDbContextFactory<ChatShareDbContext>>(),
            provider.GetRequiredService<Outage>(),
            provider.GetRequiredService<ILogger<Database>>()));

        static TEngine Engine<TEngine>(IServiceProvider provider)
            where TEngine : IDatabaseEngine => (TEngine)provider.GetRequiredService<IDatabaseEngine>();
    }

    private static void AddChatSharePeople(this IServiceCollection services)
    {
        services.AddIdentityCore<Account>(options =>
            {
                options.Password = new PasswordOptions
                {
                    RequiredLength = AccountService.PasswordMinLength,
                    RequireDigit = false,
                    RequireLowercase = false,
                    RequireUppercase = false,
                    RequireNonAlphanumeric = false,
                };
                // Nickname's grammar decides.
                options.User.AllowedUserNameCharacters = "";
            })
            .AddEntityFrameworkStores<ChatShareDbContext>();
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = PasswordIterations);

        services.AddSingleton<ConnectedUsers>();
        services.AddSingleton<SessionService>();
        services.AddSingleton<AccountService>();
        services.AddSingleton<SetupLink>();
        services.AddSingleton<AuditLog>();
        services.AddHostedService<SeenSessions>();
    }
}
