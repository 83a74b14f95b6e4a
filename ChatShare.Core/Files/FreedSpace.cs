namespace ChatShare.Core.Files;

/// <summary>What a removal takes away, or would take.</summary>
/// <param name="Files">Cards that lose their file.</param>
/// <param name="Bytes">
/// What the disk gets back, counted there: lengths of the contents that nobody shares any more. A content that is shared elsewhere,
/// too, frees nothing.
/// </param>
public readonly record struct FreedSpace(int Files, long Bytes)
{
    /// <summary><c>12.4 GB, 310 files</c>.</summary>
    public override string ToString() => $"{ByteSize.Format(Bytes)}, {(Files == 1 ? "1 file" : $"{Files:N0} files")}";
}

/// <summary>A finished file that is to go.</summary>
/// <param name="Id">Its row.</param>
/// <param name="Sha256">Its content.</param>
/// <param name="Reason">What people read on its card.</param>
internal sealed record DoomedFile(string Id, string Sha256, string Reason);
