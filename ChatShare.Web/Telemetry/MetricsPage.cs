using System.Net;
using System.Security.Cryptography;
using System.Text;
using ChatShare.Core;
using ChatShare.Web.Security;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Telemetry;

/// <summary>
/// <c>GET /metrics</c>, for Prometheus: to programs of this machine, to addresses that the settings name, and to whoever has the token. To
/// everybody else it is not there. It is nobody's session and counts against no limit.
/// </summary>
internal sealed class MetricsPage(MetricsCollector collector, IOptions<ChatShareOptions> options)
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    // What proxies send, and what is left of it when they were believed.
    private static readonly string[] SignsOfProxy =
    [
        "X-Forwarded-For", "X-Original-For", "X-Forwarded-Proto", "X-Original-Proto", "X-Forwarded-Host", "X-Original-Host", "X-Forwarded-Port", "X-Forwarded-Server", "X-Real-IP",
        "Forwarded", "Via",
    ];

    private readonly MetricsOptions _options = options.Value.Metrics;
    private readonly AddressList _allowed = new(options.Value.Metrics.AllowedNetworks);

    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.Map("/metrics", (HttpContext context, MetricsPage page) => page.Answer(context)).AllowAnonymous().ExcludeFromDescription();

    private IResult Answer(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!IsFromAllowedAddress(context) && !HasToken(context.Request))
            return Results.StatusCode(StatusCodes.Status404NotFound);
        if (HttpMethods.IsGet(context.Request.Method))
            return Results.Text(collector.Write(), ContentType);
        context.Response.Headers.Allow = "GET, HEAD";
        return Results.StatusCode(StatusCodes.Status405MethodNotAllowed);
    }

    /// <summary>
    /// Whoever comes through a proxy on this machine is not of this machine, whether or not the proxy is trusted, and so is at no loopback address that is
    /// listed either.
    /// </summary>
    private bool IsFromAllowedAddress(HttpContext context)
    {
        var address = ClientAddress.Normal(context.Connection.RemoteIpAddress);
        return address is not null && IPAddress.IsLoopback(address)
            ? !SignsOfProxy.Any(context.Request.Headers.ContainsKey)
            : _options.AllowedNetworks.Count > 0 && _allowed.Allows(address);
    }

    private bool HasToken(HttpRequest request) =>
        // Hashed, so that the time that it takes says nothing of the token, nor of its length.
        _options.Token.Length > 0 && BearerToken.In(request) is { } token
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), SHA256.HashData(Encoding.UTF8.GetBytes(_options.Token)));
}
