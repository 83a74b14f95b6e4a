using ChatShare.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>Files that are dragged in from the desktop, as the browser itself hands them over.</summary>
[Collection(FewTests.Name)]
public sealed class DropTests(Chromium chromium, ServerFixture fixture) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private ServerProcess Server => fixture.Server;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_drop_anywhere_shares_in_the_open_room()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Dropper");
        var path = await FileAsync("dropped.txt");

        await ann.Page.DragOverAsync(ann.People, path);
        await Expect(ann.Page.GetByText("Drop files to share them in Lobby")).ToBeVisibleAsync();
        await ann.Page.DropAsync(ann.People, path);

        await Expect(ann.Download("dropped.txt")).ToBeVisibleAsync();
        await Expect(ann.Page.GetByText("Drop files to share them in Lobby")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_drag_that_ends_otherwise_leaves_nothing_behind()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Waverer");
        var path = await FileAsync("wavering.txt");
        var hint = ann.Page.GetByText("Drop files to share them in Lobby");

        await ann.Page.DragOverAsync(ann.People, path);
        await ann.Page.DragOverAsync(ann.Field, path);
        await Expect(hint).ToBeVisibleAsync();
        // Out of the window, or Escape: what is left then is left for nothing.
        await ann.Field.EvaluateAsync("field => field.dispatchEvent(new DragEvent('dragleave', { bubbles: true, relatedTarget: document.body }))");
        await Expect(hint).ToBeVisibleAsync();
        await ann.Field.EvaluateAsync("field => field.dispatchEvent(new DragEvent('dragleave', { bubbles: true }))");
        await Expect(hint).ToBeHiddenAsync();

        // What was under the pointer is drawn anew, and never hears that it was left.
        var person = ann.People.GetByRole(Microsoft.Playwright.AriaRole.Listitem).First;
        await ann.Page.DragOverAsync(person, path);
        await Expect(hint).ToBeVisibleAsync();
        await person.EvaluateAsync("person => person.replaceWith(person.cloneNode(true))");
        await ann.Page.Mouse.MoveAsync(300, 300);
        await Expect(hint).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_drop_on_a_room_in_the_list_goes_there_and_so_does_the_page()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Sorter");
        await ann.NewRoomAsync("Drawer");
        await ann.Rooms.GetByText("Lobby").ClickAsync();
        await Expect(ann.Page.GetByPlaceholder("Message Lobby")).ToBeVisibleAsync();
        await ann.InRoomAsync();
        var path = await FileAsync("sorted.txt");
        var drawer = ann.Rooms.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Drawer" });

        await ann.Page.DragOverAsync(drawer, path);
        await Expect(drawer).ToHaveAttributeAsync("data-drop-target", "");
        await Expect(ann.Page.GetByText("Drop files to share them in Drawer")).ToBeVisibleAsync();
        await ann.Page.DragOverAsync(ann.People, path);
        await Expect(ann.Page.GetByText("Drop files to share them in Lobby")).ToBeVisibleAsync();
        await ann.Page.DropAsync(drawer, path);

        await Expect(ann.Page.GetByPlaceholder("Message Drawer")).ToBeVisibleAsync();
        await Expect(ann.Download("sorted.txt")).ToBeVisibleAsync();
        await Expect(drawer).Not.ToHaveAttributeAsync("data-drop-target", "");
        await ann.Rooms.GetByText("Lobby").ClickAsync();
        await Expect(ann.Page.GetByPlaceholder("Message Lobby")).ToBeVisibleAsync();
        await ann.InRoomAsync();
        await Expect(ann.Download("sorted.txt")).ToHaveCountAsync(0);

        // Where no room is open: to the one whose files are shown, or to another one in the list.
        foreach (var name in new[] { "Lobby", "Drawer" })
        {
            await ann.Page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Files in this room" }).ClickAsync();
            var files = ann.Page.GetByRole(Microsoft.Playwright.AriaRole.Heading, new() { Level = 1, Name = "Files in Lobby" });
            await Expect(files).ToBeVisibleAsync();
            var later = await FileAsync($"later in {name}.txt");
            await ann.Page.DragOverAsync(name == "Lobby" ? files : drawer, later);
            await Expect(ann.Page.GetByText($"Drop files to share them in {name}")).ToBeVisibleAsync();
            await ann.Page.DropAsync(name == "Lobby" ? files : drawer, later);
            await Expect(ann.Page.GetByPlaceholder($"Message {name}")).ToBeVisibleAsync();
            await Expect(ann.Download($"later in {name}.txt")).ToBeVisibleAsync();
            await Expect(ann.Page.GetByText("Drop files to share them in")).Not.ToBeVisibleAsync();
        }

        // The page cannot go there while the line is down: nothing is taken that would be shared at some later time, or never.
        await ann.Page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Files in this room" }).ClickAsync();
        var page = ann.Page.GetByRole(Microsoft.Playwright.AriaRole.Heading, new() { Level = 1, Name = "Files in Drawer" });
        await Expect(page).ToBeVisibleAsync();
        await ann.Page.EvaluateAsync("() => { document.documentElement.dataset.connection = 'lost'; }");
        var never = await FileAsync("never.txt");
        await ann.Page.DragOverAsync(page, never);
        await Expect(ann.Page.GetByText("The connection is lost. Drop files here when it is back.")).ToBeVisibleAsync();
        await ann.Page.DropAsync(page, never);
        await ann.Page.EvaluateAsync("() => { delete document.documentElement.dataset.connection; }");
        await drawer.ClickAsync();
        await ann.InRoomAsync();
        await Expect(ann.Download("later in Drawer.txt")).ToBeVisibleAsync();
        await Expect(ann.Download("never.txt")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_folder_comes_with_its_paths_as_one_message()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Folder");
        await ann.NewRoomAsync("Folders");
        await FileAsync("photos/2026/b2.txt");
        await FileAsync("photos/2026/b10.txt");
        await FileAsync("photos/a.txt");
        await FileAsync("photos/2025/old.txt");

        await ann.Page.DropAsync(ann.Log, _folder.File("photos"), await FileAsync("alone.txt"));

        await Expect(ann.Log.Locator("a.download")).ToHaveCountAsync(5);
        await Expect(ann.Log.Locator(".message[id]")).ToHaveCountAsync(1);
        await Expect(ann.Log.Locator(".folder, .file-name")).ToHaveTextAsync(
            ["photos", "2025", "old.txt", "2026", "b2.txt", "b10.txt", "a.txt", "alone.txt"]);
    }

    private async Task<string> FileAsync(string path)
    {
        var full = _folder.File(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        await File.WriteAllTextAsync(full, path, TestContext.Current.CancellationToken);
        return full;
    }
}
