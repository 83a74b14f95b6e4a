using System.Net;
using ChatShare.Core;
using ChatShare.Core.Storage;
using ChatShare.Core.Cluster;
using ChatShare.Web.Endpoints.Uploads;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.StackExchangeRedis;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Security;

/// <summary>What stands between a request and the pages, and its order.</summary>
internal static class WebSecurity
{
    public static void AddChatShareSecurity(this IServiceCollection services)
    {
        const string cookie = CookieAuthenticationDefaults.AuthenticationScheme;
        services.AddAuthentication(options =>
            {
                options.DefaultScheme = BearerTokenSelection.Scheme;
                options.DefaultSignInScheme = options.DefaultSignOutScheme = cookie;
            })
            .AddPolicyScheme(BearerTokenSelection.Scheme, null, options => options.ForwardDefaultSelector = context => BearerTokenSelection.Choose(context, cookie))
            .AddScheme<AuthenticationSchemeOptions, BearerTokenHandler>(BearerToken.Scheme, null)
            .AddCookie(cookie, SessionCookie.Configure);
        services.AddSingleton<BearerToken>();
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();
        services.AddHttpContextAccessor();
        services.AddScoped<CurrentPerson>();
        services.AddScoped<CircuitHandler, PersonCircuitHandler>();
        services.AddSingleton<AttemptLimits>();
        services.AddSingleton<CircuitPace>();
        services.AddSingleton<Crowd>();
        // The objects and not their types, which the hub would look up for each call, and each batch that a page draws is one.
        services.AddOptions<HubOptions>().Configure<CircuitPace, Crowd>((hub, pace, crowd) =>
        {
            hub.AddFilter(pace);
            hub.AddFilter(crowd);
        });
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "chatshare.form";
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });

        services.AddDataProtection().SetApplicationName("ChatShare");
        services.AddOptions<KeyManagementOptions>().Configure<IOptions<ChatShareOptions>, RedisConnection, ILoggerFactory>((keys, options, redis, loggers) =>
        {
            var folder = KeyFolder.Repository(options.Value, loggers);
            keys.XmlRepository = redis.IsWanted
                ? new SharedKeys(new RedisXmlRepository(() => redis.Multiplexer.GetDatabase(), KeyFolder.RedisKey), folder)
                : folder;
        });

        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ChatShareOptions>>(TrustOnly);
    }

    public static void UseChatShareSecurity(this WebApplication app)
    {
        // With nobody to trust the middleware would trust everybody. Read from the settings here, because options that are
        // wrong are reported at the start, not while building.
        var proxies = app.Configuration.GetSection($"{ChatShareOptions.Section}:{nameof(ChatShareOptions.TrustedProxies)}");
        if (proxies.GetChildren().Any() || !string.IsNullOrWhiteSpace(proxies.Value))
            app.UseForwardedHeaders();
        app.UseMiddleware<SecurityHeaders>();
        app.UseApiProblems();
        app.UseWebSockets();
        app.UseMiddleware<CrossSiteCheck>();
        app.UseTusAnswers();
        app.UseWhen(context => Paths.IsFileForPerson(context.Request), files => files.UseStatusCodePagesWithReExecute("/status/{0}", createScopeForStatusCodePages: true));
        app.UseWhen(context => !Paths.IsForPrograms(context.Request.Path), pages =>
        {
            pages.UseExceptionHandler("/status/500", createScopeForErrors: true);
            pages.UseStatusCodePagesWithReExecute("/status/{0}", createScopeForStatusCodePages: true);
            pages.UseMiddleware<NodeCookie>();
        });
        app.Use(TellOutage);
        app.UseRouting();
        app.UseMiddleware<Crowd>();
        app.UseAuthentication();
        app.UseMiddleware<CircuitGate>();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.Use(ShowOutOfDateForms);
    }

    /// <summary>A database that does not answer is no fault of the program: whoever asks is told to come again.</summary>
    private static async Task TellOutage(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted && context.RequestServices.GetRequiredService<Database>().IsAway(e))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "5";
        }
    }

    /// <summary>Blazor answers a form whose token does not fit with an empty page; this leaves it to the status pages.</summary>
    private static Task ShowOutOfDateForms(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IAntiforgeryValidationFeature>() is not { IsValid: false })
            return next(context);
        // The status page is only looked at: as a posted form it would be refused as well.
        context.Features.Set<IAntiforgeryValidationFeature>(null);
        context.Request.Method = HttpMethods.Get;
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return Task.CompletedTask;
    }

    private static void TrustOnly(ForwardedHeadersOptions forwarded, IOptions<ChatShareOptions> options)
    {
        forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
        // A chain of proxies is followed as far as each is trusted.
        forwarded.ForwardLimit = null;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in options.Value.TrustedProxies)
        {
            if (IPAddress.TryParse(proxy, out var address))
                forwarded.KnownProxies.Add(address);
            else
                forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
        }
    }
}
