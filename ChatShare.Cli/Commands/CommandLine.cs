using System.CommandLine;
using System.CommandLine.Parsing;
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
        var parsed = Parse(root, args);
        // One that cannot be read is among the mistakes, which are told for people then.
        output.IsJson = parsed.GetResult(options.Json) is { } json && !json.Errors.Any() && json.GetValueOrDefault<bool>();
        if (parsed.Errors.Count > 0)
            throw new Failure(ExitCode.Usage, string.Join(' ', parsed.Errors.Select(error => error.Message)) + " See --help.");
        if (UnknownOption(root, args) is { } unknown)
            throw new Failure(ExitCode.Usage, $"There is no option “{unknown}” here. What begins with a dash and is none stands behind “--”. See --help.");
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

    /// <summary>A text that begins with @ is a text, not a file to read arguments from.</summary>
    private static ParseResult Parse(RootCommand root, IReadOnlyList<string> args) => root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    /// <summary>
    /// The parser takes an option that it does not know for a text or the name of a file: what was meant for one room would be posted in another.
    /// Behind <c>--</c> nothing is an option; a dash alone is standard input.
    /// </summary>
    private static string? UnknownOption(RootCommand root, string[] args) =>
        Parse(root, [.. args.TakeWhile(arg => arg != "--")]).CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens).Select(token => token.Value).FirstOrDefault(text => text is ['-', _, ..]);

    private static StreamWriter Utf8(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
}
