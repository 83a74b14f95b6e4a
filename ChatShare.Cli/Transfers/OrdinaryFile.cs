using System.Runtime.InteropServices;

namespace ChatShare.Cli.Transfers;

/// <summary>
/// Whether a path names a file whose bytes lie somewhere. Asked before it is opened: opening a pipe waits until somebody writes into it, and nothing ends that wait.
/// </summary>
internal static partial class OrdinaryFile
{
    // statx(2): the numbers and the layout are the same on every processor.
    private const int FromHere = -100;
    private const uint Type = 1;
    private const int StructSize = 256;
    private const int ModeOffset = 28;
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;
    private const int Folder = 0x4000;

    /// <summary>Links are followed. True for what is not there and for a folder, which opening it says better.</summary>
    public static bool Is(string path)
    {
        if (!OperatingSystem.IsLinux())
            return (File.GetAttributes(path) & FileAttributes.Device) == FileAttributes.None;
        Span<byte> status = stackalloc byte[StructSize];
        try
        {
            return StatX(FromHere, path, 0, Type, status) != 0 || (MemoryMarshal.Read<ushort>(status[ModeOffset..]) & TypeMask) is Regular or Folder;
        }
        catch (EntryPointNotFoundException)
        {
            // An old C library: what stands on a disk has a length.
            return new FileInfo(path) is not { Exists: true, Length: 0 };
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> status);
}
