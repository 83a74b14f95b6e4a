using System.CommandLine;
using ChatShare.Cli.Http;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Commands;

/// <summary><c>chatshare admin connections</c> and <c>chatshare admin disconnect</c>.</summary>
internal static class AdminCommand
{
    public static Command Make(CommandContext context) => new("admin", "For administrators: sign in with --user first.") { Connections(context), Disconnect(context) };

    private static Command Connections(CommandContext context)
    {
        var command = new Command("connections", "Lists who is connected.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var signedIn = await context.SignInAsync(parsed, cancellationToken);
            var connections = await signedIn.Client.ConnectionsAsync(cancellationToken);
            context.Output.Json(connections, ApiJson.Default.ConnectionArray);
            context.Output.Result(["Id", "Nickname", "Door", "State", "Rooms", "Addresses"], connections.Select(Row));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static Command Disconnect(CommandContext context)
    {
        var who = new Argument<string>("who") { Description = "A connection's id, or a nickname." };
        var reason = new Option<string?>("--reason") { Description = "What they are told.", HelpName = "text" };
        var command = new Command("disconnect", "Ends somebody's session.") { who, reason };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var signedIn = await context.SignInAsync(parsed, cancellationToken);
            var wanted = parsed.GetRequiredValue(who);
            var connections = await signedIn.Client.ConnectionsAsync(cancellationToken);
            var found = connections.FirstOrDefault(connection => connection.Id == wanted)
                ?? connections.FirstOrDefault(connection => connection.Nickname.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                ?? throw new Failure(ExitCode.Refused, $"Nobody named “{wanted}” is connected.");
            await signedIn.Client.DisconnectAsync(found.Id, parsed.GetValue(reason), cancellationToken);
            context.Output.Json([found], ApiJson.Default.ConnectionArray);
            context.Output.Result(Line.Of(found.Nickname, Tone.Person).Add(" is disconnected."));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static IReadOnlyList<Line> Row(Connection connection) =>
    [
        Line.Of(connection.Id), Line.Of(connection.Nickname, Tone.Person), Line.Of(connection.Door), Line.Of(connection.State),
        Line.Of(string.Join(", ", connection.Rooms ?? [])), Line.Of(string.Join(", ", connection.Addresses ?? [])),
    ];
}
