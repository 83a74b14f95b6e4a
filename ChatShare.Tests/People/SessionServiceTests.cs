using System.Data.Common;
using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Core.Storage.Sqlite;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.People;

public sealed class SessionServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Join_of_twenty_for_one_name_lets_one_win()
    {
        await using var core = await BareCore.StartAsync();
        var tries = Enumerable.Range(0, 20).Select(number => Task.Run(
            () => TryJoinAsync(core, number % 2 == 0 ? "Ann" : "ANN"), Cancel));
        var outcomes = await Task.WhenAll(tries);

        Assert.Single(outcomes, outcome => outcome is null);
        Assert.All(outcomes.Where(outcome => outcome is not null), outcome => Assert.Equal(RefusalKind.Taken, outcome!.Kind));
    }

    [Fact]
    public async Task Join_with_a_held_name_is_refused_with_a_sentence()
    {
        await using var core = await BareCore.StartAsync();
        await JoinAsync(core, "Ann");

        var refusal = await TryJoinAsync(core, "Ann");
        Assert.Equal("“Ann” is taken. Choose another name.", refusal?.Message);
    }

    [Fact]
    public async Task Nickname_is_held_for_the_set_time_after_its_person_was_last_seen()
    {
        await using var core = await BareCore.StartAsync(("People:NicknameHeldHours", "24"));
        var ann = await JoinAsync(core, "Ann");
        core.Clock.Advance(TimeSpan.FromHours(23));
        Assert.NotNull(await TryJoinAsync(core, "Ann"));
        core.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(await TryJoinAsync(core, "Ann"));

        Assert.False(ann.IsAlive);
        Assert.Null(await core.Sessions.FindAsync(ann.Id, Cancel));
        Assert.Contains("away", await core.Sessions.EndReasonAsync(ann.Id, Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PresenceState.Online)]
    [InlineData(PresenceState.Away)]
    public async Task Nickname_is_held_while_its_person_is_connected_or_away(PresenceState state)
    {
        await using var core = await BareCore.StartAsync(("People:NicknameHeldHours", "0"));
        var connection = core.Connected.Connect(await JoinAsync(core, "Ann"), Door.Browser, "10.0.0.1");
        connection.SetState(state);
        core.Clock.Advance(TimeSpan.FromDays(2));
        Assert.NotNull(await TryJoinAsync(core, "Ann"));
        connection.Dispose();
        Assert.Null(await TryJoinAsync(core, "Ann"));
    }

    [Fact]
    public async Task Seen_sessions_are_those_connected_and_those_that_hung_up_since()
    {
        await using var core = await BareCore.StartAsync();
        var ann = await JoinAsync(core, "Ann");
        await JoinAsync(core, "Bob");
        using var stays = core.Connected.Connect(ann, Door.Browser, "10.0.0.1");
        core.Connected.Connect(await JoinAsync(core, "Cleo"), Door.Browser, "10.0.0.1").Dispose();
        core.Clock.Advance(TimeSpan.FromHours(23));
        await core.Sessions.SeenAsync(core.Connected.TakeSeen(), Cancel);
        stays.Dispose();
        core.Clock.Advance(TimeSpan.FromHours(2));

        Assert.NotNull(await TryJoinAsync(core, "Ann"));
        Assert.Null(await TryJoinAsync(core, "Bob"));
        Assert.NotNull(await TryJoinAsync(core, "Cleo"));
    }

    [Fact]
    public async Task Join_in_place_of_an_own_session_ends_that_one_and_may_keep_its_name()
    {
        await using var core = await BareCore.StartAsync();
        var before = await JoinAsync(core, "Ann");
        var after = await core.Sessions.JoinAsync(BareCore.Name("Ann"), before, Cancel);

        Assert.False(before.IsAlive);
        Assert.Null(before.EndReason);
        Assert.True(after.IsAlive);
    }

    [Fact]
    public async Task Join_that_is_refused_leaves_the_own_session_alive()
    {
        await using var core = await BareCore.StartAsync();
        await JoinAsync(core, "Bob");
        var ann = await JoinAsync(core, "Ann");
        await Assert.ThrowsAsync<RefusedException>(() => core.Sessions.JoinAsync(BareCore.Name("Bob"), ann, Cancel));

        Assert.True(ann.IsAlive);
        await core.RestartAsync();
        Assert.NotNull(await core.Sessions.FindAsync(ann.Id, Cancel));
    }

    [Fact]
    public async Task Find_gives_one_instance_for_a_row_and_survives_a_restart()
    {
        await using var core = await BareCore.StartAsync();
        var joined = await JoinAsync(core, "Ann");
        Assert.Same(joined, await core.Sessions.FindAsync(joined.Id, Cancel));
        await core.RestartAsync();
        var found = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => core.Sessions.FindAsync(joined.Id, Cancel), Cancel)));

        Assert.NotNull(found[0]);
        Assert.All(found, one => Assert.Same(found[0], one));
        Assert.Equal((joined.PersonId, joined.Nickname, false), (found[0]!.PersonId, found[0]!.Nickname, found[0]!.IsAdministrator));
    }

    [Fact]
    public async Task Session_that_nobody_holds_takes_no_memory_and_is_found_again()
    {
        await using var core = await BareCore.StartAsync();
        var (id, personId, copy) = await JoinAndGoAsync(core, "Ann");
        GC.Collect();
        await core.Sessions.SeenAsync([], Cancel);

        Assert.False(copy.TryGetTarget(out _));
        Assert.NotNull(await TryJoinAsync(core, "Ann"));
        var found = await core.Sessions.FindAsync(id, Cancel);
        Assert.Equal((personId, "Ann", true), (found!.PersonId, found.Nickname.Value, found.IsAlive));
    }

    [Fact]
    public async Task Session_whose_token_alone_is_held_ends_for_its_holder()
    {
        await using var core = await BareCore.StartAsync();
        var (id, token) = await JoinForTokenAsync(core, "Ann");
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(token);
        GC.Collect();
        await core.Sessions.SeenAsync([], Cancel);
        await core.Sessions.EndAsync(id, null, Cancel);

        Assert.True(linked.IsCancellationRequested);
    }

    [Fact]
    public async Task Find_of_an_unknown_session_is_null()
    {
        await using var core = await BareCore.StartAsync();

        Assert.Null(await core.Sessions.FindAsync(Guid.NewGuid(), Cancel));
    }

    [Fact]
    public async Task End_cancels_the_living_copy_after_the_row_is_written()
    {
        await using var core = await BareCore.StartAsync();
        var ann = await JoinAsync(core, "Ann");
        string? inTheRow = null;
        await using var registration = ann.Ended.Register(
            () => inTheRow = core.Sessions.EndReasonAsync(ann.Id, CancellationToken.None).GetAwaiter().GetResult());
        await core.Sessions.EndAsync(ann.Id, "An administrator disconnected you.", Cancel);

        Assert.Equal("An administrator disconnected you.", inTheRow);
        Assert.Equal("An administrator disconnected you.", ann.EndReason);
        Assert.Null(await core.Sessions.FindAsync(ann.Id, Cancel));
        Assert.Null(await TryJoinAsync(core, "Ann"));
    }

    [Fact]
    public async Task End_goes_on_when_something_that_hangs_on_the_session_fails()
    {
        await using var core = await BareCore.StartAsync();
        var ann = await JoinAsync(core, "Ann");
        await using var registration = ann.Ended.Register(() => throw new InvalidOperationException("broken"));
        await core.Sessions.EndAsync(ann.Id, null, Cancel);

        Assert.False(ann.IsAlive);
    }

    [Fact]
    public async Task End_and_find_at_once_never_leave_a_living_copy_behind()
    {
        await using var core = await BareCore.StartAsync();
        for (var round = 0; round < 30; round++)
        {
            var ann = await JoinAsync(core, "Ann");
            await core.RestartAsync();
            var find = Task.Run(() => core.Sessions.FindAsync(ann.Id, Cancel), Cancel);
            var end = Task.Run(() => core.Sessions.EndAsync(ann.Id, null, Cancel), Cancel);
            await Task.WhenAll(find, end);

            Assert.False((await find)?.IsAlive ?? false);
            Assert.Null(await core.Sessions.FindAsync(ann.Id, Cancel));
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task End_waits_for_nobody_who_reads_and_whoever_read_the_row_before_finds_it_ended()
    {
        var token = TestContext.Current.CancellationToken;
        var reads = new HeldRead();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.ConfigureDbContext<SqliteChatShareDbContext>(options => options.AddInterceptors(reads)));
        var id = (await app.Get<SessionService>().JoinAsync(BareCore.Name("Ann"), token)).Id;
        // As at another node, where no copy lives yet.
        using var sessions = ActivatorUtilities.CreateInstance<SessionService>(app.Services);
        reads.Hold();
        var find = sessions.FindAsync(id, token);
        await reads.HasRead.WaitAsync(token);

        // As it comes from another node, whose news all stand still behind it.
        await sessions.EndAsync(id, "Enough.", token).WaitAsync(Make.PatienceForOne, token);
        reads.LetGo();

        Assert.Null(await find);
        Assert.Null(await sessions.FindAsync(id, token));
    }

    [Fact]
    public async Task EndPerson_ends_all_sessions_of_an_account()
    {
        await using var core = await BareCore.StartAsync();
        var account = await core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), "correct horse battery", Cancel);
        var one = await core.Sessions.SignInAsync(account, replaces: null, Cancel);
        var two = await core.Sessions.SignInAsync(account, replaces: null, Cancel);
        Assert.Equal(one.PersonId, two.PersonId);
        await core.RestartAsync();
        Assert.True((await core.Sessions.FindAsync(one.Id, Cancel))?.IsAdministrator);
        await core.Sessions.EndPersonAsync(account.Id, "Enough.", Cancel);

        Assert.Null(await core.Sessions.FindAsync(one.Id, Cancel));
        Assert.Null(await core.Sessions.FindAsync(two.Id, Cancel));
        Assert.Equal("Enough.", await core.Sessions.EndReasonAsync(two.Id, Cancel));
    }

    [Fact]
    public async Task Whoever_cannot_be_signed_in_stays_the_guest_that_they_were()
    {
        await using var core = await BareCore.StartAsync();
        var account = await core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), "correct horse battery", Cancel);
        var guest = await JoinAsync(core, "Ann");
        await using var db = await core.ContextAsync();
        await db.Database.ExecuteSqlRawAsync("""CREATE TRIGGER "Full" BEFORE INSERT ON "Sessions" BEGIN SELECT RAISE(ABORT, 'no room'); END""", Cancel);
        await Assert.ThrowsAnyAsync<Exception>(() => core.Sessions.SignInAsync(account, guest.Id, Cancel));
        Assert.True(guest.IsAlive);

        await db.Database.ExecuteSqlRawAsync("""DROP TRIGGER "Full" """, Cancel);
        Assert.NotNull(await core.Sessions.FindAsync(guest.Id, Cancel));
        var root = await core.Sessions.SignInAsync(account, guest.Id, Cancel);
        Assert.Equal((false, true), (guest.IsAlive, root.IsAlive));
        Assert.Null(await core.Sessions.FindAsync(guest.Id, Cancel));
    }

    private static Task<PersonSession> JoinAsync(BareCore core, string name) => core.Sessions.JoinAsync(BareCore.Name(name), Cancel);

    // Methods of their own: a variable of the test would hold the session.
    private static async Task<(Guid Id, Guid PersonId, WeakReference<PersonSession> Copy)> JoinAndGoAsync(BareCore core, string name)
    {
        var session = await JoinAsync(core, name);
        return (session.Id, session.PersonId, new WeakReference<PersonSession>(session));
    }

    private static async Task<(Guid Id, CancellationToken Ended)> JoinForTokenAsync(BareCore core, string name)
    {
        var session = await JoinAsync(core, name);
        return (session.Id, session.Ended);
    }

    private static async Task<RefusedException?> TryJoinAsync(BareCore core, string name)
    {
        try
        {
            await JoinAsync(core, name);
            return null;
        }
        catch (RefusedException e)
        {
            return e;
        }
    }

    /// <summary>The first who has read a session, once it is told to, and has done nothing with it yet.</summary>
    private sealed class HeldRead : DbCommandInterceptor
    {
        private readonly TaskCompletionSource _hasRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _holds;

        public Task HasRead => _hasRead.Task;

        public void Hold() => _holds = 1;

        public void LetGo() => _goesOn.SetResult();

        public override async ValueTask<InterceptionResult> DataReaderClosingAsync(DbCommand command, DataReaderClosingEventData eventData, InterceptionResult result)
        {
            if (command.CommandText.Contains("FROM \"Sessions\"", StringComparison.Ordinal) && Interlocked.Exchange(ref _holds, 0) == 1)
            {
                _hasRead.SetResult();
                await _goesOn.Task;
            }

            return result;
        }
    }
}
