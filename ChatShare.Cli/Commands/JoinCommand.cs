using System.CommandLine;
using ChatShare.Cli.Chat;
using ChatShare.Cli.State;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Commands;

/// <summary><c>chatshare join</c>: live chat.</summary>
internal static class JoinCommand
{
    // Whoever leaves does not wait for a server that does not answer.
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(3);

    public static Command Make(CommandContext context)
    {
        var server = new Argument<string?>("server") { Description = "The server's address, such as http://host:5080.", Arity = ArgumentArity.ZeroOrOne };
        var room = CommonOptions.Room();
        var autoDownload = new Option<bool>("--auto-download") { Description = "Fetch what others share into downloads/ by itself." };
        var command = new Command("join", "Live chat in the terminal, or in a pipe.") { server, room, autoDownload };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var signedIn = await context.SignInAsync(parsed, cancellationToken, parsed.GetValue(server), isForOneChat: true);
            var code = await ChatAsync(context, signedIn, parsed.GetRequiredValue(room), parsed.GetValue(autoDownload), cancellationToken);
            return (int)code;
        });
        return command;
    }

    private static async Task<ExitCode> ChatAsync(CommandContext context, SignedIn signedIn, string room, bool autoDownload, CancellationToken cancellationToken)
    {
        try
        {
            await using ILiveTerminal terminal = context.Output.ResultLook.IsTerminal && !context.Output.IsJson && !Console.IsInputRedirected
                ? new Screen(context.Output, context.Interrupts)
                : new PlainLines(context.Output, context.Time, context.Interrupts);
            await using var chat = new LiveChat(signedIn, terminal, context, autoDownload, cancellationToken);
            return await chat.RunAsync(room, cancellationToken);
        }
        finally
        {
            await LeaveAsync(context.SignIns, signedIn);
        }
    }

    private static async Task LeaveAsync(SignIns signIns, SignedIn signedIn)
    {
        using var patience = new CancellationTokenSource(LeavePatience);
        try
        {
            // Another command under this name goes on, and would lose what it does.
            using var alone = signedIn.Use?.EndAlone();
            // One that was saved by signin meanwhile stays, too.
            if (alone is null || signIns.Find(signedIn.Who.Server, signedIn.Who.Nickname) is { IsForOneChat: false })
                return;
            await SignOutCommand.LeaveAsync(signIns, signedIn.Client, signedIn.Who, patience.Token);
        }
        catch (Exception e) when (e is Failure or OperationCanceledException)
        {
            // The next join under this name finds the sign-in and ends it then.
            return;
        }
    }
}
