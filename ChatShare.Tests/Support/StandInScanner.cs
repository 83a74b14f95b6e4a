using System.Globalization;

namespace ChatShare.Tests.Support;

/// <summary>
/// A script in the place of a virus scanner. What it answers stands in the file that it is shown; it writes down each call, and
/// waits with its answer while it is held.
/// </summary>
internal sealed class StandInScanner : IDisposable
{
    private const string Script =
        """
        #!/bin/sh
        here=$(dirname "$0")
        file=
        for argument in "$@"; do printf '%s\n' "$argument" >> "$here/arguments"; file=$argument; done
        echo $$ >> "$here/calls"
        env > "$here/environment"
        while [ -e "$here/hold" ]; do sleep 0.02; done
        case $(cat "$file") in
          *infected*) echo "$file: Eicar-Signature FOUND"; exit 1 ;;
          *broken*) echo "no database" >&2; exit 2 ;;
          *crash*) kill -SEGV $$ ;;
          *hang*) sleep 600 ;;
          *chatter*) yes | head -c 300000; exit 0 ;;
        esac
        exit 0
        """;

    private readonly TemporaryFolder _folder = new();

    public StandInScanner()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The scanner’s stand-in is a shell script.");
        File.WriteAllText(Command, Script.ReplaceLineEndings("\n"));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Command, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    /// <summary>For <c>ChatShare:Scan:Command</c>.</summary>
    public string Command => _folder.File("scanner");

    /// <summary>The processes that were started, oldest first.</summary>
    public IReadOnlyList<int> Calls => [.. Lines("calls").Select(line => int.Parse(line, CultureInfo.InvariantCulture))];

    /// <summary>All arguments of all calls.</summary>
    public IReadOnlyList<string> Arguments => Lines("arguments");

    /// <summary>What the last call could read of its surroundings.</summary>
    public IReadOnlyList<string> Environment => Lines("environment");

    /// <summary>From now on no call answers until <see cref="Release"/>.</summary>
    public void Hold() => File.WriteAllText(_folder.File("hold"), "");

    public void Release() => File.Delete(_folder.File("hold"));

    public Task CalledAsync(int times) => Eventually.TrueAsync(() => Task.FromResult(Calls.Count >= times));

    public static bool IsRunning(int process) => Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}"));

    public void Dispose() => _folder.Dispose();

    private string[] Lines(string file) => File.Exists(_folder.File(file)) ? File.ReadAllLines(_folder.File(file)) : [];
}
