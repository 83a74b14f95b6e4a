using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>Owns PostgreSQL's migrations, and knows its faults; everything else is in the base.</summary>
internal sealed class PostgreSqlChatShareDbContext(DbContextOptions<PostgreSqlChatShareDbContext> options) : ChatShareDbContext(options)
{
    private static readonly string MostIdle = string.Create(CultureInfo.InvariantCulture, $"{(long)Turn.MostIdle.TotalMilliseconds}ms");

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        // By bytes, as SQLite does: neither the machine's language nor its next release changes the order, or an index.
        configurationBuilder.Properties<string>().UseCollation("C");
    }

    internal override bool CannotStore(Exception exception) =>
        exception is RefusedException { Kind: RefusalKind.DiskFull } || Fault.IsPassing(exception)
        || (exception.InnerException is { } inner && CannotStore(inner));

    internal override bool IsDuplicate(DbUpdateException exception) => Fault.IsDuplicate(exception.InnerException);

    // First the limit: the program may be frozen while it waits, and would not set it any more.
    internal override Task HoldAsync(string name, CancellationToken cancellationToken) => Database.ExecuteSqlAsync(
        $"SELECT set_config('idle_in_transaction_session_timeout', {MostIdle}, TRUE), pg_advisory_xact_lock(hashtextextended({name}, 0))", cancellationToken);

    internal override async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => DateTimeOffset.FromUnixTimeMilliseconds(
        await Database.SqlQuery<long>($"""SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "Value" """).SingleAsync(cancellationToken));
}
