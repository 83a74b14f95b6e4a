using ChatShare.Core.Rooms;

namespace ChatShare.Web.Endpoints;

/// <summary>The room that a browser was in last: the room's page notes it in a cookie, percent-encoded (<c>chat.js</c>).</summary>
internal static class LastRoom
{
    private const string Cookie = "room";

    /// <summary>Null when there is none.</summary>
    public static RoomName? Of(HttpContext context) => RoomName.TryParse(context.Request.Cookies[Cookie], out var room, out _) ? room : null;

    /// <summary>Whoever comes next at this browser may be somebody else.</summary>
    public static void Forget(HttpContext context) => context.Response.Cookies.Delete(Cookie);
}
