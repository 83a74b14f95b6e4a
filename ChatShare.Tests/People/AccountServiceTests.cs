using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.People;

public sealed class AccountServiceTests
{
    private const string Password = "correct horse battery";

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

        Assert.Equal(matches, await core.Accounts.CheckPasswordAsync(name, password, Cancel) is not null);
    }

    [Fact]
    public async Task Account_rests_after_five_wrong_tries_and_comes_back()
    {
        await using var core = await WithRootAsync();
        // All at once: none of them may go uncounted.
        await Task.WhenAll(Enumerable.Range(0, AccountService.TriesBeforeRest)
            .Select(_ => Task.Run(() => core.Accounts.CheckPasswordAsync("Root", "wrong wrong wrong", Cancel), Cancel)));
        Assert.Null(await core.Accounts.CheckPasswordAsync("Root", Password, Cancel));
        core.Clock.Advance(AccountService.Rest);

        Assert.NotNull(await core.Accounts.CheckPasswordAsync("Root", Password, Cancel));
    }

    [Fact]
    public async Task Right_password_forgives_the_wrong_tries_before_it()
    {
        await using var core = await WithRootAsync();
        for (var round = 0; round < 2; round++)
        {
            for (var wrong = 1; wrong < AccountService.TriesBeforeRest; wrong++)
                await core.Accounts.CheckPasswordAsync("Root", "wrong wrong wrong", Cancel);
            Assert.NotNull(await core.Accounts.CheckPasswordAsync("Root", Password, Cancel));
        }
    }

    [Theory]
    [InlineData("elevenchars", false)]
    [InlineData("aaaaaaaaaaaa", true)]
    [InlineData("пароль пароль", true)]
    [InlineData("  spaces too  ", true)]
    public async Task Password_is_judged_by_its_length_alone(string password, bool accepted)
    {
        await using var core = await BareCore.StartAsync();
        var refusal = await Record.ExceptionAsync(() => core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), password, Cancel));

        Assert.Equal(accepted, refusal is null);
        Assert.Equal(accepted, await core.Accounts.HasAdministratorAsync(Cancel));
        Assert.Equal(accepted, await core.Accounts.CheckPasswordAsync("Root", password, Cancel) is not null);
    }

    [Theory]
    [InlineData(AccountService.PasswordMaxLength, true)]
    [InlineData(AccountService.PasswordMaxLength + 1, false)]
    public async Task Password_has_a_longest_length(int length, bool accepted)
    {
        await using var core = await BareCore.StartAsync();
        var refusal = await Record.ExceptionAsync(
            () => core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), new string('a', length), Cancel));

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
        await using var db = await core.ContextAsync();
        var hash = Convert.FromBase64String((await db.Users.SingleAsync(Cancel)).PasswordHash!);

        // Identity's format 3: marker, then pseudo-random function (2 is HMAC-SHA512) and iterations, big-endian.
        Assert.Equal(1, hash[0]);
        Assert.Equal(2u, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1)));
        Assert.True(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5)) >= 210_000);
    }

    private static async Task<BareCore> WithRootAsync()
    {
        var core = await BareCore.StartAsync();
        await core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), Password, Cancel);
        return core;
    }
}
