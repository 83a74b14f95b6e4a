using System.Security.Cryptography;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Tests.Support;

/// <summary>Values out of plain strings, for tests that are about something else.</summary>
internal static class Make
{
    /// <summary>The most a test may take, in milliseconds: one that hangs says so. Far above what any needs.</summary>
    public const int Patience = 240_000;

    /// <summary>
    /// The most that one thing may take, wherever a test waits for it: it only tells a slow machine from a thing that never comes. What is
    /// promised within a time says so itself.
    /// </summary>
    public static readonly TimeSpan PatienceForOne = TimeSpan.FromSeconds(60);

    /// <summary>Whether the long forms run.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("CHATSHARE_TESTS") == "long";

    public static Nickname Nickname(string value) =>
        Core.People.Nickname.TryParse(value, out var name, out var error) ? name : throw new ArgumentException(error, nameof(value));

    public static RoomName RoomName(string value) =>
        Core.Rooms.RoomName.TryParse(value, out var name, out var error) ? name : throw new ArgumentException(error, nameof(value));

    public static MessageText Text(string value) =>
        MessageText.TryParse(value, out var text, out var error) ? text : throw new ArgumentException(error, nameof(value));

    public static UploadRequest File(string name, long length) => new(FileName.Clean(name), length);

    public static string ClientId() => Guid.NewGuid().ToString("N");

    /// <summary>Bytes that look random and are the same for the same seed.</summary>
    public static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        // Content for comparing, not a secret; it has to be the same in another process.
#pragma warning disable CA5394
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }

    public static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static Task<ChatMessage> SayAsync(this RoomSession session, string text, CancellationToken cancellationToken) =>
        session.SendAsync(Text(text), ClientId(), cancellationToken);

    /// <summary>Announces one file.</summary>
    /// <summary>As its sender does, byte by byte.</summary>
    public static Task AppendAsync(this Upload upload, long offset, Stream source, CancellationToken cancellationToken) =>
        upload.AppendAsync(upload.Sender, offset, source, checksum: null, cancellationToken);

    public static async Task<Upload> OfferAsync(
        this CoreHost host, RoomSession session, string name, long length, CancellationToken cancellationToken) =>
        (await host.Uploads.BeginAsync(session, [File(name, length)], ClientId(), cancellationToken))[0];

    /// <summary>Announces one file and sends it whole.</summary>
    public static async Task<Upload> ShareAsync(
        this CoreHost host, RoomSession session, string name, byte[] content, CancellationToken cancellationToken)
    {
        var upload = await host.OfferAsync(session, name, content.Length, cancellationToken);
        await upload.AppendAsync(0, new MemoryStream(content), cancellationToken);
        return upload;
    }
}
