using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>A room.</summary>
/// <param name="Name">What it is called; any case of it opens the room.</param>
/// <param name="Topic">What it is for; may be empty.</param>
/// <param name="People">How many are here now.</param>
/// <param name="LastNumber">The number of its last change: what comes later is after it.</param>
internal sealed record ApiRoom(string Name, string Topic, int People, long LastNumber)
{
    public static ApiRoom Of(Room room) => new(room.Name.Value, room.Topic, room.People.Length, room.LastNumber);
}

/// <summary>A room to be made.</summary>
/// <param name="Name">1 to 48 letters, digits, spaces inside, “.”, “-” or “_”; unique without case.</param>
/// <param name="Topic">Up to 200 characters; may be left out.</param>
internal sealed record ApiNewRoom([property: Required] string? Name, [property: MaxLength(RoomService.MaxTopicLength)] string? Topic = null);

/// <summary>A message as of its last change.</summary>
/// <param name="Number">The change it was posted under; orders the room, never reused.</param>
/// <param name="Changed">The number of its last change; equals <c>number</c> when it was only posted.</param>
/// <param name="Room">The name of the room.</param>
/// <param name="Sender">The name its sender had then.</param>
/// <param name="SentAt">When the server took it; for people, never for ordering.</param>
/// <param name="Text">What was written; empty for files alone and after a deletion.</param>
/// <param name="ClientId">The sender's own id for it.</param>
/// <param name="Deleted">True when it was taken back; text and files are gone.</param>
/// <param name="Files">In the order in which they were picked.</param>
internal sealed record ApiMessage(
    long Number, long Changed, string Room, string Sender, DateTimeOffset SentAt, string Text, string ClientId, bool Deleted, IReadOnlyList<ApiFile> Files)
{
    /// <param name="room">Where it was said.</param>
    /// <param name="message">As of its last change.</param>
    /// <param name="uploads">What its files do at this moment.</param>
    public static ApiMessage Of(Room room, ChatMessage message, UploadService uploads) => new(
        message.Number,
        message.Changed,
        room.Name.Value,
        message.Sender,
        message.SentAt,
        message.Text,
        message.ClientId,
        message.Deleted,
        message.Deleted ? [] : [.. message.Files.Select(file => ApiFile.Of(room, file, uploads))]);
}

/// <summary>A message to be posted.</summary>
/// <param name="Text">Up to 16,000 UTF-16 code units.</param>
/// <param name="ClientId">1 to 64 printable ASCII characters without spaces: the same again is the same message. Left out, the server makes one.</param>
internal sealed record ApiNewMessage(
    [property: Required, MaxLength(MessageText.MaxLength)] string? Text,
    [property: MinLength(1), MaxLength(ClientIds.MaxLength), RegularExpression("^[!-~]+$")] string? ClientId = null);

/// <summary>A file on a message.</summary>
/// <param name="Id">Its address is <c>/files/{id}/{name}</c>, from its first byte on.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Size">Bytes; as declared until it is ready.</param>
/// <param name="Sha256">64 lower-case hexadecimal digits; null until it is ready.</param>
/// <param name="State">Where it stands; “uploading” and “paused” of this moment.</param>
internal sealed record ApiFile(string Id, string Name, long Size, string? Sha256, ApiFileState State)
{
    public static ApiFile Of(Room room, SharedFile file, UploadService uploads) =>
        new(file.Id.ToString(), file.Name, file.Length, file.State == FileState.Ready ? file.Sha256 : null, StateOf(room, file, uploads));

    private static ApiFileState StateOf(Room room, SharedFile file, UploadService uploads) => file.State switch
    {
        // That its bytes stay away is no durable change: the row does not know, the upload does, and the room of one at another node.
        FileState.Uploading => (uploads.Find(file.Id)?.Progress ?? room.FindProgress(file.Id)) is { IsPaused: true } ? ApiFileState.Paused : ApiFileState.Uploading,
        FileState.Ready => ApiFileState.Ready,
        FileState.Failed => ApiFileState.Failed,
        // One that was removed later is as little to be had as one that was called off, and a script has to know no more.
        _ => ApiFileState.Cancelled,
    };
}

/// <summary>Where a file stands; only a ready one can be checked and taken whole.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ApiFileState>))]
internal enum ApiFileState
{
    /// <summary>Bytes are coming in, or the file waits in its sender's queue.</summary>
    [JsonStringEnumMemberName("uploading")]
    Uploading,

    /// <summary>The sender is away or has paused.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,

    /// <summary>Complete and durable.</summary>
    [JsonStringEnumMemberName("ready")]
    Ready,

    /// <summary>It broke off; nothing of it can be had.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>The sender called it off, or it was removed later.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,
}

/// <summary>A finished file of a room.</summary>
/// <param name="Id">Its address is <c>/files/{id}/{name}</c>.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
/// <param name="State">Always <c>ready</c>.</param>
/// <param name="Sender">Who shared it, by the name they had then.</param>
/// <param name="SharedAt">When it was announced.</param>
internal sealed record ApiRoomFile(string Id, string Name, long Size, string? Sha256, ApiFileState State, string Sender, DateTimeOffset SharedAt)
{
    public static ApiRoomFile Of(Room room, ArchivedFile file, UploadService uploads)
    {
        var (id, name, size, sha256, state) = ApiFile.Of(room, file.Stored.File, uploads);
        return new ApiRoomFile(id, name, size, sha256, state, file.Sender, file.Stored.SharedAt);
    }
}

/// <summary>Somebody in a room; all their connections are one.</summary>
/// <param name="Nickname">Their name.</param>
/// <param name="State">Whether any of their connections is up.</param>
/// <param name="Doors">The ways they came in by.</param>
internal sealed record ApiPerson(string Nickname, ApiPresence State, IReadOnlyList<ApiDoor> Doors)
{
    public static ApiPerson Of(PersonHere person) => new(person.Nickname, PresenceOf(person.State), [.. person.Doors.Select(DoorOf)]);

    public static ApiPresence PresenceOf(PresenceState state) => state == PresenceState.Online ? ApiPresence.Online : ApiPresence.Away;

    public static ApiDoor DoorOf(Door door) => door switch
    {
        Door.Browser => ApiDoor.Browser,
        Door.Cli => ApiDoor.Cli,
        Door.Api => ApiDoor.Api,
        _ => ApiDoor.Tcp,
    };
}

/// <summary>Whether somebody can be reached now.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ApiPresence>))]
internal enum ApiPresence
{
    /// <summary>Connected.</summary>
    [JsonStringEnumMemberName("online")]
    Online,

    /// <summary>The connection is down and may come back.</summary>
    [JsonStringEnumMemberName("away")]
    Away,
}

/// <summary>A way in.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ApiDoor>))]
internal enum ApiDoor
{
    /// <summary>A page in a browser.</summary>
    Browser,

    /// <summary>The command line.</summary>
    [JsonStringEnumMemberName("CLI")]
    Cli,

    /// <summary>A script over HTTP.</summary>
    [JsonStringEnumMemberName("API")]
    Api,

    /// <summary>A client of the old TCP protocol.</summary>
    [JsonStringEnumMemberName("TCP")]
    Tcp,
}

/// <summary>One person at one door, as an administrator sees them.</summary>
/// <param name="Id">The person's: it ends all their connections.</param>
/// <param name="Nickname">Their name.</param>
/// <param name="Door">The door; one entry for each.</param>
/// <param name="Rooms">The rooms they are in, sorted.</param>
/// <param name="Addresses">Where they come from, sorted.</param>
/// <param name="Since">When the oldest of the connections was made.</param>
/// <param name="State">Whether any of the connections is up.</param>
/// <param name="Connections">How many there are.</param>
internal sealed record ApiConnected(
    Guid Id,
    string Nickname,
    ApiDoor Door,
    IReadOnlyList<string> Rooms,
    IReadOnlyList<string> Addresses,
    DateTimeOffset Since,
    ApiPresence State,
    int Connections)
{
    public static ApiConnected Of(ConnectedUser user) => new(
        user.PersonId, user.Nickname, ApiPerson.DoorOf(user.Door), user.Rooms, user.Addresses, user.Since, ApiPerson.PresenceOf(user.State), user.Connections);
}

/// <summary>Who wants to come in: a guest by a nickname, or an account by its name and password.</summary>
/// <param name="Nickname">For a guest; may be left out when a token comes along, which is then renewed.</param>
/// <param name="UserName">For an account.</param>
/// <param name="Password">The account's.</param>
internal sealed record ApiSignIn(string? Nickname = null, string? UserName = null, string? Password = null);

/// <summary>A token, for <c>Authorization: Bearer …</c> at <c>/api</c>, <c>/files</c> and <c>/uploads</c>.</summary>
/// <param name="AccessToken">The token; a secret.</param>
/// <param name="ExpiresIn">For how long it is good, in seconds.</param>
/// <param name="Nickname">The name that others see.</param>
internal sealed record ApiSignedIn(string AccessToken, long ExpiresIn, string Nickname);
