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
    private const int TurnsPerSecond = 10;
    private const int MostWaiting = 1000;

    private readonly PartitionedRateLimiter<string> _joins = PerMinute(options.Value.Limits.JoinsPerMinutePerAddress);

    // Clients of the old protocol connect again by themselves, all of them after a restart, and cannot wait a minute for it: each gets its turn.
    private readonly PartitionedRateLimiter<string> _tcpJoins = PerSecond(options.Value.Limits.TcpJoinsPerSecondPerAddress);
    private readonly PartitionedRateLimiter<string> _signIns = PerMinute(options.Value.Limits.SignInsPerMinutePerAddress);

    /// <summary>Null when it may go on; else the sentence, and the response is set to 429.</summary>
    public string? RefuseJoin(HttpContext context) => Refuse(context, _joins, "join", Limit.JoinsPerMinutePerAddress);

    /// <summary>Waits until it is the turn of a client of the TCP gateway from there; false when too many wait already.</summary>
    public async Task<bool> WaitForTcpJoinAsync(IPAddress? remote, CancellationToken cancellationToken)
    {
        using var lease = await _tcpJoins.AcquireAsync(ClientAddress.Key(remote), cancellationToken: cancellationToken);
        if (!lease.IsAcquired)
        {
            metrics.Refused(Limit.TcpJoinsPerSecondPerAddress);
            logger.TooManyAttempts(ClientAddress.Of(remote), "join by TCP");
        }

        return lease.IsAcquired;
    }

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

    private static PartitionedRateLimiter<string> PerSecond(int limit) =>
        PartitionedRateLimiter.Create<string, string>(address => limit == 0
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetTokenBucketLimiter(address, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = limit,
                TokensPerPeriod = Math.Max(1, limit / TurnsPerSecond),
                ReplenishmentPeriod = TimeSpan.FromSeconds((double)Math.Max(1, limit / TurnsPerSecond) / limit),
                QueueLimit = MostWaiting,
            }));

    private static PartitionedRateLimiter<string> PerMinute(int limit) =>
        PartitionedRateLimiter.Create<string, string>(address => limit == 0
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetFixedWindowLimiter(
                address, _ => new FixedWindowRateLimiterOptions { PermitLimit = limit, Window = TimeSpan.FromMinutes(1) }));
}
