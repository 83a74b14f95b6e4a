using System.CommandLine;
using System.Globalization;
using ChatShare.Cli.Http;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Commands;

/// <summary><c>chatshare rooms</c>.</summary>
internal static class RoomsCommand
{
    public static Command Make(CommandContext context)
    {
        var command = new Command("rooms", "Lists the rooms.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var signedIn = await context.SignInAsync(parsed, cancellationToken);
            var rooms = await signedIn.Client.RoomsAsync(cancellationToken);
            context.Output.Json(rooms, ApiJson.Default.RoomArray);
            context.Output.Result(["Room", "People", "Topic"], rooms.Select(Row));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static IReadOnlyList<Line> Row(Room room) =>
        [Line.Of(room.Name), Line.Of(room.People.ToString(CultureInfo.InvariantCulture)), Line.Of(room.Topic, Tone.Dim)];
}

/// <summary><c>chatshare who</c>.</summary>
internal static class WhoCommand
{
    public static Command Make(CommandContext context)
    {
        var room = CommonOptions.Room();
        var command = new Command("who", "Lists who is in a room.") { room };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var signedIn = await context.SignInAsync(parsed, cancellationToken);
            var people = await signedIn.Client.PeopleAsync(parsed.GetRequiredValue(room), cancellationToken);
            context.Output.Json(people, ApiJson.Default.PersonHereArray);
            context.Output.Result(["Nickname", "State", "Door"], people.Select(Row));
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static IReadOnlyList<Line> Row(PersonHere person) =>
        [Line.Of(person.Nickname, Tone.Person), Line.Of(person.State), Line.Of(string.Join(", ", person.Doors ?? []))];
}
