using System.Diagnostics;
using System.Globalization;

namespace ChatShare.Tests.Support;

/// <summary>A file system that is full soon. Linux, and the right to mount; elsewhere there is none.</summary>
internal sealed class TinyDisk : IDisposable
{
    private TinyDisk(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Null where it cannot be made.</summary>
    /// <param name="kilobytes">Its size.</param>
    /// <param name="files">How many files and folders it holds, itself counted.</param>
    public static TinyDisk? TryMount(int kilobytes, int files)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var path = Directory.CreateTempSubdirectory("chatshare-disk-").FullName;
        var options = string.Create(CultureInfo.InvariantCulture, $"size={kilobytes}k,nr_inodes={files}");
        if (Run("mount", "-t", "tmpfs", "-o", options, "chatshare-test", path))
            return new TinyDisk(path);
        Directory.Delete(path);
        return null;
    }

    /// <summary>From now on nothing can be written to it, or everything again.</summary>
    public void SetReadOnly(bool isReadOnly) => Assert.True(Run("mount", "-o", isReadOnly ? "remount,ro" : "remount,rw", Path));

    /// <summary>Takes all bytes that are left.</summary>
    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, 0);
        var block = new byte[4096];
        try
        {
            while (true)
                filler.Write(block);
        }
        catch (IOException)
        {
            // Full, which is the purpose.
            return;
        }
    }

    /// <summary>Takes what is more than this.</summary>
    public void FillTo(int freeKilobytes)
    {
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, 0);
        var block = new byte[4096];
        while (new DriveInfo(Path).AvailableFreeSpace > freeKilobytes * 1024)
            filler.Write(block);
    }

    /// <summary>Gives back what was taken.</summary>
    public void Empty() => File.Delete(Filler);

    /// <summary>Gives back everything, names as well.</summary>
    public void EmptyAll()
    {
        Empty();
        foreach (var name in Directory.EnumerateFiles(Path, "name*"))
            File.Delete(name);
    }

    /// <summary>Takes all places for files that are left.</summary>
    public void FillWithNames()
    {
        try
        {
            for (var i = 0; ; i++)
                File.Create(System.IO.Path.Combine(Path, string.Create(CultureInfo.InvariantCulture, $"name{i}"))).Dispose();
        }
        catch (IOException)
        {
            // Full, which is the purpose.
            return;
        }
    }

    public void Dispose()
    {
        Run("umount", "-l", Path);
        Directory.Delete(Path);
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
