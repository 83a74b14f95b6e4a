using System.Collections.Immutable;
using System.Text;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.People;

/// <summary>One administrative act, or what happened to an administrator's account.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Actor">Who did it, by the name they had then; where they came from when they gave none.</param>
/// <param name="Action">What: a verb such as <c>Disconnected</c>.</param>
/// <param name="Subject">To whom or what, by the name it had then.</param>
/// <param name="Detail">More about it; null when there is nothing to say.</param>
public sealed record AuditEntry(DateTimeOffset At, string Actor, string Action, string Subject, string? Detail);

/// <summary>
/// What administrators did, and how they became it. Names are kept as text, because what they named may be gone; characters that cannot be seen are
/// left out, so that a name cannot forge a line.
/// </summary>
public sealed class AuditLog(IDbContextFactory<ChatShareDbContext> contexts, TimeProvider time)
{
    /// <summary>Raised when an act was written down.</summary>
    public ChangeSignal Changed { get; } = new();

    /// <summary>Writes one act down; durable when it returns.</summary>
    public async Task WriteAsync(string actor, string action, string subject, string? detail, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await WriteAsync(db, actor, action, subject, detail, cancellationToken);
        Changed.Raise();
    }

    /// <summary>The same as part of a transaction. Raising <see cref="Changed"/> when it is committed is the caller's.</summary>
    internal Task WriteAsync(ChatShareDbContext db, string actor, string action, string subject, string? detail, CancellationToken cancellationToken)
    {
        db.Audit.Add(new AuditRow
        {
            At = time.GetUtcNow(),
            Actor = Visible(actor),
            Action = Visible(action),
            Subject = Visible(subject),
            Detail = detail is null ? null : Visible(detail),
        });
        return db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>The newest acts, newest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<ImmutableArray<AuditEntry>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Audit.OrderByDescending(a => a.Id).Take(limit)
            .Select(a => new AuditEntry(a.At, a.Actor, a.Action, a.Subject, a.Detail)).ToListAsync(cancellationToken);
        return [.. rows];
    }

    private static string Visible(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var visible = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (!InvisibleCharacters.Contains(rune))
                visible.Append(rune);
        }

        return visible.ToString();
    }
}
