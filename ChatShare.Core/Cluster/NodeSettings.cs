using System.Security.Cryptography;
using System.Text.Json;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatShare.Core.Cluster;

/// <summary>
/// Nodes of one database have to be set alike: what one grants another would refuse. Each that starts compares itself with the one that started before it, if any
/// lives, and says what differs. (That their downloads folder is the same one <see cref="Database.OpenAsync"/> demands.)
/// </summary>
internal sealed class NodeSettings(
    IOptions<ChatShareOptions> options,
    Database database,
    IDbContextFactory<ChatShareDbContext> contexts,
    UploadLeases leases,
    ILogger<NodeSettings> logger) : IHostedService
{
    private const string Fact = "settings";

    // No name of a person has a colon.
    private const string TurnName = "settings:";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!database.IsShared)
            return;
        try
        {
            await CompareAsync(cancellationToken);
        }
        catch (Exception e) when (e is RefusedException or JsonException)
        {
            // A disk that is full, or cannot be written to, is told by those who need it.
            logger.SettingsNotCompared(e);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CompareAsync(CancellationToken cancellationToken)
    {
        var here = Settings().ToDictionary(setting => $"{ChatShareOptions.Section}:{setting.Key}", setting => Digest(setting.Value), StringComparer.Ordinal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(TurnName, cancellationToken);
        var before = await db.Facts.SingleOrDefaultAsync(fact => fact.Key == Fact, cancellationToken);
        if (before is not null && await leases.IsAnybodyAliveAsync(cancellationToken))
        {
            var there = JsonSerializer.Deserialize<Dictionary<string, string>>(before.Value) ?? [];
            // What only one of two versions knows is not compared.
            var different = here.Where(setting => there.TryGetValue(setting.Key, out var value) && value != setting.Value).Select(setting => setting.Key).ToList();
            if (different.Count > 0)
                logger.SetDifferently(string.Join(", ", different));
        }

        if (before is null)
            db.Facts.Add(before = new FactRow { Key = Fact, Value = "" });
        before.Value = JsonSerializer.Serialize(here);
        await db.SaveChangesAsync(cancellationToken);
        // Not given up half way, which the framework would log as an error.
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>Not those that belong to a machine: what it listens to, whom it trusts, its own folder.</summary>
    private IEnumerable<(string Key, object? Value)> Settings()
    {
        var all = options.Value;
        return
        [
            ("Downloads:PartialFileHours", all.Downloads.PartialFileHours),
            ("Downloads:MinimumFreeBytes", all.Downloads.MinimumFreeBytes),
            ("Downloads:AccelRedirectPrefix", all.Downloads.AccelRedirectPrefix),
            ("Scan:Command", all.Scan.Command),
            ("Scan:Arguments", string.Join('\n', all.Scan.Arguments)),
            ("Scan:TimeoutSeconds", all.Scan.TimeoutSeconds),
            ("People:NicknameHeldHours", all.People.NicknameHeldHours),
            // Without the password.
            ("Cluster:Redis", all.Cluster.Redis.Length == 0 ? "" : string.Join(',', ConfigurationOptions.Parse(all.Cluster.Redis).EndPoints.Select(EndPointCollection.ToString))),
            .. typeof(LimitOptions).GetProperties().Select(limit => ($"Limits:{limit.Name}", limit.GetValue(all.Limits))),
        ];
    }

    /// <summary>What is compared need not be read.</summary>
    private static string Digest(object? value) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(value)))[..16];
}
