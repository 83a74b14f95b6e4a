namespace ChatShare.Benchmarks.Appending;

/// <summary>What both sides write.</summary>
internal static class Sample
{
    public const string Text = "The meeting moved to four o'clock, and the slides are in the Lobby if somebody wants them before.";

    /// <summary>As long and as random as a browser's.</summary>
    public static string NewClientId() => Guid.NewGuid().ToString();
}
