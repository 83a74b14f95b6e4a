using System.CommandLine;
using ChatShare.Cli.Terminal;
using ChatShare.Cli.Transfers;

namespace ChatShare.Cli.Commands;

/// <summary><c>chatshare upload</c>: shares files; the same command again goes on where it was cut off.</summary>
internal static class UploadCommand
{
    public static Command Make(CommandContext context)
    {
        var files = new Argument<string[]>("files") { Description = "The files. Several are one message.", Arity = ArgumentArity.OneOrMore };
        var room = CommonOptions.Room();
        var command = new Command("upload", "Shares files. The same command again goes on where it was cut off.") { files, room };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            // Before anything is asked of the server: a name that is wrong should not share the others.
            var opened = new List<SentFile>();
            try
            {
                foreach (var path in parsed.GetRequiredValue(files))
                    opened.Add(SentFile.Open(path));
                using var signedIn = await context.SignInAsync(parsed, cancellationToken);
                await SendAsync(context, signedIn, opened, parsed.GetRequiredValue(room), cancellationToken);
                return (int)ExitCode.Ok;
            }
            finally
            {
                opened.ForEach(file => file.Dispose());
            }
        });
        return command;
    }

    private static async Task SendAsync(CommandContext context, SignedIn signedIn, List<SentFile> files, string room, CancellationToken cancellationToken)
    {
        var uploader = new Uploader(signedIn.Client, context.Uploads, context.Time);
        var alone = new Destination(signedIn.Who.Nickname, room, Batch: null, Index: 0);
        var batch = files.Count == 1 ? null : await uploader.BeginBatchAsync(files, alone, cancellationToken);
        for (var index = 0; index < files.Count; index++)
        {
            var file = files[index];
            var progress = new ProgressNotes(context.Output, context.Time);
            using var meter = new Meter(Path.GetFileName(file.Path), file.Size, context.Time, progress.Show);
            try
            {
                var sent = await uploader.SendAsync(file, alone with { Batch = batch, Index = index }, meter, cancellationToken);
                progress.End();
                context.Output.Json(sent, OutputJson.Default.Uploaded);
                context.Output.Result(Line.Of(sent.Name).Add($"  {Quantity.Bytes(sent.Size)}  ", Tone.Dim).Add(sent.Url, Tone.Dim));
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

        if (batch is not null)
            await uploader.EndBatchAsync(files, alone, cancellationToken);
    }
}
