using Microsoft.Extensions.Logging;

namespace ChatShare.Core;

/// <summary>
/// Everything Core writes to the log: 1000 people, 2000 files, 3000 rooms and messages, 4000 storage.
/// Never the text of a message, never a secret.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information, "Session {SessionId} of {Nickname} began")]
    public static partial void SessionBegan(this ILogger logger, Guid sessionId, string nickname);

    [LoggerMessage(1001, LogLevel.Information, "Session {SessionId} ended: {Reason}")]
    public static partial void SessionEnded(this ILogger logger, Guid sessionId, string reason);

    [LoggerMessage(1002, LogLevel.Error, "Something that hung on session {SessionId} failed while the session ended")]
    public static partial void SessionEndFailed(this ILogger logger, Exception e, Guid sessionId);

    [LoggerMessage(1003, LogLevel.Error, "Could not write who was seen; tried again in a minute")]
    public static partial void SeenFailed(this ILogger logger, Exception e);

    [LoggerMessage(1010, LogLevel.Information, "Administrator {UserName} created")]
    public static partial void AdministratorCreated(this ILogger logger, string userName);

    [LoggerMessage(1011, LogLevel.Warning, "A wrong password for account {AccountId}")]
    public static partial void WrongPassword(this ILogger logger, Guid accountId);

    [LoggerMessage(4000, LogLevel.Information, "Database brought up to date: {Count} migrations, the last is {Last}")]
    public static partial void Migrated(this ILogger logger, int count, string last);

    [LoggerMessage(4001, LogLevel.Error, "The database does not answer")]
    public static partial void DatabaseDoesNotAnswer(this ILogger logger, Exception e);
}
