using System.Security.Cryptography;
using System.Text;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.People;

/// <summary>
/// The one-time link that makes the first administrator. Its token is kept as a hash; it is void after use, after the next
/// start and as soon as there is an administrator.
/// </summary>
public sealed class SetupLink(IDbContextFactory<ChatShareDbContext> contexts, AccountService accounts)
{
    private const string FactKey = "setup-token-sha256";

    /// <summary>Makes the link of this start and voids the one before.</summary>
    /// <returns>The token, which is stored nowhere; null when there is an administrator already.</returns>
    public async Task<string?> IssueAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Facts.Where(fact => fact.Key == FactKey).ExecuteDeleteAsync(cancellationToken);
        if (await accounts.HasAdministratorAsync(cancellationToken))
            return null;
        var token = RandomNumberGenerator.GetHexString(40, lowercase: true);
        // Of two servers that start at once, the later one's link counts.
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO "Facts" ("Key", "Value") VALUES ({FactKey}, {Hash(token)})
            ON CONFLICT ("Key") DO UPDATE SET "Value" = excluded."Value"
            """,
            cancellationToken);
        return token;
    }

    /// <summary>Whether the link would be accepted now.</summary>
    /// <param name="token">What the address holds; null is never valid.</param>
    /// <param name="cancellationToken">Stops the look.</param>
    public async Task<bool> IsValidAsync(string? token, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(token))
            return false;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await MatchesAsync(db, token, cancellationToken);
    }

    /// <summary>Creates the administrator and voids the link, both or neither. Of two at once, one wins.</summary>
    /// <param name="token">What the address holds.</param>
    /// <param name="nickname">The administrator's name.</param>
    /// <param name="password">As it was chosen.</param>
    /// <param name="replaces">The session of whoever asks, which ends with it: they may have looked around under the name that they want. Null without one.</param>
    /// <param name="cancellationToken">Gives up before anything is stored.</param>
    /// <exception cref="RefusedException">
    /// <see cref="RefusalKind.NotPermitted"/>: the link. <see cref="RefusalKind.Invalid"/>, <see cref="RefusalKind.Taken"/>:
    /// password or name, and the link stays good.
    /// </exception>
    public Task<Account> UseAsync(string? token, Nickname nickname, string password, PersonSession? replaces, CancellationToken cancellationToken) =>
        accounts.CreateAdministratorAsync(nickname, password, replaces, (db, cancel) => ClaimAsync(db, token, cancel), cancellationToken);

    private static async Task ClaimAsync(ChatShareDbContext db, string? token, CancellationToken cancellationToken)
    {
        var valid = !string.IsNullOrEmpty(token)
            && await MatchesAsync(db, token, cancellationToken)
            && await db.Facts.Where(fact => fact.Key == FactKey).ExecuteDeleteAsync(cancellationToken) == 1;
        if (!valid)
            throw new RefusedException(RefusalKind.NotPermitted, "This link is not valid any more.");
    }

    private static async Task<bool> MatchesAsync(ChatShareDbContext db, string token, CancellationToken cancellationToken)
    {
        var stored = await db.Facts.AsNoTracking().SingleOrDefaultAsync(fact => fact.Key == FactKey, cancellationToken);
        return stored is not null
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(stored.Value), Encoding.ASCII.GetBytes(Hash(token)));
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
