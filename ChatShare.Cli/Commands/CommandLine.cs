using System.CommandLine;
using System.Text;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Commands;

/// <summary>All commands, and what is the same for each: how they are read, how they fail, what the program ends with.</summary>
internal static class CommandLine
{
    /// <summary>Reads and runs one command line.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Interrupts interrupts)
    {
        // Not the console's own writers: they may send a terminal settings of their own.
        await using var results = Utf8(Console.OpenStandardOutput());
        await using var notes = Utf8(Console.OpenStandardError());
        var output = new Output(
            results,
            notes,
            Look.Of(Console.IsOutputRedirected, Environment.GetEnvironmentVariable),
            Look.Of(Console.IsErrorRedirected, Environment.GetEnvironmentVariable));
        try
        {
            return await RunAsync(args, output, interrupts, (results, notes));
        }
        catch (Failure failure)
        {
            output.Error(failure);
            return (int)failure.Code;
        }
        catch (OperationCanceledException) when (interrupts.Ended.IsCancellationRequested)
        {
            return (int)ExitCode.Cancelled;
        }
        catch (ReaderGoneException)
        {
            return (int)ExitCode.Ok;
        }
    }

    private static async Task<int> RunAsync(string[] args, Output output, Interrupts interrupts, (TextWriter Results, TextWriter Notes) writers)
    {
        var options = new CommonOptions();
        var context = new CommandContext(options, output, interrupts);
        var root = new RootCommand("The command line of ChatShare: chat and files, in a terminal and for scripts.")
        {
            JoinCommand.Make(context),
            SendCommand.Make(context),
            TailCommand.Make(context),
            UploadCommand.Make(context),
            GetCommand.Make(context),
            RoomsCommand.Make(context),
            WhoCommand.Make(context),
            AdminCommand.Make(context),
            SignInCommand.Make(context),
            SignOutCommand.Make(context),
        };
        options.AddTo(root);
        // A text that begins with @ is a text, not a file to read arguments from.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        // One that cannot be read is among the mistakes, which are told for people then.
        output.IsJson = parsed.GetResult(options.Json) is { } json && !json.Errors.Any() && json.GetValueOrDefault<bool>();
        if (parsed.Errors.Count > 0)
            throw new Failure(ExitCode.Usage, string.Join(' ', parsed.Errors.Select(error => error.Message)) + " See --help.");
        if (parsed.CommandResult.Command.Subcommands.Count > 0 && parsed.Action is null)
            throw new Failure(ExitCode.Usage, "Which command? See --help.");
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // Signals are ours.
                ProcessTerminationTimeout = null,
                Output = writers.Results,
                Error = writers.Notes,
            },
            interrupts.Ended);
    }

    private static StreamWriter Utf8(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
}
