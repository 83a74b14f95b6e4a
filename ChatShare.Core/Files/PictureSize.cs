namespace ChatShare.Core.Files;

/// <summary>How large a picture is, in pixels as people see it: after it was turned as its camera asks.</summary>
/// <param name="Width">At least 1.</param>
/// <param name="Height">At least 1; no more pixels in all than <see cref="Thumbnails.MaxPixels"/>.</param>
public readonly record struct PictureSize(int Width, int Height)
{
    /// <summary>Null for what is no size of a picture that can be shown small.</summary>
    public static PictureSize? Of(long width, long height) =>
        width > 0 && height > 0 && width <= Thumbnails.MaxPixels / height ? new((int)width, (int)height) : null;
}
