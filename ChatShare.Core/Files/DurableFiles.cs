using System.Runtime.InteropServices;

namespace ChatShare.Core.Files;

/// <summary>
/// A renamed file survives a power failure only when its folder was synced too, and .NET cannot open a folder.
/// On Windows NTFS journals the rename, and there is nothing to do.
/// </summary>
internal static partial class DurableFiles
{
    private const int ReadOnlyFlag = 0;

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
