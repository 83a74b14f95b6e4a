using ChatShare.Web.Components.Files;

namespace ChatShare.Web.Components.Chat;

/// <summary>
/// What the parts of one timeline share, as a fixed cascading value: objects that are parameters are set anew in each block whenever the log is
/// drawn.
/// </summary>
internal sealed class TimelineView
{
    /// <summary>The rows; null until the room is open.</summary>
    public TimelineWindow? Window { get; set; }

    /// <summary>The cards that are filling.</summary>
    public LiveCards Live { get; } = new();
}
