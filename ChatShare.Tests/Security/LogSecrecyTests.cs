using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatShare.Tests.Security;

public sealed class LogSecrecyTests
{
    private const string Password = "correct horse battery";
    private const string WrongPassword = "wrong horse battery";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Log_holds_no_message_no_password_no_cookie_and_no_setup_link_at_any_level()
    {
        var log = new Collector();
        // Trace for everything, also for what the settings file sets apart.
        await using var app = await RunningApp.StartAsync(
            builder => builder.Services.AddSingleton<ILoggerProvider>(log), "Logging:LogLevel:Default=Trace",
            "Logging:LogLevel:Microsoft.AspNetCore=Trace", "Logging:LogLevel:Microsoft.EntityFrameworkCore=Trace");
        var token = app.SetupUrl!.Split("token=")[1];
        var ann = await app.JoinAsync("Ann");
        await SayAsync(app, "what nobody else may read");
        var tus = new TusClient(app, ann);
        var location = await tus.CreateAsync("what nobody may hear of.txt", 1);
        await tus.AppendAsync(location, 0, [1]);
        using (var shared = await ann.GetAsync($"{location.Replace("/uploads/", "/files/", StringComparison.Ordinal)}/what%20nobody%20may%20hear%20of.txt", Cancel))
            Assert.True(shared.IsSuccessStatusCode);
        using var root = app.NewClient();
        using var created = await RunningApp.PostFormAsync(root, $"/setup?token={token}", "setup", ("UserName", "Root"), ("Password", Password));
        using var refused = await RunningApp.PostFormAsync(
            app.NewClient(), "/signin", "signin", ("UserName", "Root"), ("Password", WrongPassword));

        // The listener hears: these acts are told about.
        Assert.Contains(log.Lines, line => line.Contains("of Ann began", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("Administrator Root created", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("A wrong password", StringComparison.Ordinal));
        var cookie = RunningApp.CookiesOf(ann).Split("chatshare=")[1].Split(';')[0];
        foreach (var secret in new[] { "what nobody else", "what nobody may", "what%20nobody%20may", Password, WrongPassword, token, cookie })
            Assert.True(log.Lines.All(line => !line.Contains(secret, StringComparison.Ordinal)), string.Join("\n\n", log.Lines.Where(line => line.Contains(secret, StringComparison.Ordinal))));
    }

    private static async Task SayAsync(RunningApp app, string text)
    {
        await using var db = await app.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel);
        var id = await db.Sessions.Select(session => session.Id).SingleAsync(Cancel);
        var person = await app.Get<SessionService>().FindAsync(id, Cancel);
        var participant = app.Get<ConnectedUsers>().Connect(person!, Door.Browser, "127.0.0.1");
        var rooms = app.Get<RoomService>();
        await using var session = await rooms.JoinAsync(rooms.Find(RoomService.Lobby)!, participant, afterNumber: null, Cancel);
        await session.SayAsync(text, Cancel);
    }
}
