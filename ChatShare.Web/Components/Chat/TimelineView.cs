using ChatShare.Web.Components.Files;

namespace ChatShare.Web.Components.Chat;

/// <summary>
/// What the parts of one timeline share, as a fixed cascading value. Handed down as parameters of a component, objects make Blazor set them
/// anew in each block for each message; numbers it compares.
/// </summary>
internal sealed class TimelineView
{
    /// <summary>The rows; null until the room is open.</summary>
    public TimelineWindow? Window { get; set; }

    /// <summary>The cards that are filling.</summary>
    public LiveCards Live { get; } = new();
}
