using ChatShare.Benchmarks.FanningOut;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>
/// A server that others wrote, in the background of a shell: it ends with the shell's standard input, and so with this program, also when that is killed.
/// </summary>
internal static class Companion
{
    // An interrupt from the keyboard reaches all processes; this program is to end its servers after those who use them.
    private const string Script =
        """trap '' INT TERM HUP; log=$1; signal=$2; shift 2; "$@" >"$log" 2>&1 & server=$!; read -r end; kill -"$signal" $server; wait $server""";

    /// <param name="log">Gets what it says.</param>
    /// <param name="signal">Ends it.</param>
    /// <param name="command">It.</param>
    public static ChildProcess Start(string log, string signal, params IEnumerable<string> command) =>
        ChildProcess.Start("sh", ["-c", Script, "sh", log, signal, .. command], new Dictionary<string, string>());
}
