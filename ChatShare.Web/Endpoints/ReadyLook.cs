using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// Whether the server is ready, for whoever asks: anybody may, as often as they like, and each look costs a connection to the database and a file. So there
/// is one at a time, and what it finds serves everybody who asks within a second of its begin. A singleton; may be asked from any thread.
/// </summary>
internal sealed class ReadyLook(HealthCheckService checks, TimeProvider time)
{
    private static readonly TimeSpan ServesFor = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task<HealthReport>? _look;
    private long _begunAt;

    /// <param name="cancellationToken">Whoever asked does not want to know any more; the look goes on for the others.</param>
    public Task<HealthReport> LookAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_look is null || (_look.IsCompleted && time.GetElapsedTime(_begunAt) >= ServesFor))
            {
                _begunAt = time.GetTimestamp();
                _look = checks.CheckHealthAsync(CancellationToken.None);
            }

            return _look.WaitAsync(cancellationToken);
        }
    }
}
