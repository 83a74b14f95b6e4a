using System.Reflection;
using Microsoft.Extensions.Options;

namespace ChatShare.Web;

/// <summary>What may stand behind the program's name, and what it says to everything else.</summary>
internal static class CommandLine
{
    public const string Version = "--version";

    private const string Usage =
        $"""
        ChatShare.Web                                  starts the server
        ChatShare.Web {BackupCommand.Backup} FOLDER                    copies the installation, also while the server runs
        ChatShare.Web {BackupCommand.Restore} FOLDER [{BackupCommand.Replace}]       makes an installation of a backup, while no server runs
        ChatShare.Web {MoveCommand.Name} CONNECTION    copies an installation from SQLite to PostgreSQL, while no server runs
        ChatShare.Web {ScrubCommand.Name}                            compares every stored file with its SHA-256
        ChatShare.Web {Version}                        says which version this is
        ChatShare.Web --help                           says this

        Settings come last, as --Key:Name=value, such as --ChatShare:DataDirectory=/srv/chat; they beat the environment
        (ChatShare__DataDirectory=/srv/chat) and appsettings.json. README.md and docs/operations.md name them all.
        """;

    public static bool IsHelp(string[] args) => args is ["help", ..] || args.Any(arg => arg is "--help" or "-h");

    public static bool IsUnknown(string word) => !IsSetting(word);

    public static Task<int> HelpAsync(TextWriter output) => SayAsync(output, Usage, code: 0);

    public static Task<int> TellVersionAsync(TextWriter output) => SayAsync(
        output, $"ChatShare {typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}", code: 0);

    public static Task<int> RefuseAsync(string word, TextWriter error, string kind = "command") =>
        SayAsync(error, $"There is no {kind} {word}. \"ChatShare.Web --help\" says which there are.", code: 1);

    /// <summary>
    /// The framework passes over a word that it does not know, and takes the one behind a name without a value for its value: a slip of the pen would take the
    /// next setting with it.
    /// </summary>
    /// <exception cref="OptionsValidationException">Something is no setting.</exception>
    public static void Check(IReadOnlyList<string> settings)
    {
        for (var i = 0; i < settings.Count; i++)
        {
            var setting = settings[i];
            if (!IsSetting(setting))
                throw Refusal($"\"{setting}\" is no setting: write --Key:Name=value.");
            // The value may be the next word.
            if (!setting.Contains('=', StringComparison.Ordinal) && (++i == settings.Count || settings[i].StartsWith("--", StringComparison.Ordinal)))
                throw Refusal($"\"{setting}\" has no value: write {setting}=value.");
        }

        static OptionsValidationException Refusal(string sentence) => new("", typeof(string), [sentence]);
    }

    private static bool IsSetting(string word) => word.StartsWith("--", StringComparison.Ordinal) || word.StartsWith('/');

    private static async Task<int> SayAsync(TextWriter writer, string text, int code)
    {
        await writer.WriteLineAsync(text);
        return code;
    }
}
