using ChatShare.Core.Storage;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.People;

/// <summary>People with a password. All members may be called from any thread.</summary>
public sealed class AccountService(
    IServiceScopeFactory scopes, SessionService sessions, AuditLog audit, TimeProvider time, ILogger<AccountService> logger)
{
    /// <summary>The fewest characters of a password. There are no rules about which; but who chooses one of those that everybody tries first is refused.</summary>
    public const int PasswordMinLength = 12;

    /// <summary>The most characters of a password.</summary>
    public const int PasswordMaxLength = 256;

    /// <summary>Tries with a wrong password from one place before the account rests for that place.</summary>
    public const int TriesBeforeRest = 5;

    /// <summary>For an unknown name, a wrong password and a resting account alike, so that nobody learns which it was.</summary>
    public const string NoMatch =
        "This user name and password do not match. After five wrong tries from one place an account rests there for five minutes.";

    private const string Guessable =
        "This password is among those that are tried first. Take a few words that do not belong together, or let a password manager make one.";

    internal static readonly TimeSpan Rest = TimeSpan.FromMinutes(5);

    private static readonly Account Nobody = new();

    private readonly WrongTries _tries = new(time);
    private string? _nobodysHash;

    /// <summary>Whether there is an administrator.</summary>
    public async Task<bool> HasAdministratorAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await Context(scope).Users.AnyAsync(a => a.IsAdministrator, cancellationToken);
    }

    /// <summary>
    /// Creates the administrator that the settings name; the nickname is theirs from then on. Whoever keeps the settings keeps the server:
    /// the password's length alone decides, and one that is tried first is only warned of.
    /// </summary>
    /// <exception cref="RefusedException">
    /// <see cref="RefusalKind.Invalid"/>: the password. <see cref="RefusalKind.Taken"/>: the name.
    /// </exception>
    public async Task<Account> CreateAdministratorAsync(Nickname nickname, string password, CancellationToken cancellationToken)
    {
        var account = await CreateAsync(nickname, password, FaultOfLength(password), replaces: null, "named by the settings", (_, _) => Task.CompletedTask, cancellationToken);
        if (GuessablePassword.Is(password, nickname.Value))
            logger.GuessablePasswordConfigured(nickname.Value);
        return account;
    }

    /// <summary>The account, or null: <see cref="NoMatch"/>. Takes the same time whether the name is known or not.</summary>
    /// <param name="userName">As it was typed.</param>
    /// <param name="password">As it was typed.</param>
    /// <param name="place">Where the try comes from, such as an address: others' wrong tries do not count against it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Account?> CheckPasswordAsync(string? userName, string? password, string place, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var manager = Manager(scope);
        var account = Nickname.TryParse(userName, out var nickname, out _)
            ? await manager.Users.AsNoTracking().SingleOrDefaultAsync(a => a.NicknameKey == nickname.Key, cancellationToken)
            : null;
        // Longer than any password can be: hashing it would only cost time.
        var tried = password is { Length: <= PasswordMaxLength } ? password : "";
        _nobodysHash ??= manager.PasswordHasher.HashPassword(Nobody, Guid.NewGuid().ToString());
        var verified = manager.PasswordHasher.VerifyHashedPassword(account ?? Nobody, account?.PasswordHash ?? _nobodysHash, tried);
        if (account is null)
            return null;
        var told = _tries.Count(account.Id, place, verified != PasswordVerificationResult.Failed);
        if (told == TryResult.LastWrong)
            await audit.WriteAsync(place, "Guessed a password", account.UserName!, $"wrong {TriesBeforeRest} times; the account rests there", CancellationToken.None);
        if (told is TryResult.Wrong or TryResult.LastWrong)
            logger.WrongPassword(account.Id);
        if (told != TryResult.Right)
            return null;

        if (verified == PasswordVerificationResult.SuccessRehashNeeded)
            await RehashAsync(manager, account, tried, cancellationToken);
        return account;
    }

    /// <summary>
    /// Creates the administrator that somebody wants to be, with a password that they have chosen, if <paramref name="claim"/>, run in the
    /// same transaction, does not throw.
    /// </summary>
    internal Task<Account> CreateAdministratorAsync(
        Nickname nickname, string password, PersonSession? replaces, Func<ChatShareDbContext, CancellationToken, Task> claim, CancellationToken cancellationToken) =>
        CreateAsync(nickname, password, FaultOfChoice(password, nickname), replaces, "by the set-up link", claim, cancellationToken);

    private async Task<Account> CreateAsync(
        Nickname nickname, string password, string? fault, PersonSession? replaces, string how, Func<ChatShareDbContext, CancellationToken, Task> claim,
        CancellationToken cancellationToken)
    {
        if (fault is not null)
            throw new RefusedException(RefusalKind.Invalid, fault);
        await using var scope = scopes.CreateAsyncScope();
        var db = Context(scope);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await claim(db, cancellationToken);
        var ended = await sessions.FreeNameAsync(db, nickname, replaces, cancellationToken);
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
        await audit.WriteAsync(db, nickname.Value, "Became administrator", nickname.Value, how, cancellationToken);
        // Not given up half way, which the framework would log as an error.
        await transaction.CommitAsync(CancellationToken.None);

        audit.Changed.Raise();
        sessions.EndCopies(ended);
        logger.AdministratorCreated(nickname.Value);
        return account;
    }

    private static string? FaultOfChoice(string password, Nickname nickname) =>
        FaultOfLength(password) ?? (GuessablePassword.Is(password, nickname.Value) ? Guessable : null);

    private static string? FaultOfLength(string? password) => password?.Length switch
    {
        null or 0 => "A password is needed.",
        < PasswordMinLength and var length => $"This password has {length} characters; it needs at least {PasswordMinLength}.",
        > PasswordMaxLength and var length => $"This password has {length} characters; the limit is {PasswordMaxLength}.",
        _ => null,
    };

    /// <summary>A hash that was made with fewer rounds than today is made anew when its password is known.</summary>
    private static async Task RehashAsync(UserManager<Account> manager, Account account, string password, CancellationToken cancellationToken)
    {
        var (before, hash) = (account.PasswordHash, manager.PasswordHasher.HashPassword(account, password));
        // Only over the hash that was looked at: the password may have been changed meanwhile.
        await manager.Users.Where(a => a.Id == account.Id && a.PasswordHash == before)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.PasswordHash, hash), cancellationToken);
    }

    private static ChatShareDbContext Context(AsyncServiceScope scope) => scope.ServiceProvider.GetRequiredService<ChatShareDbContext>();

    private static UserManager<Account> Manager(AsyncServiceScope scope) =>
        scope.ServiceProvider.GetRequiredService<UserManager<Account>>();
}
