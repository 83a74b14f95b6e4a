using AngleSharp.Dom;
using Bunit;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Web.Circuits;
using ChatShare.Web.Components.Chat;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using MudBlazor.Services;

namespace ChatShare.Tests.Support;

/// <summary>
/// One person's circuit as bunit hosts it: the real Core behind it and the services that the product gives a circuit, but no
/// browser, so scripts do nothing. Dispose it before the host.
/// </summary>
internal sealed class Circuit : BunitContext
{
    static Circuit() => DefaultWaitTimeout = Make.PatienceForOne;

    /// <param name="core">The server.</param>
    /// <param name="session">Who sits there; null for a circuit that was opened after their session had ended.</param>
    /// <param name="time">For what the page does after a while; null for the server's.</param>
    public Circuit(CoreHost core, PersonSession? session, TimeProvider? time = null)
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        var current = new CurrentPerson { Session = session, Participant = session is null ? null : core.Connect(session) };
        Services.AddSingleton(current);
        Services.AddSingleton(core.Get<Database>());
        Services.AddSingleton(core.Rooms);
        Services.AddSingleton(core.Marks);
        Services.AddSingleton(core.Uploads);
        Services.AddSingleton(core.Connected);
        Services.AddSingleton(core.Get<Administration>());
        Services.AddSingleton(core.Get<FileDirectory>());
        Services.AddSingleton(core.Get<MessageSearch>());
        Services.AddSingleton(core.Get<FileKeeping>());
        Services.AddSingleton(core.Get<FileRemoval>());
        Services.AddSingleton(core.Get<StorageReport>());
        Services.AddSingleton(core.Get<StorageCleaning>());
        Services.AddSingleton(core.Get<ActiveDownloads>());
        Services.AddSingleton(core.Get<WhoHasIt>());
        Services.AddSingleton(core.Get<Quota>());
        Services.AddSingleton(core.Get<LowDisk>());
        Services.AddSingleton(time ?? core.Get<TimeProvider>());
        Services.AddSingleton<AntiforgeryStateProvider, NoForms>();
        Services.AddMudServices();
        Services.AddChatSharePages();
        Participant = current.Participant!;
        Notices = Render<MudSnackbarProvider>();
        Dialogs = Render<MudDialogProvider>();
    }

    /// <summary>This circuit's connection.</summary>
    public Participant Participant { get; }

    /// <summary>What the person is told at the edge of the page.</summary>
    public IRenderedComponent<MudSnackbarProvider> Notices { get; }

    /// <summary>A room's page, for somebody who lives by UTC.</summary>
    public IRenderedComponent<RoomView> ShowRoom(Room room)
    {
        JSInterop.Setup<string>("chatshare.chat.timeZone").SetResult("UTC");
        JSInterop.SetupModule("chatshare.chat.start", _ => true).Mode = JSRuntimeMode.Loose;
        return Render<RoomView>(parameters => parameters.Add(page => page.Room, room));
    }

    /// <summary>The dialogs that are open.</summary>
    public IRenderedComponent<MudDialogProvider> Dialogs { get; }

    public NavigationManager Navigation => Services.GetRequiredService<NavigationManager>();

    /// <summary>Waits until the person was told so.</summary>
    public Task NoticeAsync(string sentence) =>
        Notices.WaitForAssertionAsync(() =>
            Assert.Contains(sentence, string.Concat(Notices.Nodes.Select(node => node.TextContent)), StringComparison.Ordinal));

    /// <summary>Posting forms is the browser's business.</summary>
    private sealed class NoForms : AntiforgeryStateProvider
    {
        public override AntiforgeryRequestToken? GetAntiforgeryToken() => null;
    }
}

/// <summary>Finds elements by what people and screen readers know them by.</summary>
internal static class AccessibleNames
{
    /// <summary>The elements of a kind with this name, in the order of the page.</summary>
    public static IReadOnlyList<IElement> AllNamed<T>(this IRenderedComponent<T> page, string kind, string name)
        where T : IComponent =>
        [.. page.FindAll(kind).Where(element => NameOf(page, element) == name)];

    /// <summary>The only one.</summary>
    public static IElement Named<T>(this IRenderedComponent<T> page, string kind, string name)
        where T : IComponent =>
        page.AllNamed(kind, name) is [var only]
            ? only
            : throw new InvalidOperationException($"Not exactly one {kind} “{name}” in: {page.Markup}");

    /// <summary>Finds and presses in one step: a live page may draw its rows again at any time.</summary>
    public static Task PressAsync<T>(this IRenderedComponent<T> page, string button)
        where T : IComponent =>
        page.InvokeAsync(() => page.Named("button", button).ClickAsync());

    /// <summary>Types over what stands in a field.</summary>
    public static Task TypeAsync<T>(this IRenderedComponent<T> page, string field, string text)
        where T : IComponent =>
        page.InvokeAsync(() => page.Named("input", field) is var input && input.HasAttribute("blazor:oninput") ? input.InputAsync(text) : input.ChangeAsync(text));

    /// <summary>The rows of a table's body: the text of each cell by its column's label.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Rows<T>(this IRenderedComponent<T> page, string table)
        where T : IComponent =>
        [
            .. page.Named("table", table).QuerySelectorAll("tbody tr").Select(row => row.QuerySelectorAll("td[data-label]")
                .ToDictionary(cell => cell.GetAttribute("data-label")!, cell => cell.Words(), StringComparer.Ordinal)),
        ];

    /// <summary>One column of a table, from the top.</summary>
    public static IReadOnlyList<string> Column<T>(this IRenderedComponent<T> page, string table, string column)
        where T : IComponent =>
        [.. page.Rows(table).Where(row => row.ContainsKey(column)).Select(row => row[column])];

    /// <summary>The lines of a list, from the top.</summary>
    public static IReadOnlyList<string> Lines<T>(this IRenderedComponent<T> page, string list)
        where T : IComponent =>
        [.. page.AllNamed("ul", list).SelectMany(element => element.QuerySelectorAll("li")).Select(line => line.Words())];

    /// <summary>The words of an element as they are read out, without what is only drawn.</summary>
    public static string Words(this INode node) => node switch
    {
        IText text => string.Join(' ', text.Data.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
        IElement element when element.GetAttribute("aria-hidden") == "true" => "",
        _ => string.Join(' ', node.ChildNodes.Select(Words).Where(words => words.Length > 0)),
    };

    private static string NameOf<T>(IRenderedComponent<T> page, IElement element)
        where T : IComponent =>
        element.GetAttribute("aria-label")
        ?? (element.Id is { Length: > 0 } id ? page.FindAll("label").FirstOrDefault(label => label.GetAttribute("for") == id)?.Words() : null)
        ?? element.Words();
}
