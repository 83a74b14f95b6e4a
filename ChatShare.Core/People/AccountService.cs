using ChatShare.Core.Storage;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.People;

/// <summary>People with a password. All members may be called from any thread.</summary>
public sealed class AccountService(
    IServiceScopeFactory scopes, SessionService sessions, TimeProvider time, ILogger<AccountService> logger) : IDisposable
{
    /// <summary>The fewest characters of a password. There are no rules about which.</summary>
    public const int PasswordMinLength = 12;

    /// <summary>The most characters of a password.</summary>
    public const int PasswordMaxLength = 256;

    /// <summary>Tries with a wrong password before the account rests.</summary>
    public const int TriesBeforeRest = 5;

    /// <summary>For an unknown name, a wrong password and a resting account alike, so that nobody learns which it was.</summary>
    public const string NoMatch =
        "This user name and password do not match. After five wrong tries an account rests for five minutes.";

    internal static readonly TimeSpan Rest = TimeSpan.FromMinutes(5);

    private static readonly Account Nobody = new();

    // Tries are counted one after the other: two wrong ones at once must count as two.
    private readonly SemaphoreSlim _counting = new(1);
    private string? _nobodysHash;

    /// <summary>Whether there is an administrator.</summary>
    public async Task<bool> HasAdministratorAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await Context(scope).Users.AnyAsync(a => a.IsAdministrator, cancellationToken);
    }

    /// <summary>Creates an administrator; the nickname is theirs from then on.</summary>
    /// <exception cref="RefusedException">
    /// <see cref="RefusalKind.Invalid"/>: the password. <see cref="RefusalKind.Taken"/>: the name.
    /// </exception>
    public Task<Account> CreateAdministratorAsync(Nickname nickname, string password, CancellationToken cancellationToken) =>
        CreateAdministratorAsync(nickname, password, (_, _) => Task.CompletedTask, cancellationToken);

    /// <summary>The account, or null: <see cref="NoMatch"/>. Takes the same time whether the name is known or not.</summary>
    public async Task<Account?> CheckPasswordAsync(string? userName, string? password, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var manager = Manager(scope);
        var account = Nickname.TryParse(userName, out var nickname, out _)
            ? await manager.Users.AsNoTracking().SingleOrDefaultAsync(a => a.NicknameKey == nickname.Key, cancellationToken)
            : null;
        // Longer than any password can be: hashing it would only cost time.
        var tried = password is { Length: <= PasswordMaxLength } ? password : "";
        _nobodysHash ??= manager.PasswordHasher.HashPassword(Nobody, Guid.NewGuid().ToString());
        var matches = manager.PasswordHasher.VerifyHashedPassword(
            account ?? Nobody, account?.PasswordHash ?? _nobodysHash, tried) != PasswordVerificationResult.Failed;
        return account is null ? null : await CountAsync(account.Id, matches, cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose() => _counting.Dispose();

    /// <summary>Creates an administrator if <paramref name="claim"/>, run in the same transaction, does not throw.</summary>
    internal async Task<Account> CreateAdministratorAsync(
        Nickname nickname, string password, Func<ChatShareDbContext, CancellationToken, Task> claim, CancellationToken cancellationToken)
    {
        if (FaultOf(password) is { } fault)
            throw new RefusedException(RefusalKind.Invalid, fault);
        await using var scope = scopes.CreateAsyncScope();
        var db = Context(scope);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await claim(db, cancellationToken);
        var expired = await sessions.FreeNameAsync(db, nickname, cancellationToken);
        var account = new Account
        {
            Id = Guid.NewGuid(),
            UserName = nickname.Value,
            NicknameKey = nickname.Key,
            IsAdministrator = true,
        };
        var created = await Manager(scope).CreateAsync(account, password);
        if (!created.Succeeded)
            throw new RefusedException(RefusalKind.Invalid, string.Join(" ", created.Errors.Select(e => e.Description)));
        await transaction.CommitAsync(cancellationToken);

        if (expired is not null)
            await sessions.EndCopiesAsync([expired]);
        logger.AdministratorCreated(nickname.Value);
        return account;
    }

    private static string? FaultOf(string? password) => password?.Length switch
    {
        null or 0 => "A password is needed.",
        < PasswordMinLength and var length => $"This password has {length} characters; it needs at least {PasswordMinLength}.",
        > PasswordMaxLength and var length => $"This password has {length} characters; the limit is {PasswordMaxLength}.",
        _ => null,
    };

    private async Task<Account?> CountAsync(Guid id, bool matches, CancellationToken cancellationToken)
    {
        await _counting.WaitAsync(cancellationToken);
        try
        {
            // Read again: others may have tried while this password was hashed.
            await using var scope = scopes.CreateAsyncScope();
            var db = Context(scope);
            var account = await db.Users.SingleAsync(a => a.Id == id, cancellationToken);
            var now = time.GetUtcNow();
            // One that is farther away than that was set before the clock went back.
            if (account.LockoutEnd > now && account.LockoutEnd <= now + Rest)
                return null;
            if (matches)
            {
                account.AccessFailedCount = 0;
                account.LockoutEnd = null;
            }
            else
            {
                logger.WrongPassword(id);
                account.AccessFailedCount++;
                if (account.AccessFailedCount >= TriesBeforeRest)
                {
                    account.AccessFailedCount = 0;
                    account.LockoutEnd = now + Rest;
                }
            }

            await db.SaveChangesAsync(cancellationToken);
            return matches ? account : null;
        }
        finally
        {
            _counting.Release();
        }
    }

    private static ChatShareDbContext Context(AsyncServiceScope scope) => scope.ServiceProvider.GetRequiredService<ChatShareDbContext>();

    private static UserManager<Account> Manager(AsyncServiceScope scope) =>
        scope.ServiceProvider.GetRequiredService<UserManager<Account>>();
}
