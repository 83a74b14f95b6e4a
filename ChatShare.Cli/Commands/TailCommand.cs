using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ChatShare.Cli.Chat;
using ChatShare.Cli.Http;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Commands;

/// <summary><c>chatshare tail</c>: follows a room.</summary>
internal static class TailCommand
{
    public static Command Make(CommandContext context)
    {
        var room = CommonOptions.Room();
        var after = new Option<string?>("--after")
        {
            Description = "The number of the last change that you have, as “changed” tells it: what came after it is told first. Otherwise from now on.",
            HelpName = "number",
        };
        after.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !Position.TryParse(text, out _))
                result.AddError("--after takes a number, or an epoch and a number: 12, or 3f2a-12.");
        });
        var count = new Option<int?>("--count") { Description = "Ends after so many, at least one.", HelpName = "number" };
        count.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, CultureInfo.InvariantCulture, out var wanted) && wanted < 1)
                result.AddError("--count takes a number from 1.");
        });
        var command = new Command("tail", "Follows a room: one line for each message, and for each change of one.") { room, after, count };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var signedIn = await context.SignInAsync(parsed, cancellationToken);
            var name = parsed.GetRequiredValue(room);
            var start = Position.TryParse(parsed.GetValue(after), out var given) ? given : await NowAsync(signedIn.Client, name, cancellationToken);
            // In a quiet room nothing is written for hours, and so nothing finds out that nobody would read it.
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, StandardOutput.WatchReader());
            var tail = new Tail(context.Output, parsed.GetValue(count), enough);
            try
            {
                await new RoomFollower(signedIn.Client, name, start, tail.TellAsync, context.Time, FollowTimes.Usual).RunAsync(enough.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return (int)ExitCode.Ok;
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }

    /// <summary>After everything that has happened: the newest message may be older than the last change.</summary>
    private static async Task<Position> NowAsync(ChatShareClient client, string room, CancellationToken cancellationToken)
    {
        var (_, at) = await client.NewestAsync(room, limit: 1, cancellationToken);
        while (true)
        {
            var (changes, next) = await client.ChangedAfterAsync(room, at, cancellationToken);
            if (changes.Length == 0)
                return at;
            at = next;
        }
    }

    private sealed class Tail(Output output, int? count, CancellationTokenSource enough)
    {
        private readonly MessageLines _lines = new(showsNumbers: false);
        private int _told;

        public ValueTask TellAsync(Followed what, CancellationToken cancellationToken)
        {
            switch (what)
            {
                case Followed.Changed { Message: var message }:
                    output.Json(message, ApiJson.Default.Message);
                    if (!output.IsJson)
                        _lines.Of(message).ToList().ForEach(output.Result);
                    if (++_told == count)
                        enough.Cancel();
                    break;
                case Followed.Reset:
                    // Whoever keeps numbers has to know that they begin anew.
                    output.Json(new JsonObject { ["reset"] = true }, OutputJson.Default.JsonObject);
                    output.Note("The server has another database now. Its messages follow from the first one.");
                    _lines.Forget();
                    break;
                case Followed.Lost { Why: var why }:
                    output.Note(why.Message + " Trying again.");
                    break;
                case Followed.Back:
                    output.Note("Connected again.");
                    break;
                case Followed.Polling:
                    output.Note("Something between here and the server holds events back. Asking every two seconds instead.");
                    break;
            }

            return ValueTask.CompletedTask;
        }
    }
}
