using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ChatShare.Cli.Http;
using ChatShare.Cli.Transfers;

namespace ChatShare.Cli.Commands;

/// <summary>The answer to <c>/who</c> in a chat. It stands among messages, and so it says what it is.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="People">Who is there now.</param>
internal sealed record WhoAnswer(string Room, IReadOnlyList<PersonHere> People);

/// <summary>The answer to <c>/rooms</c> in a chat.</summary>
/// <param name="Rooms">All rooms.</param>
internal sealed record RoomsAnswer(IReadOnlyList<Room> Rooms);

/// <summary>The answer to <c>/help</c> in a chat.</summary>
/// <param name="Help">Lines for people.</param>
internal sealed record HelpAnswer(IReadOnlyList<string> Help);

/// <summary>What the commands print themselves as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Uploaded))]
[JsonSerializable(typeof(Downloaded))]
[JsonSerializable(typeof(WhoAnswer))]
[JsonSerializable(typeof(RoomsAnswer))]
[JsonSerializable(typeof(HelpAnswer))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class OutputJson : JsonSerializerContext;
