using ChatShare.Core;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace ChatShare.Web.Telemetry;

/// <summary>The two ways in which operators get the server's numbers.</summary>
internal static class TelemetryServices
{
    /// <summary>Where a receiver is named.</summary>
    public static readonly string[] EndpointKeys = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    /// <summary>What it is sent with.</summary>
    public static readonly string[] HeaderKeys = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS"];

    // What the framework itself measures. OpenTelemetry's packages for ASP.NET Core and the runtime name these meters and do nothing else.
    private static readonly string[] Meters = [ChatShareMetrics.MeterName, "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    /// <summary>Registers <c>/metrics</c>, and OTLP where the standard variables name a receiver.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MetricsCollector>();
        builder.Services.AddSingleton<MetricsPage>();
        if (EndpointKeys.Any(key => !string.IsNullOrEmpty(builder.Configuration[key])))
            AddOtlp(builder);
    }

    /// <summary>Maps <c>/metrics</c> and begins to count.</summary>
    public static void MapMetrics(this WebApplication app)
    {
        MetricsPage.Map(app);
        _ = app.Services.GetRequiredService<MetricsCollector>();
    }

    /// <summary>A method of its own: without a receiver nothing of OpenTelemetry is loaded.</summary>
    private static void AddOtlp(WebApplicationBuilder builder) =>
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                builder.Configuration["OTEL_SERVICE_NAME"] ?? "chatshare", serviceVersion: typeof(TelemetryServices).Assembly.GetName().Version?.ToString(3)))
            .WithMetrics(metrics => metrics.AddMeter(Meters).AddOtlpExporter());
}
