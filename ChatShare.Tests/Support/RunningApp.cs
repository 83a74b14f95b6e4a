using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using ChatShare.Web;
using ChatShare.Web.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatShare.Tests.Support;

/// <summary>
/// The real application on 127.0.0.1 with folders of its own. It can be stopped and started again on the same folders and
/// the same port, as a restart of the server is.
/// </summary>
internal sealed class RunningApp : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    // A client does not show its handler's cookies.
    private static readonly ConditionalWeakTable<HttpClient, CookieContainer> Cookies = [];

    private readonly ConcurrentBag<HttpClient> _clients = [];
    private readonly string[] _settings;
    private readonly Action<WebApplicationBuilder>? _configure;
    private WebApplication? _app;
    private int _port;

    private RunningApp(string[] settings, Action<WebApplicationBuilder>? configure)
    {
        _settings = settings;
        _configure = configure;
    }

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}");

    /// <summary>Where the TCP gateway listens; null unless a setting has turned it on.</summary>
    public IPEndPoint? Gateway { get; private set; }

    /// <summary>What the start printed.</summary>
    public string Output { get; private set; } = "";

    /// <summary>The set-up link that was printed; null when there is an administrator.</summary>
    public string? SetupUrl => Between(Output, "Set up the administrator: ", Environment.NewLine);

    public string DataDirectory => _folder.File("data");

    public string DownloadsDirectory => _folder.File("downloads");

    /// <summary>What a command beside it has to be told of its database.</summary>
    public IEnumerable<string> StorageSettings => _settings.Where(setting => setting.StartsWith("ChatShare:Storage:", StringComparison.Ordinal)).Select(setting => "--" + setting);

    public IServiceProvider Services => Running.Services;

    private WebApplication Running => _app ?? throw new InvalidOperationException("The application is stopped.");

    /// <param name="settings">Such as <c>ChatShare:Limits:FileBytes=10</c>.</param>
    public static Task<RunningApp> StartAsync(params string[] settings) => StartAsync(configure: null, settings);

    public static async Task<RunningApp> StartAsync(Action<WebApplicationBuilder>? configure, params string[] settings)
    {
        if (PostgreSqlServer.IsDefault && !settings.Any(setting => setting.StartsWith("ChatShare:Storage:", StringComparison.Ordinal)))
            settings = [.. settings, .. await PostgreSqlServer.NewSettingsAsync()];
        var app = new RunningApp(settings, configure);
        try
        {
            await MigratedDatabase.PutAsync(app.DataDirectory);
            await app.StartAgainAsync();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public async Task StopAsync()
    {
        var app = Running;
        _app = null;
        // Open pages need not be waited for; a restart does not wait for them either.
        using var impatient = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await app.StopAsync(impatient.Token);
        await app.DisposeAsync();
    }

    /// <param name="others">Settings that it has this time besides.</param>
    public async Task StartAgainAsync(params string[] others)
    {
        var app = ChatShareApp.Build(
            [
                $"--Kestrel:Endpoints:Web:Url={Address}",
                $"--ChatShare:DataDirectory={DataDirectory}",
                $"--ChatShare:Downloads:Directory={DownloadsDirectory}",
                // Many run side by side; those that need the gateway ask for a free port.
                "--ChatShare:Gateway:Endpoint=",
                "--Logging:LogLevel:Default=Warning",
                .. _settings.Concat(others).Select(setting => "--" + setting),
            ],
            builder =>
            {
                builder.Logging.ClearProviders();
                _configure?.Invoke(builder);
            });
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        await Start.RunAsync(app, output, TestContext.Current.CancellationToken);
        _app = app;
        Output = output.ToString();
        var gateway = app.Services.GetRequiredService<GatewayEndpoint>();
        Gateway = gateway.Address;
        _port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Single(address => address != gateway.ServerAddress)).Port;
    }

    /// <summary>A browser without a page: keeps cookies, says where its requests come from, follows no redirect.</summary>
    public HttpClient NewClient(bool sendsOrigin = true)
    {
        // Disposed with the client.
        var cookies = new CookieContainer();
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies })
        {
            BaseAddress = new Uri(Address),
        };
        if (sendsOrigin)
            client.DefaultRequestHeaders.Add("Origin", Address);
        Cookies.Add(client, cookies);
        _clients.Add(client);
        return client;
    }

    /// <summary>Somebody who has joined through the form.</summary>
    public async Task<HttpClient> JoinAsync(string nickname)
    {
        var client = NewClient();
        using var response = await PostFormAsync(client, "/", "join", ("Nickname", nickname));
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        return client;
    }

    /// <summary>Ends somebody's session as an administrator does.</summary>
    public async Task EndSessionAsync(string nickname, string? reason)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var db = await Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(cancellationToken);
        var person = await db.Sessions.Where(s => s.Nickname == nickname && s.EndedAt == null)
            .Select(s => s.PersonId).SingleAsync(cancellationToken);
        await Get<SessionService>().EndPersonAsync(person, reason, cancellationToken);
    }

    /// <summary>Opens a page, fills in its form and sends it.</summary>
    public static async Task<HttpResponseMessage> PostFormAsync(
        HttpClient client, string page, string form, params (string Name, string Value)[] fields)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var shown = await client.GetAsync(page, cancellationToken);
        var html = await shown.Content.ReadAsStringAsync(cancellationToken);
        return await PostAsync(client, page, form, TokenIn(html), fields);
    }

    /// <summary>Sends a form as it was opened before.</summary>
    public static async Task<HttpResponseMessage> PostAsync(
        HttpClient client, string page, string form, string token, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent(
        [
            new("_handler", form),
            new("__RequestVerificationToken", token),
            .. fields.Select(field => new KeyValuePair<string, string>(field.Name, field.Value)),
        ]);
        return await client.PostAsync(page, content, TestContext.Current.CancellationToken);
    }

    /// <summary>The antiforgery token of a page's form; empty without a form.</summary>
    public static string TokenIn(string html) => Between(html, "name=\"__RequestVerificationToken\" value=\"", "\"") ?? "";

    /// <summary>What the client would send as <c>Cookie</c>.</summary>
    public static string CookiesOf(HttpClient client) =>
        Cookies.TryGetValue(client, out var cookies) ? cookies.GetCookieHeader(client.BaseAddress!) : "";

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        if (_app is not null)
            await StopAsync();
        _folder.Dispose();
    }

    private static string? Between(string text, string before, string after) =>
        text.Split(before) is [_, var rest, ..] ? rest.Split(after)[0] : null;
}
