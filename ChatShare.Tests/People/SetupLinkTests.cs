using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.People;

public sealed class SetupLinkTests
{
    private const string Password = "correct horse battery";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Link_makes_one_administrator_and_is_void_afterwards()
    {
        await using var core = await BareCore.StartAsync();
        var link = core.Get<SetupLink>();
        var token = await link.IssueAsync(Cancel);
        Assert.True(await link.IsValidAsync(token, Cancel));
        await link.UseAsync(token, BareCore.Name("Root"), Password, replaces: null, Cancel);

        Assert.False(await link.IsValidAsync(token, Cancel));
        await RefusedAsync(RefusalKind.NotPermitted, () => link.UseAsync(token, BareCore.Name("Other"), Password, replaces: null, Cancel));
        Assert.Null(await link.IssueAsync(Cancel));
    }

    [Fact]
    public async Task Link_used_by_two_at_once_lets_one_win()
    {
        await using var core = await BareCore.StartAsync();
        var link = core.Get<SetupLink>();
        var token = await link.IssueAsync(Cancel);
        var uses = await Task.WhenAll(Enumerable.Range(1, 3).Select(number => Task.Run(
            () => Record.ExceptionAsync(() => link.UseAsync(token, BareCore.Name($"Root {number}"), Password, replaces: null, Cancel)).AsTask(), Cancel)));

        Assert.Single(uses, e => e is null);
        Assert.All(uses.OfType<Exception>(), e => Assert.Equal(RefusalKind.NotPermitted, Assert.IsType<RefusedException>(e).Kind));
        await using var db = await core.ContextAsync();
        Assert.Equal(1, await db.Users.CountAsync(Cancel));
        // Whoever lost stands nowhere.
        var entry = Assert.Single(await core.Get<AuditLog>().ListAsync(10, Cancel));
        Assert.Equal(((await db.Users.SingleAsync(Cancel)).UserName, "by the set-up link"), (entry.Subject, entry.Detail));
    }

    [Fact]
    public async Task Link_stays_good_when_the_password_is_too_short()
    {
        await using var core = await BareCore.StartAsync();
        var link = core.Get<SetupLink>();
        var token = await link.IssueAsync(Cancel);
        await RefusedAsync(RefusalKind.Invalid, () => link.UseAsync(token, BareCore.Name("Root"), "short", replaces: null, Cancel));
        await link.UseAsync(token, BareCore.Name("Root"), Password, replaces: null, Cancel);

        Assert.True(await core.Accounts.HasAdministratorAsync(Cancel));
    }

    [Fact]
    public async Task Link_stays_good_when_the_name_is_taken()
    {
        await using var core = await BareCore.StartAsync();
        var link = core.Get<SetupLink>();
        var token = await link.IssueAsync(Cancel);
        await core.Sessions.JoinAsync(BareCore.Name("Root"), Cancel);
        await RefusedAsync(RefusalKind.Taken, () => link.UseAsync(token, BareCore.Name("Root"), Password, replaces: null, Cancel));

        Assert.True(await link.IsValidAsync(token, Cancel));
    }

    [Fact]
    public async Task Whoever_has_looked_around_as_a_guest_keeps_their_name()
    {
        await using var core = await BareCore.StartAsync();
        var link = core.Get<SetupLink>();
        var token = await link.IssueAsync(Cancel);
        var guest = await core.Sessions.JoinAsync(BareCore.Name("Anna"), Cancel);
        await RefusedAsync(RefusalKind.Invalid, () => link.UseAsync(token, BareCore.Name("Anna"), "short", guest, Cancel));
        Assert.True(guest.IsAlive);

        var account = await link.UseAsync(token, BareCore.Name("Anna"), Password, guest, Cancel);

        Assert.Equal("Anna", account.UserName);
        Assert.False(guest.IsAlive);
        Assert.Null(await core.Sessions.FindAsync(guest.Id, Cancel));
    }

    [Fact]
    public async Task Link_of_the_start_before_is_void()
    {
        await using var core = await BareCore.StartAsync();
        var before = await core.Get<SetupLink>().IssueAsync(Cancel);
        await core.RestartAsync();
        var now = await core.Get<SetupLink>().IssueAsync(Cancel);

        Assert.False(await core.Get<SetupLink>().IsValidAsync(before, Cancel));
        Assert.True(await core.Get<SetupLink>().IsValidAsync(now, Cancel));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0000000000000000000000000000000000000000")]
    public async Task Other_tokens_are_refused(string? token)
    {
        await using var core = await BareCore.StartAsync();
        await core.Get<SetupLink>().IssueAsync(Cancel);

        Assert.False(await core.Get<SetupLink>().IsValidAsync(token, Cancel));
        await RefusedAsync(RefusalKind.NotPermitted, () => core.Get<SetupLink>().UseAsync(token, BareCore.Name("Root"), Password, replaces: null, Cancel));
    }

    [Fact]
    public async Task Token_is_not_in_the_database()
    {
        await using var core = await BareCore.StartAsync();
        var token = await core.Get<SetupLink>().IssueAsync(Cancel);
        await using var db = await core.ContextAsync();

        Assert.DoesNotContain(await db.Facts.Select(f => f.Value).ToListAsync(Cancel), value => value.Contains(token!, StringComparison.Ordinal));
    }

    private static async Task RefusedAsync(RefusalKind kind, Func<Task> act) =>
        Assert.Equal(kind, (await Assert.ThrowsAsync<RefusedException>(act)).Kind);
}
