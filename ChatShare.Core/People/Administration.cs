using System.Collections.Immutable;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;

namespace ChatShare.Core.People;

/// <summary>What administrators do: each act asks <see cref="Permissions"/>, happens, and stands in the audit list. A singleton.</summary>
public sealed class Administration
{
    /// <summary>The longest reason of a disconnection, in UTF-16 code units.</summary>
    public const int MaxReasonLength = 200;

    private const string DefaultReason = "An administrator ended your session.";

    private readonly SessionService _sessions;
    private readonly FileRemoval _files;
    private readonly MessageLog _log;
    private readonly AuditLog _audit;

    internal Administration(SessionService sessions, FileRemoval files, MessageLog log, AuditLog audit)
    {
        _sessions = sessions;
        _files = files;
        _log = log;
        _audit = audit;
    }

    /// <summary>Raised when an act was written down, see <see cref="AuditAsync"/>.</summary>
    public ChangeSignal AuditChanged => _audit.Changed;

    /// <summary>Ends all sessions of a person: circuits, tokens and uploads end with them, the nickname is free.</summary>
    /// <param name="personId">Whom.</param>
    /// <param name="nickname">Their name, for the audit list.</param>
    /// <param name="reason">What they read; empty for a general sentence.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="cancellationToken">Gives up before the row is written.</param>
    /// <exception cref="RefusedException">Not an administrator, or the reason is too long or no line of text.</exception>
    public async Task DisconnectAsync(Guid personId, string nickname, string? reason, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanAdminister(who), who);
        if (reason?.Length > MaxReasonLength)
            throw new RefusedException(RefusalKind.Invalid, $"This reason has {reason.Length} characters; the limit is {MaxReasonLength}.");
        if (reason?.Any(char.IsControl) is true)
            throw new RefusedException(RefusalKind.Invalid, "The reason contains a control character.");
        var sentence = string.IsNullOrWhiteSpace(reason) ? DefaultReason : $"{DefaultReason} Reason: {reason.Trim()}";
        // Written first: an administrator who ends their own session may do nothing afterwards.
        await _audit.WriteAsync(who.Nickname.Value, "Disconnected", nickname, reason?.Trim(), cancellationToken);
        await _sessions.EndPersonAsync(personId, sentence, cancellationToken);
    }

    /// <summary>Deletes a file, or stops its upload.</summary>
    /// <exception cref="RefusedException">Not an administrator, or it is gone already.</exception>
    public async Task DeleteFileAsync(SharedFile file, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(who);
        // Written first, as all acts: a list that misses one is worth nothing.
        await _files.DeleteAsync(
            file.Id, who, cancellationToken,
            token => _audit.WriteAsync(who.Nickname.Value, "Deleted file", file.Name, ByteSize.Format(file.Length), token));
    }

    /// <summary>Takes a message back, with its files. The audit list does not keep what it said.</summary>
    /// <exception cref="RefusedException">Not an administrator, or it is gone already.</exception>
    public async Task DeleteMessageAsync(Room room, ChatMessage message, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanAdminister(who), who);
        await _files.DeleteMessageAsync(
            room, message.Number, who, cancellationToken,
            token => _audit.WriteAsync(who.Nickname.Value, "Deleted message", $"Message {message.Number} in {room.Name}", $"from {message.Sender}", token));
    }

    /// <summary>The newest messages of a room, newest first, without those of them that are deleted.</summary>
    /// <exception cref="RefusedException">Not an administrator.</exception>
    public async Task<ImmutableArray<ChatMessage>> NewestMessagesAsync(Room room, int limit, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanAdminister(who), who);
        var (messages, _) = await _log.NewestAsync(room, limit, cancellationToken);
        return [.. messages.Where(message => !message.Deleted).Reverse()];
    }

    /// <summary>The newest acts first.</summary>
    /// <exception cref="RefusedException">Not an administrator.</exception>
    public Task<ImmutableArray<AuditEntry>> AuditAsync(int limit, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanAdminister(who), who);
        return _audit.ListAsync(limit, cancellationToken);
    }
}
