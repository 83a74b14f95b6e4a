using ChatShare.Web.Components.Chat;
using ChatShare.Web.Components.Files;
using ChatShare.Web.Components.Layout;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace ChatShare.Web.Circuits;

/// <summary>Registers what each circuit has for itself.</summary>
internal static class PageServices
{
    public static void AddChatSharePages(this IServiceCollection services)
    {
        services.AddSingleton<ThemeSheet>();
        services.AddSingleton<PageScript>();
        services.AddSingleton<PageReads>();
        services.AddSingleton<PageFollower>();
        services.AddSingleton<PeopleInOtherRooms>();
        services.AddScoped<Overlays>();
        services.AddScoped<ScriptFeed>();
        services.AddSingleton<RowActions>();
        services.AddScoped<CircuitUploads>();
        services.AddSingleton<OpenPages>();
        services.AddScoped<CircuitHandler, OpenPage>();
        services.AddScoped<PageCalls>();
        services.AddScoped<CircuitHandler>(provider => provider.GetRequiredService<PageCalls>());
        services.AddScoped<BrowserConnection>();
        services.AddScoped<CircuitHandler>(provider => provider.GetRequiredService<BrowserConnection>());
    }
}
