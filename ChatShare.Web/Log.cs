namespace ChatShare.Web;

/// <summary>Everything the web host writes to the log: 5000 and up. Never a token, never a form's content.</summary>
internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Warning, "{Method} {Path} refused: it comes from {Origin}, another site")]
    public static partial void CrossSiteRefused(this ILogger logger, string method, string path, string origin);

    [LoggerMessage(5001, LogLevel.Warning, "{Address} has too many open pages for the limit {Limit}")]
    public static partial void TooManyCircuits(this ILogger logger, string address, string limit);

    [LoggerMessage(5002, LogLevel.Warning, "{Address} tries too often: {Attempt}")]
    public static partial void TooManyAttempts(this ILogger logger, string address, string attempt);

    [LoggerMessage(5003, LogLevel.Warning, "{Address} calls faster than any page does and was cut off")]
    public static partial void CircuitTooFast(this ILogger logger, string address);

    [LoggerMessage(5100, LogLevel.Debug, "A page was closed while something was on its way to it")]
    public static partial void PageGone(this ILogger logger);

    [LoggerMessage(5101, LogLevel.Information, "Upload {FileId} was stopped")]
    public static partial void UploadStopped(this ILogger logger, string fileId);

    [LoggerMessage(5102, LogLevel.Information, "The browser's stream of upload {FileId} broke")]
    public static partial void UploadBroke(this ILogger logger, Exception e, string fileId);

    [LoggerMessage(5110, LogLevel.Warning, "What a person has left could not be read; their page does not show it until it can be")]
    public static partial void QuotaNotShown(this ILogger logger, Exception e);

    [LoggerMessage(5200, LogLevel.Warning, "{Address} may not connect to the TCP gateway")]
    public static partial void GatewayRefused(this ILogger logger, string address);

    [LoggerMessage(5201, LogLevel.Warning, "{Address} has too many TCP connections for the limit")]
    public static partial void TooManyTcpConnections(this ILogger logger, string address);

    [LoggerMessage(5202, LogLevel.Information, "The TCP client at {Address} took nothing any more and was dropped")]
    public static partial void GatewayStalled(this ILogger logger, string address);

    [LoggerMessage(5203, LogLevel.Debug, "The TCP connection of {Address} has ended: {Reason}")]
    public static partial void GatewayConnectionEnded(this ILogger logger, string address, string reason);

    [LoggerMessage(5204, LogLevel.Error, "The TCP connection of {Address} failed")]
    public static partial void GatewayFailed(this ILogger logger, Exception e, string address);

    [LoggerMessage(5205, LogLevel.Error, "Upload {FileId} of a TCP client could not be stored")]
    public static partial void GatewayUploadFailed(this ILogger logger, Exception e, string fileId);

    [LoggerMessage(5303, LogLevel.Warning, "There is no setting {Key}: it changes nothing. Is it spelled as in the README?")]
    public static partial void UnknownSetting(this ILogger logger, string key);

    [LoggerMessage(5301, LogLevel.Warning, "Not open yet, and trying again: {Missing}")]
    public static partial void Waiting(this ILogger logger, string missing);

    [LoggerMessage(5302, LogLevel.Information, "What was waited for is there")]
    public static partial void Waited(this ILogger logger);

    [LoggerMessage(5304, LogLevel.Error, "Whether the program is well could not be found out by its check {Check}")]
    public static partial void CheckFailed(this ILogger logger, Exception e, string check);

    [LoggerMessage(5300, LogLevel.Warning, "The service manager could not be told that the program is alive")]
    public static partial void PingFailed(this ILogger logger, Exception e);
}
