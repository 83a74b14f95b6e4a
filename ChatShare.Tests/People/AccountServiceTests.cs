using System.Buffers.Binary;
using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ChatShare.Tests.People;

public sealed class AccountServiceTests
{
    private const string Password = "correct horse battery";
    private const string Here = "10.0.0.1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Root", Password, true)]
    [InlineData("ROOT", Password, true)]
    [InlineData("Root", "Correct horse battery", false)]
    [InlineData("Root", "", false)]
    [InlineData("Root", null, false)]
    [InlineData("Nobody", Password, false)]
    [InlineData("<>", Password, false)]
    [InlineData(null, Password, false)]
    public async Task CheckPassword_knows_the_account_by_name_in_any_case(string? name, string? password, bool matches)
    {
        await using var core = await WithRootAsync();

        Assert.Equal(matches, await core.Accounts.CheckPasswordAsync(name, password, Here, Cancel) is not null);
    }

    [Fact]
    public async Task Account_rests_after_five_wrong_tries_and_comes_back()
    {
        await using var core = await WithRootAsync();
        // All at once: none of them may go uncounted.
        await Task.WhenAll(Enumerable.Range(0, AccountService.TriesBeforeRest)
            .Select(_ => Task.Run(() => core.Accounts.CheckPasswordAsync("Root", "wrong wrong wrong", Here, Cancel), Cancel)));
        Assert.Null(await core.Accounts.CheckPasswordAsync("Root", Password, Here, Cancel));
        core.Clock.Advance(AccountService.Rest);

        Assert.NotNull(await core.Accounts.CheckPasswordAsync("Root", Password, Here, Cancel));
    }

    [Fact]
    public async Task Audit_tells_who_became_administrator_and_once_of_each_place_that_guesses()
    {
        await using var core = await WithRootAsync();
        foreach (var place in new[] { "10.0.0.66", "10.0.0.67" })
        {
            for (var tries = 0; tries < 2 * AccountService.TriesBeforeRest; tries++)
                await core.Accounts.CheckPasswordAsync("root", "wrong wrong wrong", place, Cancel);
        }

        await core.Accounts.CheckPasswordAsync("Root", "wrong wrong wrong", Here, Cancel);
        await core.Accounts.CheckPasswordAsync("Nobody", "wrong wrong wrong", Here, Cancel);
        await core.Accounts.CheckPasswordAsync("Root", Password, Here, Cancel);

        var entries = await core.Get<AuditLog>().ListAsync(10, Cancel);
        Assert.Equal(
            [
                ("10.0.0.67", "Guessed a password", "Root", "wrong 5 times; the account rests there"),
                ("10.0.0.66", "Guessed a password", "Root", "wrong 5 times; the account rests there"),
                ("Root", "Became administrator", "Root", "named by the settings"),
            ],
            entries.Select(entry => (entry.Actor, entry.Action, entry.Subject, entry.Detail!)));
    }

    [Fact]
    public async Task Right_password_forgives_the_wrong_tries_before_it()
    {
        await using var core = await WithRootAsync();
        for (var round = 0; round < 2; round++)
        {
            for (var wrong = 1; wrong < AccountService.TriesBeforeRest; wrong++)
                await core.Accounts.CheckPasswordAsync("Root", "wrong wrong wrong", Here, Cancel);
            Assert.NotNull(await core.Accounts.CheckPasswordAsync("Root", Password, Here, Cancel));
        }
    }

    [Fact]
    public async Task Wrong_tries_from_one_place_lock_nobody_out_elsewhere_and_end_with_no_clock()
    {
        await using var core = await WithRootAsync();
        for (var tries = 0; tries < 2 * AccountService.TriesBeforeRest; tries++)
            Assert.Null(await core.Accounts.CheckPasswordAsync("Root", "wrong wrong wrong", "10.0.0.66", Cancel));

        Assert.NotNull(await core.Accounts.CheckPasswordAsync("Root", Password, Here, Cancel));
        // Somebody sets the clock; nobody has waited.
        core.Clock.Jump(TimeSpan.FromDays(1));
        Assert.Null(await core.Accounts.CheckPasswordAsync("Root", Password, "10.0.0.66", Cancel));
    }

    [Fact]
    public async Task Hash_with_fewer_rounds_is_made_anew_by_signing_in()
    {
        await using var core = await WithRootAsync();
        var old = new PasswordHasher<Account>(Options.Create(new PasswordHasherOptions { IterationCount = 10_000 })).HashPassword(new Account(), Password);
        await using (var db = await core.ContextAsync())
            await db.Users.ExecuteUpdateAsync(set => set.SetProperty(account => account.PasswordHash, old), Cancel);
        Assert.Null(await core.Accounts.CheckPasswordAsync("Root", "wrong wrong wrong", Here, Cancel));
        Assert.Equal(10_000u, Rounds(await HashAsync(core)));

        Assert.NotNull(await core.Accounts.CheckPasswordAsync("Root", Password, Here, Cancel));
        Assert.True(Rounds(await HashAsync(core)) >= 210_000);
        Assert.NotNull(await core.Accounts.CheckPasswordAsync("Root", Password, Here, Cancel));
    }

    [Theory]
    [InlineData("elevenchars", false)]
    [InlineData("пурпурная лодка", true)]
    [InlineData("  spaces too  ", true)]
    [InlineData("e\u0301te\u0301 a\u0300 la mer", true)]
    public async Task Password_has_a_shortest_length_and_no_rules_about_its_characters(string password, bool accepted)
    {
        await using var core = await BareCore.StartAsync();
        var refusal = await Record.ExceptionAsync(() => core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), password, Cancel));

        Assert.Equal(accepted, refusal is null);
        Assert.Equal(accepted, await core.Accounts.HasAdministratorAsync(Cancel));
        Assert.Equal(accepted, await core.Accounts.CheckPasswordAsync("Root", password, Here, Cancel) is not null);
    }

    [Theory]
    [InlineData(AccountService.PasswordMaxLength, true)]
    [InlineData(AccountService.PasswordMaxLength + 1, false)]
    public async Task Password_has_a_longest_length(int length, bool accepted)
    {
        await using var core = await BareCore.StartAsync();
        var refusal = await Record.ExceptionAsync(
            () => core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), string.Concat(Enumerable.Range(0, 100).Select(i => $"{i * 7919} "))[..length], Cancel));

        Assert.Equal(accepted ? null : RefusalKind.Invalid, (refusal as RefusedException)?.Kind);
    }

    [Fact]
    public async Task Name_of_an_account_is_closed_to_guests()
    {
        await using var core = await WithRootAsync();
        var refusal = await Assert.ThrowsAsync<RefusedException>(() => core.Sessions.JoinAsync(BareCore.Name("root"), Cancel));

        Assert.Equal(RefusalKind.Taken, refusal.Kind);
    }

    [Fact]
    public async Task Name_of_a_guest_is_closed_to_accounts()
    {
        await using var core = await BareCore.StartAsync();
        var guest = await core.Sessions.JoinAsync(BareCore.Name("Root"), Cancel);
        var refusal = await Assert.ThrowsAsync<RefusedException>(
            () => core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), Password, Cancel));

        Assert.Equal(RefusalKind.Taken, refusal.Kind);
        Assert.True(guest.IsAlive);
        Assert.False(await core.Accounts.HasAdministratorAsync(Cancel));
    }

    [Fact]
    public async Task Password_is_stored_as_a_slow_hash()
    {
        await using var core = await WithRootAsync();
        var hash = await HashAsync(core);

        // Identity's format 3: marker, then pseudo-random function (2 is HMAC-SHA512) and iterations, big-endian.
        Assert.Equal(1, hash[0]);
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1)));
        Assert.True(Rounds(hash) >= 210_000);
    }

    private static uint Rounds(byte[] hash) => BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5));

    private static async Task<byte[]> HashAsync(BareCore core)
    {
        await using var db = await core.ContextAsync();
        return Convert.FromBase64String((await db.Users.AsNoTracking().SingleAsync(Cancel)).PasswordHash!);
    }

    private static async Task<BareCore> WithRootAsync()
    {
        var core = await BareCore.StartAsync();
        await core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), Password, Cancel);
        return core;
    }
}
