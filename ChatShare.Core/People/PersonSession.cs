namespace ChatShare.Core.People;

/// <summary>
/// A session row while the server runs: who stands behind a cookie or a token. One instance for each row and process,
/// handed out by <see cref="SessionService"/>; it stays valid until <see cref="Ended"/> is cancelled. One that nobody holds any more may be
/// made anew.
/// </summary>
#pragma warning disable CA1001 // Whoever holds the token may ask it at any later time, and a source without a timer holds nothing to free.
public sealed class PersonSession
#pragma warning restore CA1001
{
    private readonly EndSource _ended;

    internal PersonSession(Guid id, Guid personId, Nickname nickname, Guid? accountId, bool isAdministrator)
    {
        Id = id;
        PersonId = personId;
        Nickname = nickname;
        AccountId = accountId;
        IsAdministrator = isAdministrator;
        _ended = new EndSource(this);
        Ended = _ended.Token;
    }

    /// <summary>What the cookie carries, and nothing else.</summary>
    public Guid Id { get; }

    /// <summary>The same for all tabs and all sessions of one account; a guest's is new with each joining.</summary>
    public Guid PersonId { get; }

    /// <summary>The name others see.</summary>
    public Nickname Nickname { get; }

    /// <summary>Null for a guest.</summary>
    public Guid? AccountId { get; }

    /// <summary>See <see cref="Account.IsAdministrator"/>.</summary>
    public bool IsAdministrator { get; }

    /// <summary>Cancelled when the session is ended; nothing that it asks for is granted from then on.</summary>
    public CancellationToken Ended { get; }

    /// <summary>The sentence for the person; null while the session lives and when they left by themselves.</summary>
    public string? EndReason { get; private set; }

    /// <summary>False from the moment the session is ended.</summary>
    public bool IsAlive => !Ended.IsCancellationRequested;

    internal void End(string? reason)
    {
        EndReason ??= reason;
        _ended.Cancel();
    }

    /// <summary>Whoever holds the token alone holds the session with it, so that its end reaches them.</summary>
    private sealed class EndSource(PersonSession session) : CancellationTokenSource
    {
        public PersonSession Session { get; } = session;
    }
}
