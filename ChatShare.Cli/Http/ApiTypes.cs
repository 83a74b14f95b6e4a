using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatShare.Cli.Http;

/// <summary>What <c>POST /api/session</c> takes: a nickname, or a user name with a password.</summary>
internal sealed record SessionRequest(string? Nickname, string? UserName, string? Password);

/// <summary>What it gives.</summary>
/// <param name="AccessToken">For <c>Authorization: Bearer</c>.</param>
/// <param name="ExpiresIn">Seconds.</param>
/// <param name="Nickname">As the server writes it.</param>
internal sealed record OpenedSession(string AccessToken, long ExpiresIn, string Nickname);

/// <summary>A message as it is now.</summary>
/// <param name="Number">The number that it was posted under.</param>
/// <param name="Changed">The number of its last change.</param>
/// <param name="Room">The room’s name.</param>
/// <param name="Sender">The name that its sender had then.</param>
/// <param name="SentAt">When the server took it.</param>
/// <param name="Text">May be empty, of several lines, and anything that its sender liked.</param>
/// <param name="ClientId">The sender’s own id for it.</param>
/// <param name="Deleted">Whether it was taken back.</param>
/// <param name="Files">What was shared with it.</param>
internal sealed record Message(
    long Number, long Changed, string Room, string Sender, DateTimeOffset SentAt, string? Text = null, string? ClientId = null,
    bool Deleted = false, IReadOnlyList<FileInMessage>? Files = null) : IJsonOnDeserialized
{
    // What is demanded of a list is that it is one: nothing is said of what stands in it.
    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Files?.Any(file => file is null) is true)
            throw new JsonException("A file is null.");
    }
}

/// <summary>A file of a message or of a room.</summary>
/// <param name="Id">Its address is <c>/files/{id}/{name}</c>.</param>
/// <param name="Name">Not safe for a disk before <see cref="Transfers.LocalFileName"/> has seen it.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">In hexadecimal digits; null until it is ready.</param>
/// <param name="State">One of <see cref="FileStates"/>.</param>
internal sealed record FileInMessage(string Id, string Name, long Size, string? Sha256, string State)
{
    /// <summary>What <c>get</c> in a chat takes. Given by the program, not by a server, and null elsewhere.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Get { get; init; }
}

/// <summary>The words for how far a file is.</summary>
internal static class FileStates
{
    public const string Uploading = "uploading";
    public const string Paused = "paused";
    public const string Ready = "ready";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";

    /// <summary>Whether it can be fetched: what still comes in is sent on as it arrives.</summary>
    public static bool CanBeFetched(string state) => state is Uploading or Paused or Ready;
}

/// <summary>What <c>POST …/messages</c> takes.</summary>
internal sealed record NewMessage(string Text, string ClientId);

/// <summary>A room in the list.</summary>
/// <param name="Name">Any case of it opens the room.</param>
/// <param name="Topic">May be empty.</param>
/// <param name="People">How many are here now.</param>
/// <param name="LastNumber">The number of its last change.</param>
internal sealed record Room(string Name, string? Topic, int People, long LastNumber);

/// <summary>Somebody in a room.</summary>
/// <param name="Nickname">Their name.</param>
/// <param name="State"><c>online</c> or <c>away</c>.</param>
/// <param name="Doors">The ways they came in by.</param>
internal sealed record PersonHere(string Nickname, string? State = null, IReadOnlyList<string>? Doors = null);

/// <summary>A row of the administrator's list: one person at one door.</summary>
/// <param name="Id">The person’s: Disconnect ends all that they have open.</param>
/// <param name="Nickname">Their name.</param>
/// <param name="Door">The way they came in by.</param>
/// <param name="Rooms">Those that they are in.</param>
/// <param name="Addresses">Where they come from.</param>
/// <param name="Since">When the oldest of the connections was made.</param>
/// <param name="State"><c>online</c> or <c>away</c>.</param>
/// <param name="Connections">How many there are.</param>
internal sealed record Connection(
    string Id, string Nickname, string? Door = null, IReadOnlyList<string>? Rooms = null, IReadOnlyList<string>? Addresses = null,
    DateTimeOffset? Since = null, string? State = null, int? Connections = null);

/// <summary>Problem details (RFC 9457).</summary>
internal sealed record Problem(string? Title = null, string? Detail = null, Dictionary<string, string?[]?>? Errors = null);

/// <summary>What is read and written as JSON, by generated code. An answer without what has to be there is none of ours.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(OpenedSession))]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(Message[]))]
[JsonSerializable(typeof(FileInMessage[]))]
[JsonSerializable(typeof(NewMessage))]
[JsonSerializable(typeof(Room[]))]
[JsonSerializable(typeof(PersonHere[]))]
[JsonSerializable(typeof(Connection[]))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ApiJson : JsonSerializerContext;
