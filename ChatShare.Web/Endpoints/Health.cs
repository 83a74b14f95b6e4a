using ChatShare.Core;
using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Core.Storage;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// <c>/health/live</c>: the process answers and is not about to stop. <c>/health/ready</c>: the database answers, too, Redis keeps what it is given, where one is set, and the
/// downloads folder can be written to.
/// </summary>
internal static class Health
{
    /// <summary>The check of the process alone.</summary>
    public const string Live = "live";

    private static readonly HttpMethodMetadata Asked = new([HttpMethods.Get, HttpMethods.Head]);

    public static void AddChatShareHealth(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<StoppingCheck>(Live).AddCheck<DatabaseCheck>("database").AddCheck<RedisCheck>("redis").AddCheck<DownloadsCheck>("downloads");
        services.AddSingleton<ReadyLook>();
        services.AddSingleton<IHealthCheckPublisher, ReadyMetric>();
        services.Configure<HealthCheckPublisherOptions>(looks => (looks.Delay, looks.Period) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15)));
    }

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = check => check.Name == Live }).WithMetadata(Asked).AllowAnonymous();
        endpoints.Map("/health/ready", AnswerReadyAsync).WithMetadata(Asked).AllowAnonymous();
    }

    private static async Task AnswerReadyAsync(HttpContext context)
    {
        var report = await context.RequestServices.GetRequiredService<ReadyLook>().LookAsync(context.RequestAborted);
        context.Response.StatusCode = report.Status == HealthStatus.Healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain";
        context.Response.Headers.CacheControl = "no-store, no-cache";
        await context.Response.WriteAsync(report.Status.ToString(), context.RequestAborted);
    }

    private sealed class ReadyMetric(ChatShareMetrics metrics, ILogger<ReadyMetric> logger) : IHealthCheckPublisher
    {
        public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
        {
            // What a check finds it says itself; this is one that could not look.
            foreach (var (check, found) in report.Entries)
            {
                if (found.Exception is { } fault)
                    logger.CheckFailed(fault, check);
            }

            metrics.IsReady = report.Status == HealthStatus.Healthy;
            return Task.CompletedTask;
        }
    }

    private sealed class StoppingCheck(IHostApplicationLifetime lifetime) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy() : HealthCheckResult.Healthy());
    }

    private sealed class RedisCheck(RedisConnection redis) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(!redis.IsWanted || redis.IsWell ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }

    private sealed class DownloadsCheck(DownloadsHealth downloads) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(downloads.Look() ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }

    private sealed class DatabaseCheck(Database database) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            await database.AnswersAsync(cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy();
    }
}
