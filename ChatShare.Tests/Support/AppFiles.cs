using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Support;

/// <summary>Sharing and taking files at a running application, for tests that are about something else than how they are sent.</summary>
internal static class AppFiles
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Somebody who has joined through the form and has Lobby open.</summary>
    public static async Task<(HttpClient Client, RoomSession Session)> EnterAsync(this RunningApp app, string nickname)
    {
        var client = await app.JoinAsync(nickname);
        await using var db = await app.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel);
        var id = await db.Sessions.Where(session => session.Nickname == nickname).Select(session => session.Id).SingleAsync(Cancel);
        var person = await app.Get<SessionService>().FindAsync(id, Cancel);
        var participant = app.Get<ConnectedUsers>().Connect(person!, Door.Browser, "127.0.0.1");
        var rooms = app.Get<RoomService>();
        return (client, await rooms.JoinAsync(rooms.Find(RoomService.Lobby)!, participant, afterNumber: null, Cancel));
    }

    /// <summary>Announces a file and sends none of it.</summary>
    public static async Task<Upload> OfferAsync(this RunningApp app, RoomSession session, string name, long length) =>
        (await app.Get<UploadService>().BeginAsync(session, [Make.File(name, length)], Make.ClientId(), Cancel))[0];

    /// <summary>Announces a file and sends it whole.</summary>
    public static async Task<Upload> ShareAsync(this RunningApp app, RoomSession session, string name, byte[] content)
    {
        var upload = await app.OfferAsync(session, name, content.Length);
        await upload.AppendAsync(0, new MemoryStream(content), Cancel);
        return upload;
    }

    public static string Address(this Upload upload) => $"/files/{upload.Id}/{Uri.EscapeDataString(upload.File.Name)}";

    /// <summary>Returns as soon as the headers are there.</summary>
    public static async Task<HttpResponseMessage> BeginGetAsync(this HttpClient client, string address, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
    }

    /// <summary>One header as it was sent, of the answer or of its content; empty without it.</summary>
    public static string Header(this HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) || response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : "";
}
