using Microsoft.Extensions.Logging;

namespace ChatShare.Core;

/// <summary>
/// Everything Core writes to the log: 1000 people, 2000 files, 3000 rooms and messages, 4000 storage, 6000 several nodes.
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

    public static void SeenFailed(this ILogger logger, Exception e)
    {
        var level = LevelOf(e, LogLevel.Error);
        logger.SeenFailed(level, e);
    }

    [LoggerMessage(EventId = 1003, Message = "Could not write who was seen; tried again in a minute")]
    private static partial void SeenFailed(this ILogger logger, LogLevel level, Exception e);

    [LoggerMessage(1010, LogLevel.Information, "Administrator {UserName} created")]
    public static partial void AdministratorCreated(this ILogger logger, string userName);

    [LoggerMessage(1011, LogLevel.Warning, "A wrong password for account {AccountId}")]
    public static partial void WrongPassword(this ILogger logger, Guid accountId);

    [LoggerMessage(1012, LogLevel.Warning, "The password of {UserName} in ChatShare:Admin:Password is among those that are tried first")]
    public static partial void GuessablePasswordConfigured(this ILogger logger, string userName);

    [LoggerMessage(2001, LogLevel.Information, "File {FileId} is ready, {Length} bytes")]
    public static partial void FileReady(this ILogger logger, string fileId, long length);

    [LoggerMessage(2002, LogLevel.Information, "Upload {FileId} ended as {State} after {Received} bytes")]
    public static partial void UploadEnded(this ILogger logger, string fileId, Files.FileState state, long received);

    [LoggerMessage(2003, LogLevel.Warning, "The end of upload {FileId} could not be recorded; that is done when the database can be written")]
    public static partial void UploadEndNotRecorded(this ILogger logger, string fileId);

    [LoggerMessage(2020, LogLevel.Error, "The downloads folder {Folder} (ChatShare:Downloads:Directory) cannot be written to: {Fault} Files wait, messages go on")]
    public static partial void DownloadsAway(this ILogger logger, string folder, string fault);

    [LoggerMessage(2021, LogLevel.Warning, "The downloads folder {Folder} can be written to again")]
    public static partial void DownloadsBack(this ILogger logger, string folder);

    public static void SweepFailed(this ILogger logger, Exception e)
    {
        var level = LevelOf(e, LogLevel.Warning);
        logger.SweepFailed(level, e);
    }

    [LoggerMessage(EventId = 2004, Message = "Clearing up after an upload failed")]
    private static partial void SweepFailed(this ILogger logger, LogLevel level, Exception e);

    [LoggerMessage(2016, LogLevel.Warning, "The contents are held by other nodes for longer than anybody should; what has to be done with upload {FileId} waits")]
    public static partial void ContentsHeldElsewhere(this ILogger logger, Exception e, string fileId);

    [LoggerMessage(2006, LogLevel.Debug, "Upload {FileId} was not ended at start")]
    public static partial void UploadNotEnded(this ILogger logger, Exception e, string fileId);

    [LoggerMessage(2030, LogLevel.Information, "The rule of room {RoomId} removed {Files} files and freed {Bytes} bytes")]
    public static partial void RuleRemoved(this ILogger logger, int roomId, int files, long bytes);

    public static void RetentionFailed(this ILogger logger, Exception e)
    {
        var level = LevelOf(e, LogLevel.Warning);
        logger.RetentionFailed(level, e);
    }

    [LoggerMessage(EventId = 2031, Message = "What rooms keep could not be looked at; tried again in a few minutes")]
    private static partial void RetentionFailed(this ILogger logger, LogLevel level, Exception e);

    [LoggerMessage(2032, LogLevel.Warning, "A content that no file has any more could not be deleted; tried again in a few minutes")]
    public static partial void ContentNotDeleted(this ILogger logger, Exception e);

    [LoggerMessage(2010, LogLevel.Warning, "It could not be written down who has taken a file")]
    public static partial void DownloadNotRecorded(this ILogger logger, Exception e);

    [LoggerMessage(2040, LogLevel.Warning, "The scanner found something in file {FileId}: {Output}")]
    public static partial void ScanFound(this ILogger logger, string fileId, string output);

    [LoggerMessage(2041, LogLevel.Error, "The scanner could not check file {FileId} and ended with {ExitCode}: {Output}")]
    public static partial void ScanFailed(this ILogger logger, string fileId, int exitCode, string output);

    [LoggerMessage(2042, LogLevel.Error, "The scanner took too long for file {FileId} and was killed: {Output}")]
    public static partial void ScanTookTooLong(this ILogger logger, string fileId, string output);

    [LoggerMessage(2043, LogLevel.Error, "The scanner could not be started for file {FileId} (ChatShare:Scan:Command)")]
    public static partial void ScanNotStarted(this ILogger logger, Exception e, string fileId);

    [LoggerMessage(2044, LogLevel.Warning, "The scanner of file {FileId} could not be killed")]
    public static partial void ScanNotKilled(this ILogger logger, Exception e, string fileId);

    [LoggerMessage(3001, LogLevel.Error, "A transaction of {Count} entries could not be written")]
    public static partial void AppendFailed(this ILogger logger, Exception e, int count);

    [LoggerMessage(3003, LogLevel.Error, "It could not be found out whether the last transaction was written")]
    public static partial void SettleFailed(this ILogger logger, Exception e);

    public static void ReadMarksNotWritten(this ILogger logger, Exception e)
    {
        var level = LevelOf(e, LogLevel.Warning);
        logger.ReadMarksNotWritten(level, e);
    }

    [LoggerMessage(EventId = 3002, Message = "Read marks could not be written; they are tried again")]
    private static partial void ReadMarksNotWritten(this ILogger logger, LogLevel level, Exception e);

    [LoggerMessage(4000, LogLevel.Information, "Database brought up to date: {Count} migrations, the last is {Last}")]
    public static partial void Migrated(this ILogger logger, int count, string last);

    [LoggerMessage(6010, LogLevel.Error, "Redis cannot be reached ({Reason}); other nodes are heard of by the database until it is back")]
    public static partial void RedisLost(this ILogger logger, Exception? e, string reason);

    [LoggerMessage(6011, LogLevel.Information, "Redis is there again")]
    public static partial void RedisBack(this ILogger logger);

    [LoggerMessage(6014, LogLevel.Error, "Redis keeps nothing that it is given ({Reason}); who is at other nodes stays as it was last known until it does")]
    public static partial void RedisRefuses(this ILogger logger, string reason);

    [LoggerMessage(6015, LogLevel.Information, "Redis keeps again what it is given")]
    public static partial void RedisKeepsAgain(this ILogger logger);

    [LoggerMessage(6012, LogLevel.Debug, "The other nodes could not be told or heard")]
    public static partial void NotTold(this ILogger logger, Exception e);

    [LoggerMessage(6013, LogLevel.Warning, "What another node tells cannot be understood: is it of another version?")]
    public static partial void NotUnderstood(this ILogger logger, Exception e);

    public static void OtherNodesNotSeen(this ILogger logger, Exception e)
    {
        var level = LevelOf(e, LogLevel.Warning);
        logger.OtherNodesNotSeen(level, e);
    }

    [LoggerMessage(EventId = 6000, Message = "What other nodes have done could not be looked at; tried again in a few seconds")]
    private static partial void OtherNodesNotSeen(this ILogger logger, LogLevel level, Exception e);

    public static void PeopleNotTold(this ILogger logger, Exception e)
    {
        // That Redis is away is said once, by its connection.
        var level = e is Cluster.RoomBusException ? LogLevel.Debug : LogLevel.Warning;
        logger.PeopleNotTold(level, e);
    }

    [LoggerMessage(EventId = 6001, Message = "The other nodes could not be told who is here, or asked who is there; tried again in a few seconds")]
    private static partial void PeopleNotTold(this ILogger logger, LogLevel level, Exception e);

    public static void LeaseNotProlonged(this ILogger logger, Exception e)
    {
        var level = LevelOf(e, LogLevel.Warning);
        logger.LeaseNotProlonged(level, e);
    }

    [LoggerMessage(EventId = 6020, Message = "The uploads of this node could not be kept or let go in the database; tried again in a few seconds")]
    private static partial void LeaseNotProlonged(this ILogger logger, LogLevel level, Exception e);

    [LoggerMessage(6021, LogLevel.Warning, "This node was silent for too long; other nodes may go on with its uploads")]
    public static partial void LeaseLost(this ILogger logger);

    [LoggerMessage(4001, LogLevel.Error, "The database does not answer ({Reason}); it is tried again, and nothing can be stored meanwhile")]
    public static partial void DatabaseDoesNotAnswer(this ILogger logger, Exception? e, string reason);

    [LoggerMessage(4002, LogLevel.Warning, "The database answers again")]
    public static partial void DatabaseAnswersAgain(this ILogger logger);

    [LoggerMessage(4005, LogLevel.Error, "The database takes nothing ({Reason}); nothing can be stored until it does")]
    public static partial void DatabaseTakesNothing(this ILogger logger, Exception? e, string reason);

    [LoggerMessage(4006, LogLevel.Warning, "The database takes again what it is given")]
    public static partial void DatabaseTakesAgain(this ILogger logger);

    [LoggerMessage(4003, LogLevel.Error, "A newer ChatShare has brought the database up to date (it has {Migration}): this node goes on as long as it can; start the newer version here, too")]
    public static partial void Outgrown(this ILogger logger, string migration);

    [LoggerMessage(6030, LogLevel.Error, "Not the same here as at the node that started before, which they have to be: {Keys}")]
    public static partial void SetDifferently(this ILogger logger, string keys);

    [LoggerMessage(6031, LogLevel.Warning, "Whether other nodes are set like this one could not be found out")]
    public static partial void SettingsNotCompared(this ILogger logger, Exception e);

    /// <summary>That the database is away is said once (<see cref="Storage.Outage"/>), and not by everybody who tries it again.</summary>
    private static LogLevel LevelOf(Exception e, LogLevel otherwise) => Storage.Outage.IsCauseOf(e) ? LogLevel.Debug : otherwise;
}
