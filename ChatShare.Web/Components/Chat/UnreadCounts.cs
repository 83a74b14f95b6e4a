using ChatShare.Core;

namespace ChatShare.Web.Components.Chat;

/// <summary>Tells the list of rooms that this page's person has read on. Scoped, so one for each circuit.</summary>
public sealed class UnreadCounts
{
    /// <summary>Raised when something was seen.</summary>
    public ChangeSignal Changed { get; } = new();
}
