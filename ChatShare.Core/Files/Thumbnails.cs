using SkiaSharp;

namespace ChatShare.Core.Files;

/// <summary>
/// Small pictures of images, made when somebody first looks and kept beside the contents. What an image is decided by its bytes
/// alone; its size is read before anything is decoded, so that a bomb is never unpacked. A singleton.
/// </summary>
public sealed class Thumbnails : IDisposable
{
    /// <summary>The most pixels of an image that is decoded; a large photograph has half of it.</summary>
    public const long MaxPixels = 50_000_000;

    /// <summary>The box on a card, in pixels of a screen with two for one.</summary>
    private const int MaxWidth = 720;
    private const int MaxHeight = 560;
    private const int Quality = 80;

    private readonly DownloadStore _store;

    // One at a time: each may hold a few hundred megabytes.
    private readonly SemaphoreSlim _making = new(1);

    internal Thumbnails(DownloadStore store) => _store = store;

    /// <summary>A WebP of at most 720 x 560 pixels; null when the file is no image, too large, or cannot be decoded.</summary>
    /// <param name="file">A finished file.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Where it lies; never shown to anybody.</returns>
    public async Task<string?> FindAsync(StoredFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.File is not { Width: not null, Sha256: { } sha256 })
            return null;
        if (Known(sha256) is { } known)
            return Shown(known);
        await _making.WaitAsync(cancellationToken);
        try
        {
            return Shown(Known(sha256) ?? await Task.Run(() => Make(sha256), cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full, or does not answer; the image itself can still be looked at.
            return null;
        }
        finally
        {
            _making.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _making.Dispose();

    /// <summary>Width and height as people see it; null when it is no image that can be shown small. Reads the head of the file alone.</summary>
    internal static PictureSize? SizeOf(string path)
    {
        using var codec = SKCodec.Create(path);
        if (codec is null)
            return null;
        return Turns(codec.EncodedOrigin) ? PictureSize.Of(codec.Info.Height, codec.Info.Width) : PictureSize.Of(codec.Info.Width, codec.Info.Height);
    }

    /// <summary>Null when nobody has looked yet. Without any bytes: the image cannot be decoded, and never will.</summary>
    private FileInfo? Known(string sha256) => new FileInfo(_store.ThumbnailPath(sha256)) is { Exists: true } known ? known : null;

    private static string? Shown(FileInfo? picture) => picture is { Length: > 0 } ? picture.FullName : null;

    private FileInfo? Make(string sha256)
    {
        var target = _store.ThumbnailPath(sha256);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        using var data = Encode(_store.ContentPath(sha256));
        // Whole or not at all, also when the program dies here.
        var unfinished = target + ".new";
        try
        {
            using (var file = File.Create(unfinished))
                data?.SaveTo(file);
            File.Move(unfinished, target, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }

        // Looked at last: whoever deletes an image deletes the content first and then its picture, which may just have been missing.
        if (_store.Has(sha256))
            return Known(sha256);
        File.Delete(target);
        return null;
    }

    /// <summary>Null when it cannot be decoded.</summary>
    private static SKData? Encode(string source)
    {
        // SkiaSharp says the same of a file that it cannot open now as of one that is no picture.
        using var readable = File.OpenRead(source);
        using var codec = SKCodec.Create(source);
        if (codec is null || (long)codec.Info.Width * codec.Info.Height > MaxPixels || (codec.EncodedFormat == SKEncodedImageFormat.Jpeg && HasTooManyScans(source)))
            return null;
        var scale = Math.Min(1f, Math.Min((float)MaxWidth / codec.Info.Width, (float)MaxHeight / codec.Info.Height));
        if (Turns(codec.EncodedOrigin))
            scale = Math.Min(1f, Math.Min((float)MaxHeight / codec.Info.Width, (float)MaxWidth / codec.Info.Height));
        // Some formats can be decoded small, which costs a fraction of the memory.
        var decoded = codec.GetScaledDimensions(scale);
        using var bitmap = new SKBitmap(new SKImageInfo(decoded.Width, decoded.Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        // One that was cut off shows what is there of it, when that is anything.
        var result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        if (result is not SKCodecResult.Success && (result is not SKCodecResult.IncompleteInput || !bitmap.GetPixelSpan().ContainsAnyExcept((byte)0)))
            return null;

        var size = new SKSizeI(Math.Max(1, (int)(codec.Info.Width * scale)), Math.Max(1, (int)(codec.Info.Height * scale)));
        using var upright = Draw(bitmap, size, codec.EncodedOrigin);
        return upright.Encode(SKEncodedImageFormat.Webp, Quality);
    }

    private static bool HasTooManyScans(string source)
    {
        using var file = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 64 * 1024, FileOptions.SequentialScan);
        return JpegScans.AreTooMany(file);
    }

    private static SKImage Draw(SKBitmap bitmap, SKSizeI size, SKEncodedOrigin origin)
    {
        var turned = Turns(origin) ? new SKSizeI(size.Height, size.Width) : size;
        using var surface = SKSurface.Create(new SKImageInfo(turned.Width, turned.Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        surface.Canvas.SetMatrix(Upright(origin, size));
        using var image = SKImage.FromBitmap(bitmap);
        surface.Canvas.DrawImage(
            image, new SKRect(0, 0, bitmap.Width, bitmap.Height), new SKRect(0, 0, size.Width, size.Height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        return surface.Snapshot();
    }

    private static bool Turns(SKEncodedOrigin origin) => origin is
        SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;

    /// <summary>How the picture as it is stored is turned to stand as it was taken (Exif 2.32, tag Orientation).</summary>
    private static SKMatrix Upright(SKEncodedOrigin origin, SKSizeI size) => origin switch
    {
        SKEncodedOrigin.TopRight => new SKMatrix(-1, 0, size.Width, 0, 1, 0, 0, 0, 1),
        SKEncodedOrigin.BottomRight => new SKMatrix(-1, 0, size.Width, 0, -1, size.Height, 0, 0, 1),
        SKEncodedOrigin.BottomLeft => new SKMatrix(1, 0, 0, 0, -1, size.Height, 0, 0, 1),
        SKEncodedOrigin.LeftTop => new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1),
        SKEncodedOrigin.RightTop => new SKMatrix(0, -1, size.Height, 1, 0, 0, 0, 0, 1),
        SKEncodedOrigin.RightBottom => new SKMatrix(0, -1, size.Height, -1, 0, size.Width, 0, 0, 1),
        SKEncodedOrigin.LeftBottom => new SKMatrix(0, 1, 0, -1, 0, size.Width, 0, 0, 1),
        _ => SKMatrix.Identity,
    };
}
