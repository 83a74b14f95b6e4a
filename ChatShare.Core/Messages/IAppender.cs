using ChatShare.Core.Rooms;

namespace ChatShare.Core.Messages;

/// <summary>What became of an entry: the message (new, or the one that an earlier try had made), or why not.</summary>
internal readonly record struct AppendResult(ChatMessage? Message, bool IsNew, RefusedException? Refusal)
{
    public static AppendResult Refused(RefusalKind kind, string sentence) => new(null, IsNew: false, new RefusedException(kind, sentence));
}

/// <summary>Called with a batch that is durable now, and with what became of each of its entries; does not throw.</summary>
internal delegate void Committed(IReadOnlyList<LogEntry> batch, IReadOnlyList<AppendResult> results);

/// <summary>
/// The way of the log into the database; used by the log's writer alone. Each batch is one transaction, and <see cref="Committed"/> is called for
/// each that is durable, in their order.
/// </summary>
internal interface IAppender : IAsyncDisposable
{
    /// <summary>
    /// Whether a batch was given up that may be in the database nevertheless: its connection broke while it was committed. Nothing else is written
    /// until that is known.
    /// </summary>
    bool IsInDoubt { get; }

    /// <summary>Writes all entries, or none and throws. The list is the appender's from now on.</summary>
    /// <exception cref="RefusedException">The database is away, for all entries alike; they were tried for as long as is bearable.</exception>
    Task WriteAsync(IReadOnlyList<LogEntry> batch, CancellationToken cancellationToken);

    /// <summary>Finds out what became of the batch in doubt, if the database answers.</summary>
    Task SettleAsync(CancellationToken cancellationToken);
}
