using System.Collections.Frozen;

namespace ChatShare.Core.Files;

/// <summary>What a file is to a person.</summary>
public enum FileKind
{
    /// <summary>Anything that is not recognised, and everything that a browser might run.</summary>
    Other,

    /// <summary>A raster image. Never SVG, which can hold scripts.</summary>
    Image,

    /// <summary>Sound alone.</summary>
    Audio,

    /// <summary>Moving pictures.</summary>
    Video,

    /// <summary>A PDF document.</summary>
    Pdf,

    /// <summary>Plain text in UTF-8.</summary>
    Text,
}

/// <summary>
/// What the bytes of a file are, recognised by how they begin and never by a name or by what a client says.
/// There is one instance for each known type.
/// </summary>
public sealed record ContentType
{
    /// <summary>How many first bytes of a file are worth giving to <see cref="Detect"/>.</summary>
    public const int HeadBytes = 4096;

    internal static readonly ContentType Png = new("image/png", FileKind.Image, mayInline: true);
    internal static readonly ContentType Jpeg = new("image/jpeg", FileKind.Image, mayInline: true);
    internal static readonly ContentType Gif = new("image/gif", FileKind.Image, mayInline: true);
    internal static readonly ContentType Webp = new("image/webp", FileKind.Image, mayInline: true);
    internal static readonly ContentType Bmp = new("image/bmp", FileKind.Image, mayInline: true);
    internal static readonly ContentType Avif = new("image/avif", FileKind.Image, mayInline: true);
    internal static readonly ContentType Mp3 = new("audio/mpeg", FileKind.Audio, mayInline: true);
    internal static readonly ContentType Ogg = new("audio/ogg", FileKind.Audio, mayInline: true);
    internal static readonly ContentType Wav = new("audio/wav", FileKind.Audio, mayInline: true);
    internal static readonly ContentType Flac = new("audio/flac", FileKind.Audio, mayInline: true);
    internal static readonly ContentType M4a = new("audio/mp4", FileKind.Audio, mayInline: true);
    internal static readonly ContentType Mp4 = new("video/mp4", FileKind.Video, mayInline: true);
    internal static readonly ContentType QuickTime = new("video/quicktime", FileKind.Video, mayInline: true);
    internal static readonly ContentType Webm = new("video/webm", FileKind.Video, mayInline: true);
    internal static readonly ContentType OggVideo = new("video/ogg", FileKind.Video, mayInline: true);
    internal static readonly ContentType Mobile = new("video/3gpp", FileKind.Video, mayInline: true);
    internal static readonly ContentType Aac = new("audio/aac", FileKind.Audio, mayInline: true);
    internal static readonly ContentType Icon = new("image/x-icon", FileKind.Image, mayInline: true);
    internal static readonly ContentType Matroska = new("video/x-matroska", FileKind.Video, mayInline: true);
    internal static readonly ContentType Pdf = new("application/pdf", FileKind.Pdf, mayInline: true);
    internal static readonly ContentType PlainText = new("text/plain; charset=utf-8", FileKind.Text, mayInline: true);
    internal static readonly ContentType Unknown = new("application/octet-stream", FileKind.Other, mayInline: false);

    private static readonly FrozenDictionary<string, ContentType> ByMediaType = new[]
    {
        Png, Jpeg, Gif, Webp, Bmp, Avif, Mp3, Ogg, Wav, Flac, M4a, Mp4, QuickTime, Webm, OggVideo, Mobile, Aac, Icon, Matroska, Pdf, PlainText, Unknown,
    }.ToFrozenDictionary(type => type.MediaType, StringComparer.Ordinal);

    private ContentType(string mediaType, FileKind kind, bool mayInline)
    {
        MediaType = mediaType;
        Kind = kind;
        MayInline = mayInline;
    }

    /// <summary>The value of a <c>Content-Type</c> header, such as <c>image/png</c> or <c>text/plain; charset=utf-8</c>.</summary>
    public string MediaType { get; }

    /// <summary>What it is to a person.</summary>
    public FileKind Kind { get; }

    /// <summary>
    /// Whether a browser may show the file in place instead of saving it: raster images, sound, video, PDF and plain text,
    /// nothing that can run. This is the only place where that is decided.
    /// </summary>
    public bool MayInline { get; }

    /// <summary>Recognises a file by its first bytes. Never throws.</summary>
    /// <param name="head">The first bytes of the file, at most <see cref="HeadBytes"/>; what follows them is not looked at.</param>
    /// <param name="isWhole">Whether <paramref name="head"/> is the whole file, so that a character cut off at its end is a fault.</param>
    public static ContentType Detect(ReadOnlySpan<byte> head, bool isWhole)
    {
        if (head.Length > HeadBytes)
        {
            head = head[..HeadBytes];
            isWhole = false;
        }
        return MediaSignature.Detect(head) ?? (PlainTextSniffer.IsPlainText(head, isWhole) ? PlainText : Unknown);
    }

    /// <summary>
    /// The type whose <see cref="MediaType"/> was stored; an unknown one is <see cref="FileKind.Other"/> and never inline.
    /// </summary>
    public static ContentType FromStored(string mediaType) => ByMediaType.GetValueOrDefault(mediaType, Unknown);

    /// <summary><see cref="MediaType"/>.</summary>
    public override string ToString() => MediaType;
}
