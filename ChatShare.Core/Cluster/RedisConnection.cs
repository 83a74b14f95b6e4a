using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatShare.Core.Cluster;

/// <summary>The program's one connection to Redis, where <c>ChatShare:Cluster:Redis</c> names one. It comes back by itself.</summary>
public sealed class RedisConnection : IAsyncDisposable
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);

    private readonly ClusterOptions _options;
    private readonly ILogger<RedisConnection> _logger;
    private ConnectionMultiplexer? _connection;
    private int _isLost;
    private int _refuses;

    /// <summary>Touches nothing yet; see <see cref="OpenAsync"/>.</summary>
    public RedisConnection(IOptions<ChatShareOptions> options, ILogger<RedisConnection> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Value.Cluster;
        _logger = logger;
    }

    /// <summary>Whether there is one to connect to.</summary>
    public bool IsWanted => _options.Redis.Length > 0;

    /// <summary>Whether it can be reached now, and keeps what it is given.</summary>
    public bool IsWell => _connection is { IsConnected: true } && Volatile.Read(ref _refuses) == 0;

    /// <summary>For whoever keeps something there.</summary>
    /// <exception cref="InvalidOperationException">It is not open yet.</exception>
    public IConnectionMultiplexer Multiplexer => _connection ?? throw new InvalidOperationException("The connection to Redis is not open yet.");

    /// <summary>Raised when it is there again, and what was said meanwhile is lost.</summary>
    internal event Action? Restored;

    /// <summary>What is wrong with how it is to be reached, as the rest of a sentence; null when it can be tried.</summary>
    internal static string? FaultOf(string text)
    {
        const string example = "such as redis.example:6379,password=…";
        try
        {
            return ConfigurationOptions.Parse(text).EndPoints.Count == 0 ? $"has to name a host, {example}." : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // What the exception says may be part of a password.
            return $"cannot be read; it has to be {example}.";
        }
    }

    /// <summary>Connects. At start; does nothing once it has worked, or when there is none to connect to.</summary>
    /// <exception cref="Storage.StorageException">It cannot be reached.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (!IsWanted || _connection is not null)
            return;
        var configuration = ConfigurationOptions.Parse(_options.Redis);
        configuration.ClientName = "chatshare";
        // To learn why; later it tries again by itself all the same.
        configuration.AbortOnConnectFail = true;
        // What cannot be said now is not worth saying later.
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ConnectTimeout = configuration.AsyncTimeout = configuration.SyncTimeout = (int)AnswersWithin.TotalMilliseconds;
        // A server that was stopped in the middle breaks no connection: it is asked often enough for that to be seen within seconds.
        configuration.KeepAlive = 5;
        configuration.HeartbeatInterval = TimeSpan.FromSeconds(1);
        configuration.HeartbeatConsistencyChecks = true;
        configuration.ReconnectRetryPolicy = new ExponentialRetry(200, 5000);
        var connection = await ConnectAsync(configuration, cancellationToken);
        connection.ConnectionFailed += (_, failure) =>
        {
            // Two connections, and each tries again: told once.
            if (Interlocked.Exchange(ref _isLost, 1) == 0)
                _logger.RedisLost(_logger.IsEnabled(LogLevel.Debug) ? failure.Exception : null, failure.FailureType.ToString());
        };
        connection.ConnectionRestored += (_, _) =>
        {
            if (Interlocked.Exchange(ref _isLost, 0) == 1)
                _logger.RedisBack();
            Restored?.Invoke();
        };
        _connection = connection;
    }

    /// <summary>It keeps what it was given. Said by whoever gives it something every few seconds.</summary>
    internal void Kept()
    {
        if (Interlocked.Exchange(ref _refuses, 0) == 1)
            _logger.RedisKeepsAgain();
    }

    /// <summary>It did not keep what it was given. One that cannot be reached is told of elsewhere.</summary>
    internal void NotKept(Exception fault)
    {
        if (fault is not RedisServerException && !IsCopyAlone)
            return;
        if (Interlocked.Exchange(ref _refuses, 1) == 0)
            _logger.RedisRefuses(fault is RedisServerException ? fault.Message.ReplaceLineEndings(" ") : "it is a replica");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
    }

    /// <summary>Whether it is there and follows another one, which takes nothing then from anybody else; the driver does not even ask it.</summary>
    private bool IsCopyAlone => _connection?.GetServers().Where(server => server.IsConnected).ToList() is { Count: > 0 } there && there.All(server => server.IsReplica);

    private static async Task<ConnectionMultiplexer> ConnectAsync(ConfigurationOptions configuration, CancellationToken cancellationToken)
    {
        try
        {
            return await ConnectionMultiplexer.ConnectAsync(configuration).WaitAsync(cancellationToken);
        }
        catch (RedisConnectionException e)
        {
            // A password that it does not know may be made there, as one of PostgreSQL.
            var fault = e.GetBaseException() is RedisServerException said ? $"refuses the connection: {said.Message.ReplaceLineEndings(" ")}" : "cannot be reached.";
            throw new Storage.StorageException($"Redis at {Address(configuration)} (ChatShare:Cluster:Redis) {fault}", e) { MayPass = true };
        }
    }

    /// <summary>Without the password.</summary>
    private static string Address(ConfigurationOptions configuration) => string.Join(" and ", configuration.EndPoints.Select(EndPointCollection.ToString));
}
