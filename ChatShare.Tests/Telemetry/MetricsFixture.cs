using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ChatShare.Tests.Telemetry;

/// <summary>One server that believes a proxy on its own machine, with everything that lets somebody read its numbers, and a receiver of OTLP.</summary>
[CollectionDefinition(nameof(MetricsFixture))]
public sealed partial class MetricsFixture : IAsyncLifetime, ICollectionFixture<MetricsFixture>
{
    public const string Token = "0123456789abcdef-of-prometheus";

    private readonly TaskCompletionSource<(string? Type, byte[] Bytes)> _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StandInServer? _receiver;

    internal RunningApp App { get; private set; } = null!;

    /// <summary>The first of what was sent by OTLP that has how things stand on the server.</summary>
    internal Task<(string? Type, byte[] Bytes)> Received => _received.Task;

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        _receiver = await StandInServer.StartAsync(server => server.MapPost("/v1/metrics", async (HttpContext context) =>
        {
            using var bytes = new MemoryStream();
            await context.Request.Body.CopyToAsync(bytes, context.RequestAborted);
            // Sending begins before the server has started: the first may hold less.
            if (bytes.ToArray().AsSpan().IndexOf("chatshare.people"u8) >= 0)
                _received.TrySetResult((context.Request.ContentType, bytes.ToArray()));
        }));
        App = await RunningApp.StartAsync(
            "ChatShare:TrustedProxies=127.0.0.1", "ChatShare:Metrics:AllowedNetworks=10.1.0.0/16,fd00::/8,127.0.0.0/8", $"ChatShare:Metrics:Token={Token}",
            "ChatShare:Limits:RoomsPerHour=1",
            $"OTEL_EXPORTER_OTLP_ENDPOINT={_receiver.Address}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_METRIC_EXPORT_INTERVAL=500");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await _receiver!.DisposeAsync();
    }

    /// <summary>Asks as somebody of whom a proxy says where they are, with a token; null for neither.</summary>
    internal async Task<HttpResponseMessage> AskAsync(string? forwardedFor = null, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (forwardedFor is not null)
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await App.NewClient(sendsOrigin: false).SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>What a program on this machine reads.</summary>
    internal async Task<string> ReadAsync()
    {
        using var response = await AskAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The names of what has a value there, and of the labels.</summary>
    internal static HashSet<string> NamesIn(string page) =>
        [.. page.Split('\n').Where(line => !line.StartsWith('#')).SelectMany(line => NamePattern().Matches(line).Select(name => name.Value))];

    [GeneratedRegex(@"^[a-z_]+|[a-z_]+(?=="")", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}
