using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ChatShare.Core.Files;

/// <summary>
/// A renamed file survives a power failure only when its folder was synced too, and .NET cannot open a folder.
/// On Windows NTFS journals the rename, and there is nothing to do.
/// </summary>
internal static partial class DurableFiles
{
    private const int ReadOnlyFlag = 0;
    private const uint BeginWriting = 2;
    private const long WriteOutStep = 8 * 1024 * 1024;

    /// <summary>Makes what was created, renamed or deleted in a folder durable.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var folder = Open(path, ReadOnlyFlag);
        if (folder < 0)
            throw new IOException($"Cannot open the folder {path}: error {Marshal.GetLastPInvokeError()}.");
        try
        {
            if (Fsync(folder) != 0)
                throw new IOException($"Cannot sync the folder {path}: error {Marshal.GetLastPInvokeError()}.");
        }
        finally
        {
            _ = Close(folder);
        }
    }

    /// <summary>
    /// Lets the disk begin to write a file that is being appended to, in steps, so that the sync at its end has little left to do: by itself
    /// Linux collects up to a tenth of the memory first. Only a hint; nothing is durable by it.
    /// </summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="from">Where the bytes that were just written begin.</param>
    /// <param name="to">Where they end.</param>
    public static void BeginWriteOut(SafeFileHandle file, long from, long to)
    {
        var end = to - (to % WriteOutStep);
        if (from >= end || !OperatingSystem.IsLinux())
            return;
        var begin = from - (from % WriteOutStep);
        _ = SyncFileRange(file, begin, end - begin, BeginWriting);
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long count, uint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
