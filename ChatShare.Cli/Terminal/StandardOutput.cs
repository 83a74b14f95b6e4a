using System.Runtime.InteropServices;

namespace ChatShare.Cli.Terminal;

/// <summary>
/// Whether anybody reads standard output. Writing does not tell: the console’s stream takes a broken pipe for a good end and throws the rest away.
/// </summary>
internal static partial class StandardOutput
{
    private const int Descriptor = 1;

    // Told without being asked for; the same numbers on Linux and macOS.
    private const short Error = 0x8;
    private const short HangUp = 0x10;

    /// <summary>Whether its reader is gone, as after <c>| head</c>. False where there is none, and on Windows, where nobody can tell.</summary>
    public static bool IsReaderGone => !OperatingSystem.IsWindows() && Poll(timeout: 0);

    /// <summary>Cancelled as soon as <see cref="IsReaderGone"/>, also while nothing is written.</summary>
    public static CancellationToken WatchReader()
    {
        if (OperatingSystem.IsWindows())
            return CancellationToken.None;
        // Never disposed: the thread waits as long as the program lives, which does not wait for it.
        var gone = new CancellationTokenSource();
        new Thread(() =>
        {
            if (Poll(timeout: -1))
                gone.Cancel();
        })
        { IsBackground = true, Name = "Standard output" }.Start();
        return gone.Token;
    }

    /// <param name="timeout">In milliseconds; -1 waits for as long as there is a reader.</param>
    private static bool Poll(int timeout)
    {
        var watched = new Watched { Descriptor = Descriptor };
        // A signal ends the wait, too.
        while (Poll(ref watched, 1, timeout) < 0)
        {
        }

        return (watched.Happened & (Error | HangUp)) != 0;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(ref Watched watched, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct Watched
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }
}
