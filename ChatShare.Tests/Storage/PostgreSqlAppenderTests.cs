using System.Collections.Concurrent;
using System.Globalization;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Storage;
using ChatShare.Core.Storage.PostgreSql;
using ChatShare.Tests.Support;
using ChatShare.Web.Circuits;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace ChatShare.Tests.Storage;

/// <summary>On a server, over a line that breaks.</summary>
public sealed class PostgreSqlAppenderTests : AppenderSpecification
{
    internal override async Task<CoreHost> StartAsync()
    {
        PostgreSqlServer.Require();
        return await StartAsync(await PostgreSqlServer.NewDatabaseAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_whose_answer_is_lost_is_done_once_whether_it_was_or_not(bool committed)
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var host = await StartAsync(database);
        var anna = await host.JoinAsync("anna", Cancel);
        await using var line = new CutLine(PortOf(database));
        var written = new Written();
        await using var appender = new PostgreSqlAppender(line.Through(database), host.Clock, new Outage(new Lines()), written.Take);
        var file = File("file");
        await appender.WriteAsync([Post(host, host.Lobby, anna, "with file") with { Files = [file] }, Post(host, host.Lobby, anna, "deleted")], Cancel);

        line.Break(committed ? CutLine.Cut.AfterCommit : CutLine.Cut.BeforeCommit);
        var ready = file with { State = FileState.Ready, Sha256 = new string('a', 64), Position = 0 };
        await appender.WriteAsync([new LogEntry.ChangeFile(host.Lobby, ready), new LogEntry.Delete(host.Lobby, 2), Post(host, host.Lobby, anna, "new")], Cancel);

        Assert.Equal([1, 2, 3, 4, 5], written.Results.Select(result => result.Message!.Changed));
        Assert.All(written.Results, result => Assert.True(result.IsNew));
        Assert.Equal(
            written.Results.Skip(2).Select(result => Describe(result.Message!)).ToHashSet(),
            (await host.AllAsync(host.Lobby, Cancel)).Select(Describe).ToHashSet());
        Assert.Equal(2, line.Connections);
    }

    [Fact]
    public async Task Batch_that_was_given_up_in_doubt_is_told_of_when_the_database_is_back_and_before_anything_else()
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var host = await StartAsync(database);
        var anna = await host.JoinAsync("anna", Cancel);
        await using var line = new CutLine(PortOf(database));
        var written = new Written();
        var log = new Lines();
        await using var appender = new PostgreSqlAppender(line.Through(database), host.Clock, new Outage(log), written.Take) { Patience = TimeSpan.FromSeconds(3) };

        line.Break(CutLine.Cut.AfterCommit, thenDown: true);
        await AssertRefusedAsync("in doubt");
        Assert.True(appender.IsInDoubt);
        await AssertRefusedAsync("never sent");
        await appender.SettleAsync(Cancel);
        Assert.Empty(written.Results);
        Assert.Single(log);

        line.Up();
        await appender.WriteAsync([Post(host, host.Lobby, anna, "next")], Cancel);
        await appender.WriteAsync([Post(host, host.Lobby, anna, "in doubt")], Cancel);

        Assert.False(appender.IsInDoubt);
        Assert.Equal(
            [(1L, "in doubt", true), (2L, "next", true), (1L, "in doubt", false)],
            written.Results.Select(result => (result.Message!.Number, result.Message.ClientId, result.IsNew)));
        Assert.Equal(["in doubt", "next"], (await host.AllAsync(host.Lobby, Cancel)).Select(message => message.ClientId));
        Assert.Equal([LogLevel.Error, LogLevel.Warning], log);

        async Task AssertRefusedAsync(string clientId)
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => appender.WriteAsync([Post(host, host.Lobby, anna, clientId)], Cancel));
            Assert.Equal(RefusalKind.DiskFull, refused.Kind);
        }
    }

    [Fact]
    public async Task Transaction_that_a_crash_has_undone_is_not_taken_for_another_that_was_given_its_number()
    {
        PostgreSqlServer.Require();
        await using var server = await PostgreSqlProcess.StartAsync();
        var database = server.Database("postgres");
        // Else the server writes out by itself, soon, that the number is taken.
        await PostgreSqlServer.AskAsync(database, "ALTER SYSTEM SET wal_writer_delay = '10s'");
        await PostgreSqlServer.AskAsync(database, "SELECT pg_reload_conf()");
        await using var host = await StartAsync(database);
        var anna = await host.JoinAsync("anna", Cancel);
        var written = new Written();
        var wasGivenAgain = false;
        // What somebody else commits in the moment between writes it out, too.
        for (var tries = 1; tries <= 10 && !wasGivenAgain; tries++)
        {
            await using var line = new CutLine(PortOf(database));
            await using var appender = new PostgreSqlAppender(line.Through(database), host.Clock, new Outage(new Lines()), written.Take) { Patience = Make.PatienceForOne };
            line.Break(CutLine.Cut.LateCommit, thenDown: true);
            var writing = appender.WriteAsync([Post(host, host.Lobby, anna, $"undone {tries}")], Cancel);
            await line.IsLate.WaitAsync(Cancel);
            var number = await NumberAsync("SELECT backend_xid::text FROM pg_stat_activity WHERE backend_xid IS NOT NULL");
            await server.CrashAsync();
            await server.StartAgainAsync();
            ulong given;
            do
            {
                given = await NumberAsync("SELECT pg_current_xact_id()::text");
                wasGivenAgain |= given == number;
            }
            while (given < number);
            line.Up();
            await writing;
        }

        Assert.True(wasGivenAgain);
        Assert.All(written.Results, result => Assert.True(result.IsNew));
        Assert.Equal(
            string.Join(',', written.Results.Select(result => string.Create(CultureInfo.InvariantCulture, $"{result.Message!.Number} {result.Message.ClientId}"))),
            await PostgreSqlServer.AskAsync(database, "SELECT string_agg(\"Number\" || ' ' || \"ClientId\", ',' ORDER BY \"Number\") FROM \"Messages\""));

        async Task<ulong> NumberAsync(string statement) => ulong.Parse((string)(await PostgreSqlServer.AskAsync(database, statement))!, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Node_that_stands_still_in_a_transaction_keeps_nobody_from_posting_and_acknowledges_nothing_that_was_undone()
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var host = await StartAsync(database);
        var anna = await host.JoinAsync("anna", Cancel);
        await using var other = await host.EnterAsync("bert", Cancel);
        await using var line = new CutLine(PortOf(database));
        var written = new Written();
        await using var frozen = new PostgreSqlAppender(line.Through(database), host.Clock, new Outage(new Lines()), written.Take) { Patience = Make.PatienceForOne };

        line.Break(CutLine.Cut.LateCommit);
        var writing = frozen.WriteAsync([Post(host, host.Lobby, anna, "frozen")], Cancel);
        await line.IsLate.WaitAsync(Cancel);
        // It has the counter of the room locked. Whoever waits for that is refused after ten seconds, and is not.
        Assert.Equal(1, (await other.SendAsync(Make.Text("meanwhile"), "other", Cancel)).Number);
        Assert.Empty(written.Results);

        line.GoOn();
        await writing;
        Assert.Equal([(2L, "frozen", true)], written.Results.Select(result => (result.Message!.Number, result.Message.ClientId, result.IsNew)));
        Assert.Equal(["other", "frozen"], (await host.AllAsync(host.Lobby, Cancel)).Select(message => message.ClientId));
        Assert.Empty(host.Errors);
    }

    [Fact]
    public async Task Transaction_that_lies_idle_is_ended_whoever_began_it_and_its_commit_is_refused()
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var one = await StartAsync(database);
        await using var two = await StartAsync(database, ("Downloads:Directory", one.Downloads));
        await using var writer = await two.EnterAsync("anna", Cancel);
        await using var db = await one.OpenDatabaseAsync(Cancel);
        await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
        await db.Rooms.ExecuteUpdateAsync(set => set.SetProperty(room => room.Topic, "never"), Cancel);

        await writer.SayAsync("meanwhile", Cancel);

        Assert.Equal(RefusalKind.DiskFull, (await Assert.ThrowsAsync<RefusedException>(() => transaction.CommitAsync(Cancel))).Kind);
        await using var after = await two.OpenDatabaseAsync(Cancel);
        Assert.All(await after.Rooms.ToListAsync(Cancel), room => Assert.NotEqual("never", room.Topic));
    }

    [Theory]
    [InlineData(false, "5s")]
    [InlineData(true, "0")]
    public async Task Transactions_may_lie_idle_for_seconds_but_those_that_copy_everything_for_as_long_as_it_takes(bool copies, string longest)
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var core = await BareCore.StartAsync(PostgreSqlServer.CoreSettingsFor(database));
        // Whatever the server says to everybody.
        using var engine = new PostgreSqlEngine(database + ";Options=-c idle_in_transaction_session_timeout=7000");
        await using var db = copies ? engine.NewContext() : await core.ContextAsync();
        await using (await db.Database.BeginTransactionAsync(Cancel))
            Assert.Equal(longest, await SettingAsync(db));
        if (copies)
        {
            await db.Database.OpenConnectionAsync(Cancel);
            await using var snapshot = await engine.BeginSnapshotAsync(db.Database.GetDbConnection(), Cancel);
            await db.Database.UseTransactionAsync(snapshot, Cancel);
            Assert.Equal(longest, await SettingAsync(db));
        }

        static Task<string> SettingAsync(ChatShareDbContext db) =>
            db.Database.SqlQuery<string>($"""SELECT current_setting('idle_in_transaction_session_timeout') AS "Value" """).SingleAsync(Cancel);
    }

    [Fact]
    public async Task Message_in_doubt_is_seen_when_the_database_is_back_though_nobody_writes()
    {
        Assert.SkipUnless(Make.IsLong, "Waits for as long as a sender does; runs in the long form.");
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var line = new CutLine(PortOf(database));
        await using var host = await StartAsync(line.Through(database));
        await using var session = await host.EnterAsync("anna", Cancel);
        await using var reader = new RoomReader(await host.EnterAsync("bert", Cancel));

        line.Break(CutLine.Cut.AfterCommit, thenDown: true);
        var sending = session.SayAsync("said", Cancel);
        await Assert.ThrowsAsync<RefusedException>(() => sending);
        Assert.False(await host.Get<Database>().AnswersAsync(Cancel));
        line.Up();
        await reader.UntilChangeAsync(1, Cancel);

        Assert.Equal(["said"], reader.Messages.Select(message => message.Text));
        Assert.True(await host.Get<Database>().AnswersAsync(Cancel));
        Assert.Single(host.Errors);
    }

    [Fact]
    public async Task Reader_that_is_far_behind_waits_for_a_database_that_is_away_and_misses_nothing()
    {
        PostgreSqlServer.Require();
        const int moreThanIsHeld = 700;
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var line = new CutLine(PortOf(database));
        await using var host = await StartAsync(line.Through(database));
        await using var session = await host.EnterAsync("anna", Cancel);
        var behind = await host.EnterAsync("bert", Cancel);
        await Task.WhenAll(Enumerable.Range(0, moreThanIsHeld).Select(_ => session.SayAsync("said", Cancel)));

        line.Down();
        await using var reader = new RoomReader(behind);
        Assert.False(await host.Get<Database>().AnswersAsync(Cancel));
        var before = line.Connections;
        await Eventually.TrueAsync(() => Task.FromResult(line.Connections > before));
        line.Up();
        await reader.UntilChangeAsync(moreThanIsHeld, Cancel);

        Assert.Equal(Enumerable.Range(1, moreThanIsHeld).Select(number => (long)number), reader.Messages.Select(message => message.Number));
    }

    [Fact]
    public async Task Page_that_is_open_while_the_database_is_away_goes_on_when_it_is_back()
    {
        PostgreSqlServer.Require();
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var line = new CutLine(PortOf(database));
        await using var host = await StartAsync(line.Through(database));
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var (tried, read) = (0, 0);
        var fault = new TaskCompletionSource<Exception>();
        line.Down();

        var following = new PageFollower(new PageReads(host.Get<Database>(), TimeProvider.System), NullLogger<PageFollower>.Instance).RunAsync(
            async () =>
            {
                tried++;
                await using var db = await host.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(gone.Token);
                await db.Rooms.CountAsync(gone.Token);
                read++;
                await Task.Delay(Timeout.InfiniteTimeSpan, gone.Token);
            },
            exception =>
            {
                fault.SetResult(exception);
                return Task.CompletedTask;
            },
            gone.Token);
        await Eventually.TrueAsync(() => Task.FromResult(tried > 1));
        Assert.Equal(0, read);
        line.Up();
        await Eventually.TrueAsync(() => Task.FromResult(read == 1));
        await gone.CancelAsync();
        await following;
        Assert.False(fault.Task.IsCompleted);
    }

    [Fact(Timeout = 20 * Make.Patience)]
    public async Task Two_nodes_whose_connections_end_at_random_store_every_acknowledged_message_once_and_without_gaps()
    {
        PostgreSqlServer.Require();
        var token = TestContext.Current.CancellationToken;
        var (rooms, writers, each, kills) = Make.IsLong ? (50, 32, 400, 200) : (5, 8, 40, 6);
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var one = await StartAsync(database);
        var owner = await one.JoinAsync("owner", Cancel);
        for (var i = 1; i < rooms; i++)
            await one.CreateRoomAsync($"room {i}", owner, Cancel);
        await using var other = await StartAsync(database, ("Downloads:Directory", one.Downloads));
        var acknowledged = new ConcurrentDictionary<(Guid Person, string ClientId), (int Room, long Number)>();
        var left = writers * each;
        var killing = 0;

        // Everybody enters first: reading may fail while connections end, and that is not what this is about.
        var people = await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            var host = writer % 2 == 0 ? one : other;
            var session = await host.JoinAsync($"writer {writer}", Cancel);
            return await Task.WhenAll(host.Rooms.Rooms.Select(room => host.EnterAsync(session, Cancel, room)));
        }));
        await Task.WhenAll(people.Select((sessions, writer) => Task.Run(() => WriteAsync(sessions, new Random(writer)), token)));

        Assert.True(killing >= kills);
        // Connections that lie idle have ended, too; here are others.
        await using var later = await StartAsync(database + ";Application Name=later", ("Downloads:Directory", one.Downloads));
        var all = new List<(Guid Person, string ClientId, int Room, long Number)>();
        foreach (var room in later.Rooms.Rooms)
        {
            var log = await later.AllAsync(room, token);
            Assert.Equal(Enumerable.Range(1, log.Count).Select(n => (long)n), log.Select(message => message.Number));
            Assert.Equal(Enumerable.Range(1, log.Count).Select(n => (long)n), log.Select(message => message.Ordinal));
            all.AddRange(log.Select(message => (message.PersonId, message.ClientId, room.Id, message.Number)));
        }

        Assert.Equal(
            acknowledged.Select(a => (a.Key.Person, a.Key.ClientId, a.Value.Room, a.Value.Number)).ToHashSet(), all.ToHashSet());
        Assert.Equal(writers * each, all.Count);

        async Task WriteAsync(Core.Rooms.RoomSession[] sessions, Random random)
        {
            for (var turn = 0; turn < each; turn++)
            {
                var session = sessions[random.Next(sessions.Length)];
                var clientId = $"m{turn}";
                while (true)
                {
                    try
                    {
                        var message = await session.SendAsync(Make.Text("text"), clientId, Cancel);
                        Assert.True(acknowledged.TryAdd((message.PersonId, clientId), (message.RoomId, message.Number)));
                        break;
                    }
                    catch (RefusedException refused) when (refused.Kind == RefusalKind.DiskFull)
                    {
                        // Told that it was not stored: a person would press Retry.
                    }
                }

                // A number of acknowledgements is a moment anywhere in the other writers' transactions.
                if (Interlocked.Decrement(ref left) % (writers * each / (kills + 1)) == 0)
                {
                    Interlocked.Increment(ref killing);
                    await PostgreSqlServer.EndConnectionsAsync(database);
                }
            }
        }
    }

    private static int PortOf(string database) => new NpgsqlConnectionStringBuilder(database).Port;

    private static Task<CoreHost> StartAsync(string database, params (string Key, string Value)[] others) =>
        CoreHost.StartAsync(Cancel, [.. PostgreSqlServer.CoreSettingsFor(database), .. others]);

    /// <summary>The levels of what was logged.</summary>
    private sealed class Lines : List<LogLevel>, ILogger<Outage>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Add(logLevel);
    }
}
