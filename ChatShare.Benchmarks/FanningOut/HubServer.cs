using ChatShare.Web.Components.Chat;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>A plain SignalR hub that sends each message's safe HTML to everybody as MessagePack: the least that a chat over WebSockets costs.</summary>
internal static class HubServer
{
    public const string Mode = "serve-hub";
    public const string Path = "/hub";
    public const string Row = "Row";

    public static async Task<int> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await using var room = await BareRoom.OpenAsync(folder, cancellationToken);
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddSignalR().AddMessagePackProtocol();
        await using var app = builder.Build();
        app.MapHub<Everybody>(Path);
        app.MapPost(BareRoom.Path, async (Said said) => await room.SayAsync(said, cancellationToken));
        await app.StartAsync(cancellationToken);
        var hub = app.Services.GetRequiredService<IHubContext<Everybody>>();
        var following = room.FollowAsync(
            message => hub.Clients.All.SendAsync(Row, message.Html(MessageMarkup.Make), cancellationToken), cancellationToken);
        await Task.WhenAny(following, app.WaitForShutdownAsync(cancellationToken));
        return 0;
    }
}

/// <summary>Nobody calls anything; they listen.</summary>
public sealed class Everybody : Hub;
