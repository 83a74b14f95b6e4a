using System.CommandLine;
using ChatShare.Cli.Http;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Commands;

/// <summary><c>chatshare send</c>: one message, from the arguments or from standard input.</summary>
internal static class SendCommand
{
    // What a message may have, in UTF-16 code units. More is not kept.
    private const int MostCharacters = 16_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Command Make(CommandContext context)
    {
        var text = new Argument<string[]>("text")
        {
            Description = "The message; several arguments are joined by spaces. One that begins with a dash stands behind “--”. Without any, or with “-”, it is read from standard input.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var room = CommonOptions.Room();
        var clientId = new Option<string?>("--client-id")
        {
            Description = "An id of your own: the same one again sends nothing twice.",
            HelpName = "id",
        };
        var command = new Command("send", "Sends a message.") { text, room, clientId };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var words = parsed.GetValue(text) ?? [];
            var message = words is [] or ["-"] ? await ReadAsync(cancellationToken) : string.Join(' ', words);
            if (string.IsNullOrWhiteSpace(message))
                throw new Failure(ExitCode.Usage, "There is nothing to send.");
            using var signedIn = await context.SignInAsync(parsed, cancellationToken);
            var id = parsed.GetValue(clientId) ?? Guid.NewGuid().ToString("N");
            // A saved sign-in asks the server nothing before this: one that never answered is not there, one that did comes back.
            var sent = await new Backoff(context.Time).TryAsync(
                async token =>
                {
                    try
                    {
                        return await signedIn.Client.SendAsync(parsed.GetRequiredValue(room), message, id, token);
                    }
                    catch (Failure failure) when (!signedIn.Client.HasAnswered)
                    {
                        throw new Failure(failure.Code, failure.Message, failure);
                    }
                },
                Patience,
                cancellationToken);
            context.Output.Json(sent, ApiJson.Default.Message);
            if (!context.Output.IsJson && context.Output.ResultLook.IsTerminal)
                context.Output.Result(Line.Of("Sent.", Tone.Dim));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    // The line break at the end is the shell's.
    private static async Task<string> ReadAsync(CancellationToken cancellationToken) =>
        await StandardInput.UnlessEndedAsync(() => StandardInput.Text(MostCharacters), cancellationToken)
            ?? throw new Failure(ExitCode.Refused, "A message has at most 16,000 characters. Send it as a file: chatshare upload");
}
