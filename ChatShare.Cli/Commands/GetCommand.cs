using System.CommandLine;
using ChatShare.Cli.Http;
using ChatShare.Cli.Terminal;
using ChatShare.Cli.Transfers;

namespace ChatShare.Cli.Commands;

/// <summary><c>chatshare get</c>: fetches files of a room; the same command again goes on where it was cut off.</summary>
internal static class GetCommand
{
    public static Command Make(CommandContext context)
    {
        var files = new Argument<string[]>("files")
        {
            Description = "Names or ids of files of the room. The newest of a name is taken.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var all = new Option<bool>("--all") { Description = "All files of the room that are ready. Those that are here already are not fetched again." };
        var room = CommonOptions.Room();
        var folder = new Option<string>("--to", "-o")
        {
            Description = "The folder to fetch them into.",
            HelpName = "folder",
            DefaultValueFactory = _ => "downloads",
        };
        folder.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var named }] && string.IsNullOrWhiteSpace(named))
                result.AddError("--to names the folder to fetch into; it is empty.");
        });
        var command = new Command("get", "Fetches files. The same command again goes on where it was cut off.") { files, all, room, folder };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(files) is { Length: > 0 })
                result.AddError("Name the files, or say --all.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var signedIn = await context.SignInAsync(parsed, cancellationToken);
            var there = await signedIn.Client.FilesAsync(parsed.GetRequiredValue(room), cancellationToken);
            var wanted = parsed.GetValue(all)
                ? there.Where(file => file.State == FileStates.Ready)
                : parsed.GetValue(files)!.Select(name => Find(there, name)).ToArray();
            foreach (var file in wanted)
                await GetAsync(context, signedIn.Client, file, parsed.GetRequiredValue(folder), cancellationToken);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    /// <summary>By id, or the newest of this name; the server lists the oldest first.</summary>
    private static FileInMessage Find(FileInMessage[] files, string wanted) =>
        files.FirstOrDefault(file => file.Id == wanted)
        ?? files.LastOrDefault(file => file.Name == wanted && FileStates.CanBeFetched(file.State))
        ?? throw new Failure(ExitCode.Refused, $"There is no file “{wanted}” in this room.");

    private static async Task GetAsync(CommandContext context, ChatShareClient client, FileInMessage file, string folder, CancellationToken cancellationToken)
    {
        var progress = new ProgressNotes(context.Output, context.Time);
        using var meter = new Meter(SafeText.Of(file.Name), file.Size, context.Time, progress.Show);
        try
        {
            var got = await new Downloader(client, context.Time).GetAsync(file, folder, meter, cancellationToken);
            progress.End();
            context.Output.Json(got, OutputJson.Default.Downloaded);
            context.Output.Result(Line.Of(got.Path).Add($"  {Quantity.Bytes(got.Size)}{(got.WasHere ? ", was here already" : "")}", Tone.Dim));
        }
        catch (OperationCanceledException)
        {
            progress.End();
            context.Output.Note($"{meter.Name} waits at {Quantity.Bytes(meter.Done)}. The same command goes on.");
            throw;
        }
        finally
        {
            progress.End();
        }
    }
}
