using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ChatShare.Cli.Http;
using ChatShare.Cli.State;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Commands;

/// <summary><c>chatshare signin</c>: saves a sign-in for the commands that come.</summary>
internal static class SignInCommand
{
    public static Command Make(CommandContext context)
    {
        var user = new Option<string?>("--user")
        {
            Description = "An account's user name; its password is asked for, or read from standard input.",
            HelpName = "name",
        };
        var command = new Command("signin", "Signs in and remembers it, for this user of this machine alone.") { user };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = context.FindTarget(parsed);
            var userName = parsed.GetValue(user);
            if (userName is null && target.Nickname is null)
                throw new Failure(ExitCode.Usage, "Who are you? --nick Ann for a nickname, --user Ann for an account.");
            var request = userName is null
                ? new SessionRequest(target.Nickname, null, null)
                : new SessionRequest(null, userName, await ReadPasswordAsync(context.Output, cancellationToken));
            using var client = new ChatShareClient(target.Server, userName is null ? target.Saved?.Token : null, target.TrustedCertificate);
            var opened = await client.OpenSessionAsync(request, cancellationToken);
            var server = ServerAddress.Text(target.Server);
            await context.SignIns.SaveAsync(
                new SavedSignIn(server, opened.Nickname, opened.AccessToken, context.Time.GetUtcNow().AddSeconds(opened.ExpiresIn))
                {
                    TrustedCertificate = target.TrustedCertificate,
                },
                cancellationToken);
            context.Output.Json(Who(server, opened.Nickname), OutputJson.Default.JsonObject);
            context.Output.Result(Line.Of("You are ").Add(opened.Nickname, Tone.Person).Add($" at {server}."));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Whose sign-in it is, for programs.</summary>
    internal static JsonObject Who(string server, string nickname) => new() { ["server"] = server, ["nickname"] = nickname };

    /// <exception cref="Failure">There is none, or it is not UTF-8: the server need not be asked.</exception>
    private static async Task<string> ReadPasswordAsync(Output output, CancellationToken cancellationToken)
    {
        var password = await (Console.IsInputRedirected ? StandardInput.UnlessEndedAsync(ReadLine, cancellationToken) : AskAsync(output, cancellationToken));
        return password.Length > 0 ? password : throw new Failure(ExitCode.Usage, "There is no password. Nothing was sent.");
    }

    private static string ReadLine() =>
        StandardInput.Lines().Take(1).DefaultIfEmpty("").First() ?? throw new Failure(ExitCode.Usage, "The password is not UTF-8. Nothing was sent.");

    private static async Task<string> AskAsync(Output output, CancellationToken cancellationToken)
    {
        output.NoteRaw("Password: ");
        try
        {
            return await StandardInput.UnlessEndedAsync(ReadKeys, cancellationToken);
        }
        finally
        {
            output.NoteRaw("\n");
        }
    }

    private static string ReadKeys()
    {
        var password = new StringBuilder();
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.Backspace)
                password.Length = Math.Max(0, password.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                password.Append(key.KeyChar);
        }

        return password.ToString();
    }
}

/// <summary><c>chatshare signout</c>: ends the session at the server and forgets it here.</summary>
internal static class SignOutCommand
{
    public static Command Make(CommandContext context)
    {
        var command = new Command("signout", "Ends the saved session at the server and forgets it here.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = context.FindTarget(parsed);
            if (target.Saved is not { } saved)
                throw new Failure(ExitCode.NotSignedIn, $"Nobody is signed in at {ServerAddress.Text(target.Server)}.");
            using var client = new ChatShareClient(target.Server, saved.Token, target.TrustedCertificate);
            await LeaveAsync(context.SignIns, client, saved, cancellationToken);
            context.Output.Json(SignInCommand.Who(saved.Server, saved.Nickname), OutputJson.Default.JsonObject);
            context.Output.Result(Line.Of(saved.Nickname, Tone.Person).Add(" is signed out."));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Ends a session and forgets it; one that has ended already is forgotten, too.</summary>
    public static async Task LeaveAsync(SignIns signIns, ChatShareClient client, SavedSignIn saved, CancellationToken cancellationToken)
    {
        try
        {
            await client.LeaveAsync(cancellationToken);
        }
        catch (Failure failure) when (failure.Code == ExitCode.NotSignedIn)
        {
            // It has ended already, which is what is wanted.
            await signIns.ForgetAsync(saved, cancellationToken);
            return;
        }

        await signIns.ForgetAsync(saved, cancellationToken);
    }
}
