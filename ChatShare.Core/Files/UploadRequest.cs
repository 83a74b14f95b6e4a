namespace ChatShare.Core.Files;

/// <summary>What a sender says about a file before the first byte.</summary>
/// <param name="Name">Cleaned.</param>
/// <param name="Length">Bytes, exactly.</param>
public sealed record UploadRequest(FileName Name, long Length);
