using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using ChatShare.Core;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Security;

/// <summary>
/// How often an address may try to join or to sign in. Asked by the pages themselves, so that a refusal stands beside the
/// field and what was typed stays in it; with a name that can be one, so that nobody is kept out for a slip of the hand.
/// </summary>
internal sealed class AttemptLimits(IOptions<ChatShareOptions> options, ChatShareMetrics metrics, ILogger<AttemptLimits> logger) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _joins = PerMinute(options.Value.Limits.JoinsPerMinutePerAddress);

    // Clients of the old protocol connect again by themselves, all of them after a restart: as many may join as may be connected.
    private readonly PartitionedRateLimiter<string> _tcpJoins = PerMinute(options.Value.Limits.TcpConnectionsPerAddress);
    private readonly PartitionedRateLimiter<string> _signIns = PerMinute(options.Value.Limits.SignInsPerMinutePerAddress);

    /// <summary>Null when it may go on; else the sentence, and the response is set to 429.</summary>
    public string? RefuseJoin(HttpContext context) => Refuse(context, _joins, "join", Limit.JoinsPerMinutePerAddress);

    /// <summary>Null when a client of the TCP gateway from there may go on; else the sentence.</summary>
    public string? RefuseTcpJoin(IPAddress? remote) => Refuse(remote, _tcpJoins, "join by TCP", Limit.TcpConnectionsPerAddress) is { } wait ? Sentence(wait) : null;

    /// <summary>Null when it may go on; else the sentence, and the response is set to 429.</summary>
    public string? RefuseSignIn(HttpContext context) => Refuse(context, _signIns, "sign in", Limit.SignInsPerMinutePerAddress);

    public void Dispose()
    {
        _joins.Dispose();
        _tcpJoins.Dispose();
        _signIns.Dispose();
    }

    private string? Refuse(HttpContext context, PartitionedRateLimiter<string> limiter, string attempt, Limit limit)
    {
        if (Refuse(context.Connection.RemoteIpAddress, limiter, attempt, limit) is not { } seconds)
            return null;
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Sentence(seconds);
    }

    /// <summary>The seconds to wait; null when it may go on.</summary>
    private int? Refuse(IPAddress? remote, PartitionedRateLimiter<string> limiter, string attempt, Limit limit)
    {
        using var lease = limiter.AttemptAcquire(ClientAddress.Key(remote));
        if (lease.IsAcquired)
            return null;
        metrics.Refused(limit);
        logger.TooManyAttempts(ClientAddress.Of(remote), attempt);
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var given) ? given : TimeSpan.FromMinutes(1);
        return Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
    }

    private static string Sentence(int seconds) =>
        $"That was too often from one place. Try again in {seconds.ToString(CultureInfo.InvariantCulture)} s.";

    private static PartitionedRateLimiter<string> PerMinute(int limit) =>
        PartitionedRateLimiter.Create<string, string>(address => limit == 0
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetFixedWindowLimiter(
                address, _ => new FixedWindowRateLimiterOptions { PermitLimit = limit, Window = TimeSpan.FromMinutes(1) }));
}
