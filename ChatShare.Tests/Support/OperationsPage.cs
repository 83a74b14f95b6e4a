using System.Text.RegularExpressions;

namespace ChatShare.Tests.Support;

/// <summary>docs/operations.md as whoever follows it reads it.</summary>
internal static partial class OperationsPage
{
    /// <summary>What whoever looks has beside it: functions for bash.</summary>
    public const string Eyes = """
        eventually() { for i in {1..300}; do if "$@"; then return; fi; sleep 0.2; done; echo "It did not come to this: $*"; return 1; }
        # The link is printed a moment after systemd has heard of the start.
        journalctl() { eventually command journalctl "$@"; }
        ready() { eventually curl -fsS -o /dev/null "$1/health/ready"; }
        state() { systemctl show chatshare --property="$1" --value; }
        is() { [[ $(state "$1") == "$2" ]]; }
        # At an address: joins, shares something new or the given file, and takes it there again.
        api() { curl -fsS -H "Authorization: Bearer $token" "$@"; }
        join() { token=$(curl -fsS -H 'Content-Type: application/json' -d "{\"nickname\":\"Robot$RANDOM\"}" "$1/api/session" | sed 's/.*"accessToken":"\([^"]*\)".*/\1/'); }
        share() {
          join "$1"
          head -c 300000 /dev/urandom >shared.bin
          [[ ! ${2:-} ]] || cp "$2" shared.bin
          local upload=$(api -D - -o answer -X POST -H 'Tus-Resumable: 1.0.0' -H "Upload-Length: $(stat -c %s shared.bin)" \
            -H "Upload-Metadata: room $(printf Lobby | base64),filename $(printf shared.bin | base64)" "$1/uploads" | tr -d '\r' | sed -n 's/^location: //Ip')
          upload=${upload#"$1"}
          shared=/files/${upload##*/}/shared.bin
          api -X PATCH -H 'Tus-Resumable: 1.0.0' -H 'Upload-Offset: 0' -H 'Content-Type: application/offset+octet-stream' --data-binary @shared.bin "$1$upload"
          take "$1"
        }
        take() { join "$1" && api "$1$shared" | cmp - shared.bin; }
        """;

    private static readonly string Text = File.ReadAllText(SourceTree.Folder("docs/operations.md"));

    /// <summary>The commands that stand by themselves, in their order, block by block.</summary>
    public static IReadOnlyList<string> Commands { get; } = [.. CommandsPattern().Matches(Text).Select(block => block.Groups["commands"].Value)];

    /// <summary>Commands within a sentence.</summary>
    public static IReadOnlyList<string> Asides { get; } = [.. AsidePattern().Matches(Text).Select(span => span.Groups["command"].Value).Distinct(StringComparer.Ordinal)];

    [GeneratedRegex("^```bash\n(?<commands>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CommandsPattern();

    // Whatever an operator could type: a program of the system or of the project with its arguments.
    [GeneratedRegex("`(?<command>(systemctl|systemd-analyze|journalctl|apt|runuser|server|dotnet|docker|podman|nginx|psql|sqlite3|promtool) [^`\n]+|deploy/package|\\./ChatShare\\.Web[^`\n]*)`",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AsidePattern();
}
