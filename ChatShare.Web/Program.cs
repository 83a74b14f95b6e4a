using System.Globalization;
using ChatShare.Web;

// Where to find what:
//   ChatShareApp       settings, services, the order in which a request meets them, starting
//   Security/          who asks, where from, how often; headers
//   Endpoints/         what is not a page
//   Components/        pages: Account/ static ones, Chat/ and Admin/ on a circuit
//   ChatShare.Core     everything a chat server is
//   ScrubCommand       checks the stored files, then ends
//   MoveCommand        copies an installation from SQLite to PostgreSQL, then ends
//   BackupCommand      copies an installation while people chat, or makes one of such a copy, then ends
//   CommandLine        says which commands there are

// Pages, commands and logs are English wherever the machine stands: by its locale a time would be one that no script can read, and 1.234 something else.
CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
return args switch
{
    _ when CommandLine.IsHelp(args) => await CommandLine.HelpAsync(Console.Out),
    [CommandLine.Version, ..] => await CommandLine.TellVersionAsync(Console.Out),
    [ScrubCommand.Name, .. var rest] => await ScrubCommand.RunAsync(rest, Console.Out, Console.Error, CancellationToken.None),
    [MoveCommand.Name, .. var rest] => await MoveCommand.RunAsync(rest, Console.Out, Console.Error, CancellationToken.None),
    [BackupCommand.Backup, .. var rest] => await BackupCommand.BackupAsync(rest, Console.Out, Console.Error, CancellationToken.None),
    [BackupCommand.Restore, .. var rest] => await BackupCommand.RestoreAsync(rest, Console.Out, Console.Error, CancellationToken.None),
    [var word, ..] when CommandLine.IsUnknown(word) => await CommandLine.RefuseAsync(word, Console.Error),
    _ => await ChatShareApp.RunAsync(args, Console.Out, Console.Error, CancellationToken.None),
};
