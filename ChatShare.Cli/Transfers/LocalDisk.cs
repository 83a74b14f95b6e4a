namespace ChatShare.Cli.Transfers;

/// <summary>What went wrong with a file of this machine, in words.</summary>
internal static class LocalDisk
{
    private const int NoSpaceOnUnix = 28; // ENOSPC
    private const int QuotaOnLinux = 122; // EDQUOT
    private const int FullOnWindows = 112; // ERROR_DISK_FULL

    /// <summary>Whether an exception is about files, or rights on them.</summary>
    public static bool IsAbout(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException;

    /// <summary>Why <paramref name="path"/> could not be read.</summary>
    public static Failure CannotRead(string path, Exception e) => new(ExitCode.LocalFile, e switch
    {
        FileNotFoundException or DirectoryNotFoundException => $"There is no file {path}.",
        UnauthorizedAccessException when Directory.Exists(path) => $"{path} is a folder. Files can be sent, folders as an archive.",
        UnauthorizedAccessException => $"{path} may not be read by you.",
        _ => $"{path} cannot be read: {e.Message}",
    }, e);

    /// <summary>Why <paramref name="path"/> could not be written; what is there already stays.</summary>
    public static Failure CannotWrite(string path, Exception e) => new(ExitCode.LocalFile, IsFull(e)
        ? $"The disk is full. What has come is kept in {path}: make room and run the same command again."
        : $"{path} cannot be written: {e.Message}", e);

    /// <summary>Why <paramref name="path"/>, which is worth nothing, is still there.</summary>
    public static Failure CannotDelete(string path, Exception e) => new(
        ExitCode.LocalFile, $"What came is not what was shared, and {path} cannot be deleted: {e.Message} Delete it and run the same command again.", e);

    private static bool IsFull(Exception e) => (e.HResult & 0xFFFF) is var code
        && (OperatingSystem.IsWindows() ? code == FullOnWindows : code is NoSpaceOnUnix or QuotaOnLinux);
}
