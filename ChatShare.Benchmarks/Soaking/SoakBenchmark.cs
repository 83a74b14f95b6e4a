using System.Diagnostics;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;
using Microsoft.Data.Sqlite;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Soaking;

/// <summary>
/// Whether anything stays behind: people come and go for a while, and when all have left the server is what it was when all had left for
/// the first time.
/// </summary>
internal static class SoakBenchmark
{
    private const double MostGrowth = 1.1;
    private const string Administrator = "Root";
    private const string Password = "correct horse battery";
    // As long as the server keeps a circuit whose browser may come back, and a little more.
    private static readonly TimeSpan Retained = TimeSpan.FromSeconds(200);

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    // Connections of the database's pool go four minutes after their last work, threads of the runtime's sooner; what does not go within this stays.
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(8);

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        var minutes = options.Number("--minutes", 20);
        // In the first minutes everything that is made once is made; a shorter run tells of the rows alone.
        var isLong = minutes > 2;
        var first = isLong ? TimeSpan.FromMinutes(2) : TimeSpan.FromMinutes(minutes) / 2;
        using var folder = new TemporaryFolder();
        Machine.Print();
        await using var server = await MeasuredServer.StartChatAsync(
            folder, cancellationToken, [new("ChatShare__Admin__UserName", Administrator), new("ChatShare__Admin__Password", Password)]);
        await Crowd.MakeRoomsAsync(server.Address, cancellationToken);
        var crowd = new Crowd(server.Address);
        var people = options.Number("--people", 20);

        var table = new Table("after", "visits", "messages", "files", "live heap", "handles", "threads", "sessions", "connections", "uploads");
        // The busiest moment comes first: what it alone leaves (SQLite keeps as many descriptors of a database as there were ever connections at
        // once) is there at both looks. What each visit leaves is there many times at the second.
        await crowd.RunAsync(2 * people, first, cancellationToken);
        var before = await StandAsync(server, folder, before: null, cancellationToken);
        Add(table, first, crowd, before);
        await crowd.RunAsync(people, TimeSpan.FromMinutes(minutes) - first, cancellationToken);
        var after = await StandAsync(server, folder, before, cancellationToken);
        Add(table, TimeSpan.FromMinutes(minutes), crowd, after);
        table.Print();

        foreach (var fault in crowd.Faults)
            Console.WriteLine($"Failed: {fault}");
        var growth = (double)after.LiveBytes / before.LiveBytes;
        var isLight = growth <= MostGrowth;
        var isSame = after.HandleCount <= before.HandleCount && after.ThreadCount <= before.ThreadCount;
        PrintChanges("Handles of", before.Handles, after.Handles);
        PrintChanges("Threads named", before.Threads, after.Threads);
        var hasRows = after.Rows == before.Rows;
        Console.WriteLine($"To reach: rows as before ({Verdict(hasRows)}).");
        if (isLong)
            Console.WriteLine($"To reach: live heap at most {Show(MostGrowth, "0.0")} times ({Show(growth, "0.00")}, {Verdict(isLight)}); handles and threads as before ({Verdict(isSame)}).");
        return hasRows && ((isLight && isSame) || !isLong) && !crowd.Faults.Any() ? 0 : 1;
    }

    /// <summary>What there is when nobody is there.</summary>
    private static async Task<Stand> StandAsync(MeasuredServer server, TemporaryFolder folder, Stand? before, CancellationToken cancellationToken)
    {
        await Task.Delay(Retained, cancellationToken);
        var since = Stopwatch.GetTimestamp();
        var size = await server.HeapAsync(cancellationToken);
        // Before the server is asked for anything that takes a connection.
        var (handles, threads) = (server.Process.Handles, server.Process.Threads);
        while (before is not null && (handles.Values.Sum() > before.HandleCount || threads.Values.Sum() > before.ThreadCount) && Stopwatch.GetElapsedTime(since) < Settled)
        {
            await Task.Delay(LookAgain, cancellationToken);
            (handles, threads) = (server.Process.Handles, server.Process.Threads);
        }

        var rows = new Rows(
            await CountAsync("""SELECT COUNT(*) FROM "Sessions" WHERE "EndedAt" IS NULL"""),
            await CountConnectionsAsync(),
            await CountAsync("""SELECT COUNT(*) FROM "Files" WHERE "State" IN (0, 1)"""));
        return new Stand(size.LiveBytes, handles, threads, rows);

        async Task<long> CountConnectionsAsync()
        {
            using var administrator = await ChatClient.SignInAsync(server.Address, Administrator, Password, cancellationToken);
            var count = await administrator.CountConnectionsAsync(cancellationToken);
            await administrator.LeaveAsync(cancellationToken);
            return count;
        }

        async Task<long> CountAsync(string sql)
        {
            await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.File("data"), "chatshare.db")};Mode=ReadOnly;Pooling=False");
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Both are above.
            command.CommandText = sql;
#pragma warning restore CA2100
            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
    }

    private static void Add(Table table, TimeSpan time, Crowd crowd, Stand stand) => table.Add(
        $"{Show(time.TotalMinutes, "0.#")} min", Show(crowd.Visits, "N0"), Show(crowd.Messages, "N0"), Show(crowd.Files, "N0"),
        $"{Show(stand.LiveBytes / 1024.0 / 1024, "0.0")} MB", $"{stand.HandleCount}", $"{stand.ThreadCount}", $"{stand.Rows.Sessions}",
        $"{stand.Rows.Connections}", $"{stand.Rows.Uploads}");

    private static void PrintChanges(string what, IReadOnlyDictionary<string, int> before, IReadOnlyDictionary<string, int> after)
    {
        foreach (var kind in before.Keys.Union(after.Keys).Where(kind => before.GetValueOrDefault(kind) != after.GetValueOrDefault(kind)))
            Console.WriteLine($"{what} {kind}: {after.GetValueOrDefault(kind)}, before {before.GetValueOrDefault(kind)}");
    }

    private static string Verdict(bool isMet) => isMet ? "met" : "missed";

    private sealed record Rows(long Sessions, long Connections, long Uploads);

    private sealed record Stand(long LiveBytes, IReadOnlyDictionary<string, int> Handles, IReadOnlyDictionary<string, int> Threads, Rows Rows)
    {
        public int HandleCount => Handles.Values.Sum();

        public int ThreadCount => Threads.Values.Sum();
    }
}
