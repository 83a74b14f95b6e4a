using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Support;

/// <summary>A server that answers as no good one would, at the addresses of the API.</summary>
internal sealed class StandInServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StandInServer(WebApplication app) => _app = app;

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <param name="map">Its answers; whoever comes is let in under the name that they give.</param>
    /// <param name="certificate">Null for plain HTTP.</param>
    public static async Task<StandInServer> StartAsync(Action<WebApplication> map, X509Certificate2? certificate = null)
    {
        // An empty one reads no settings: those of the real server lie beside the tests.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        app.MapPost("/api/session", () => Results.Json(new { accessToken = "token", expiresIn = 2_592_000, nickname = "Ann" }));
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new StandInServer(app);
    }

    /// <summary>One that nobody trusts.</summary>
    public static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        // Kestrel wants a key that lives in the certificate.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null);
    }

    /// <summary>A message as the API writes it.</summary>
    public static object Message(long number, string text, string sender = "Bob", params object[] files) =>
        new { number, changed = number, room = "Lobby", sender, sentAt = DateTimeOffset.UnixEpoch, text, clientId = "c", deleted = false, files };

    public async ValueTask DisposeAsync()
    {
        // Streams that never end are not waited for.
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
