using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using ChatShare.Tests.Gateway;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Reliability;

/// <summary>
/// The soak of twenty minutes in its short form: people come by each door, talk, share, leave some files in the middle, and go; then nothing of
/// them is there any more. The long one (<c>ChatShare.Benchmarks soak</c>) weighs the whole heap and counts handles and threads, too.
/// </summary>
public sealed class ComeAndGoTests(Chromium chromium)
{
    private const int FileBytes = 100_000;
    private const int Visits = 24;
    private const int AtOnce = 6;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_stays_of_those_who_came_and_went()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Gateway:Endpoint=127.0.0.1:0");
        await Parallel.ForAsync(0, Visits, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Cancel }, async (number, _) =>
            await (number % 4 == 3 ? VisitByTcpAsync(app, number) : VisitByApiAsync(app, number)));
        await VisitByBrowserAsync(app);

        await Eventually.TrueAsync(async () => await CountAsync(app) == new Left(0, 0, 0, 0, 0));
        var (messages, files) = await AskAsync(app, async db => (await db.Messages.CountAsync(Cancel), await db.Files.CountAsync(Cancel)));
        // What they said and shared is all that is left of them.
        Assert.Equal((2 * Visits) + 1, messages);
        Assert.Equal(Visits, files);
    }

    private static async Task VisitByApiAsync(RunningApp app, int number)
    {
        var name = Name("Visitor", number);
        using var http = app.NewClient();
        using var opened = await http.PostAsJsonAsync("/api/session", new { nickname = name }, Cancel);
        opened.EnsureSuccessStatusCode();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", (await opened.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("accessToken").GetString());
        using var events = await http.GetAsync("/api/rooms/Lobby/events", HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var posted = await http.PostAsJsonAsync("/api/rooms/Lobby/messages", new { text = $"I am {name}", clientId = Make.ClientId() }, Cancel);
        posted.EnsureSuccessStatusCode();
        var tus = new TusClient(app, http);
        var location = await tus.CreateAsync($"{name}.bin", FileBytes);
        // Every third leaves in the middle of it.
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, Make.Bytes(number % 3 == 0 ? FileBytes / 2 : FileBytes, number)));
        if (number % 2 == 0)
            events.Dispose();
        using var left = await http.DeleteAsync("/api/session", Cancel);
        left.EnsureSuccessStatusCode();
    }

    private static async Task VisitByTcpAsync(RunningApp app, int number)
    {
        var name = Name("Terminal", number);
        await using var client = await OldClient.JoinAsync(app.Gateway!, name);
        await client.SayAsync($"I am {name}");
        // By the old protocol what comes in one piece is one message.
        await Eventually.TrueAsync(() => AskAsync(app, db => db.Messages.AnyAsync(message => message.Text == $"I am {name}", Cancel)));
        await client.SendFileAsync($"{name}.bin", Make.Bytes(FileBytes, number));
        // Some hang up before the last of it is there.
        if (number % 8 == 3)
            await Eventually.TrueAsync(() => AskAsync(app, db => db.Files.AnyAsync(file => file.Name == $"{name}.bin" && file.State == FileState.Ready, Cancel)));
    }

    private async Task VisitByBrowserAsync(RunningApp app)
    {
        var person = await Person.JoinAsync(chromium, app.Address, "Browser");
        await person.SayAsync("I am a browser");
        await person.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Leave" }).ClickAsync();
        await person.Page.GetByRole(Microsoft.Playwright.AriaRole.Textbox, new() { Name = "Nickname" }).WaitForAsync();
        await person.Page.Context.CloseAsync();
    }

    private static Task<Left> CountAsync(RunningApp app) => AskAsync(app, async db => new Left(
        await db.Sessions.CountAsync(session => session.EndedAt == null, Cancel),
        app.Get<ConnectedUsers>().List().Length,
        app.Get<ActiveDownloads>().Running.Count(),
        app.Get<UploadService>().Active.Count(),
        await db.Files.CountAsync(file => file.State == FileState.Uploading, Cancel)));

    private static async Task<T> AskAsync<T>(RunningApp app, Func<ChatShareDbContext, Task<T>> ask)
    {
        await using var db = await app.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel);
        return await ask(db);
    }

    private static string Name(string noun, int number) => string.Create(CultureInfo.InvariantCulture, $"{noun}{number}");

    private sealed record Left(int Sessions, int Connections, int Downloads, int Uploads, int UploadRows);
}
