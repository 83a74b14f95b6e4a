namespace ChatShare.Core.Files;

/// <summary>What stands on the card of an upload that has failed, or is said to its sender.</summary>
internal static class UploadFaults
{
    public const string TooLong = "The file turned out longer than was announced.";
    public const string Damaged = "What was here of it cannot be read any more.";
    public const string DiskFull = "The server’s disk is full. The upload has stopped; nothing of it was kept.";
    public const string NotStored = "The server could not store this file.";
}
