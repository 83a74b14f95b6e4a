using System.Text.Json;
using System.Text.Json.Serialization;
using ChatShare.Core;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Components.Chat;

/// <summary>
/// What chat.js has to know of a room and its viewer. Handed over as text: each circuit has serializer options of its own, which look at every
/// type anew by reflection, and for this one that was a twentieth of all work while hundreds came at once.
/// </summary>
/// <param name="Room">The room's name.</param>
/// <param name="Person">The viewer's id.</param>
/// <param name="MaxLength">Of a message, in UTF-16 units.</param>
/// <param name="Administrator">Whether they are one.</param>
/// <param name="Name">The viewer's nickname; with the next two, how their own pending rows look.</param>
/// <param name="Initials">On the disc.</param>
/// <param name="Color">0 to 11.</param>
/// <param name="FilesPerMessage">Limit; 0 for none.</param>
/// <param name="FileBytes">Limit; 0 for none.</param>
internal sealed record RoomScriptOptions(
    string Room, string Person, int MaxLength, bool Administrator, string Name, string Initials, int Color, int FilesPerMessage, long FileBytes)
{
    /// <param name="room">The room.</param>
    /// <param name="me">Who looks.</param>
    /// <param name="limits">The server's.</param>
    public static string Json(Room room, PersonSession me, LimitOptions limits) => JsonSerializer.Serialize(
        new RoomScriptOptions(
            room.Name.Value,
            me.PersonId.ToString("N"),
            MessageText.MaxLength,
            Permissions.CanAdminister(me),
            me.Nickname.Value,
            PersonFace.Initials(me.Nickname.Value),
            PersonFace.Color(me.Nickname.Value),
            limits.FilesPerMessage,
            limits.FileBytes),
        ScriptJson.Default.RoomScriptOptions);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RoomScriptOptions))]
internal sealed partial class ScriptJson : JsonSerializerContext;
