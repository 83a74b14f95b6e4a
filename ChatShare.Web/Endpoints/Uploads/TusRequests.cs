using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using Microsoft.AspNetCore.Http.Features;

namespace ChatShare.Web.Endpoints.Uploads;

/// <summary>Names of tus 1.0.0.</summary>
internal static class Tus
{
    public const string Version = "1.0.0";
    public const string Extensions = "creation,creation-with-upload,termination,checksum,expiration";
    public const string PartType = "application/offset+octet-stream";

    public const string Resumable = "Tus-Resumable";
    public const string Offset = "Upload-Offset";
    public const string Length = "Upload-Length";
    public const string DeferLength = "Upload-Defer-Length";
    public const string Metadata = "Upload-Metadata";
    public const string Concat = "Upload-Concat";
    public const string Checksum = "Upload-Checksum";
    public const string Expires = "Upload-Expires";
    public const string SameLength = "ChatShare-Same-Size";
    public const string MethodOverride = "X-HTTP-Method-Override";

    /// <summary>Digits alone; a number of bytes that fits.</summary>
    public static bool TryReadBytes(HttpRequest request, string header, out long bytes)
    {
        bytes = 0;
        return request.Headers[header] is [{ } text] && Digits.TryRead(text, out bytes);
    }

    public static string Text(long bytes) => bytes.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a <c>POST</c> announces.</summary>
/// <param name="Room">Where to; it need not exist.</param>
/// <param name="File">The file.</param>
/// <param name="Batch">Null for a message of its own.</param>
internal sealed record TusCreation(RoomName Room, UploadRequest File, string? Batch)
{
    public static bool TryRead(HttpRequest request, [NotNullWhen(true)] out TusCreation? creation, [NotNullWhen(false)] out IResult? refused)
    {
        creation = null;
        refused = null;
        if (request.Headers.ContainsKey(Tus.Concat))
            refused = Refusals.Field(Tus.Concat, "Uploads are not put together here: concatenation is not among what “Tus-Extension” names. Send the file as one upload.");
        else if (request.Headers.ContainsKey(Tus.DeferLength))
            refused = Refusals.Field(Tus.DeferLength, "A file’s length has to be known when its upload begins.");
        else if (!Tus.TryReadBytes(request, Tus.Length, out var length))
            refused = Refusals.Field(Tus.Length, "Upload-Length is missing or no possible number of bytes.");
        else
            TryRead(length, request.Headers[Tus.Metadata], out creation, out refused);
        return creation is not null;
    }

    /// <param name="length">Bytes.</param>
    /// <param name="header">As in <c>Upload-Metadata</c>.</param>
    /// <param name="creation">Null when it is refused.</param>
    /// <param name="refused">Names the field.</param>
    public static bool TryRead(
        long length, string? header, [NotNullWhen(true)] out TusCreation? creation, [NotNullWhen(false)] out IResult? refused)
    {
        creation = null;
        refused = null;
        if (!TusMetadata.TryParse(header, out var metadata, out var error))
            refused = Refusals.Field(Tus.Metadata, error);
        else if (!RoomName.TryParse(metadata["room"], out var room, out error))
            refused = Refusals.Field("room", error);
        else if (string.IsNullOrEmpty(metadata["filename"]))
            refused = Refusals.Field("filename", "A file needs a name.");
        else if (length < 0)
            refused = Refusals.Field("length", "“length” is missing or no possible number of bytes.");
        else if (!TryReadModified(metadata["modified"], out var modified))
            refused = Refusals.Field("modified", "“modified” is a number of milliseconds since 1970.");
        else if (!TryReadIndex(metadata["index"], out var index))
            refused = Refusals.Field("index", "“index” is a number from 0: the place of the file in its batch.");
        else if (FaultOfId(metadata["batch"]) is { } batchError)
            refused = Refusals.Field("batch", batchError);
        else if (FaultOfId(metadata["clientId"]) is { } clientIdError)
            refused = Refusals.Field("clientId", clientIdError);
        else
        {
            creation = new(
                room,
                new UploadRequest(FileName.Clean(metadata["filename"]), length)
                {
                    Folder = FolderPath.Clean(FolderOf(metadata["path"], metadata["filename"]!)),
                    Index = index,
                    ModifiedAt = modified,
                    Picture = PictureOf(metadata["width"], metadata["height"]),
                    ClientId = metadata["clientId"],
                    Metadata = metadata.Header,
                },
                metadata["batch"]);
        }

        return creation is not null;
    }

    /// <summary>What browsers tell of a file in a folder (<c>webkitRelativePath</c>) ends with its own name; whoever means a folder of that name ends it with a slash.</summary>
    private static string? FolderOf(string? path, string name) =>
        path is not null && (path == name || path.EndsWith("/" + name, StringComparison.Ordinal)) ? path[..^name.Length] : path;

    /// <summary>Only a place is kept for it: what makes no sense, and what other clients may mean by these words, says nothing.</summary>
    private static PictureSize? PictureOf(string? width, string? height) =>
        Digits.TryRead(width, out var across) && Digits.TryRead(height, out var down) ? PictureSize.Of(across, down) : null;

    private static bool TryReadIndex(string? text, out int? index)
    {
        index = null;
        if (text is null)
            return true;
        if (!Digits.TryRead(text, out var number) || number > int.MaxValue)
            return false;
        index = (int)number;
        return true;
    }

    private static bool TryReadModified(string? text, out DateTimeOffset? modified)
    {
        modified = null;
        if (text is null)
            return true;
        var isBefore1970 = text.StartsWith('-');
        if (!Digits.TryRead(isBefore1970 ? text[1..] : text, out var milliseconds)
            || milliseconds > (isBefore1970 ? -DateTimeOffset.MinValue.ToUnixTimeMilliseconds() : DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()))
        {
            return false;
        }

        modified = DateTimeOffset.FromUnixTimeMilliseconds(isBefore1970 ? -milliseconds : milliseconds);
        return true;
    }

    private static string? FaultOfId(string? id)
    {
        if (id is null)
            return null;
        try
        {
            ClientIds.Check(id);
            return null;
        }
        catch (RefusedException refused)
        {
            return refused.Message;
        }
    }
}

/// <summary>The bytes that a <c>PATCH</c>, or a <c>POST</c> of creation-with-upload, carries.</summary>
/// <param name="Length">As the request declares; null when it is sent in chunks.</param>
/// <param name="Checksum">Null for a part that counts byte by byte.</param>
internal sealed record TusPart(long? Length, PartChecksum? Checksum)
{
    /// <summary>Most bytes to take.</summary>
    public long MostBytes => Checksum is null ? long.MaxValue : PartChecksum.MaxPartBytes;

    /// <summary>Whether the request has any body at all.</summary>
    public static bool IsIn(HttpRequest request) =>
        request.ContentLength != 0 && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    /// <summary>
    /// Whether the body has a byte, which is waited for: one in chunks may be empty, and then it is no part, whatever its type. Nothing is taken
    /// from it.
    /// </summary>
    public static async Task<bool> HasBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > 0)
            return true;
        try
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            request.BodyReader.AdvanceTo(read.Buffer.Start);
            return !read.Buffer.IsEmpty;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It broke off, or is no body: certainly not an empty one.
            return true;
        }
    }

    public static bool TryRead(HttpRequest request, [NotNullWhen(true)] out TusPart? part, [NotNullWhen(false)] out IResult? refused)
    {
        part = null;
        refused = null;
        PartChecksum? checksum = null;
        if (!string.Equals(request.ContentType?.Split(';')[0].Trim(), Tus.PartType, StringComparison.OrdinalIgnoreCase))
            refused = Refusals.Status(StatusCodes.Status415UnsupportedMediaType, $"The bytes of an upload come as {Tus.PartType}.");
        else if (request.Headers.TryGetValue(Tus.Checksum, out var stated) && !PartChecksum.TryParse(stated, out checksum))
            refused = Refusals.Field(Tus.Checksum, $"Upload-Checksum is one of {string.Join(", ", PartChecksum.Algorithms)}, a space and base64.");
        else if (checksum is not null && request.ContentLength > PartChecksum.MaxPartBytes)
            refused = Refusals.Status(StatusCodes.Status413PayloadTooLarge, TusBody.CheckedPartTooLarge);
        else
            part = new(request.ContentLength, checksum);
        return part is not null;
    }
}
